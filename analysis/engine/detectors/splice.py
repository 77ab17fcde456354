"""Passages of another recording in the sound: a change of background, of vocoder lines, and the joins.

Three cues, each in a file of its own with its source: the noise floor inside a passage against that around it
(floor_shift), a vocoder's comb of lines that begins and ends (comb_shift), and steps that stand alone (cuts).
A voice has such steps, too, so two of them count only together and with the floor between them; and they
place the ends of a passage that another cue found.

The score is that of the strongest cue, each over its constant:
  floor: 3.7 deviations, which none of 80 speech-like sounds of 8 s reached that tests/speech.py makes (3.69).
  comb:  8 standard errors, which none of the same sounds reached (7.6).
  joins: 8 bits: the doublings of both steps over their surroundings plus the deviations of the floor between.
         Set after a look at genuine recordings, the highest of which reached 7.3: sound of our own has hardly
         any step, so it says nothing of this one.
A harsher voice than that of tests/speech.py, with pure harmonics up to 7.5 kHz and longer gaps, reached 5.6
deviations and 14.7 errors: such sound is taken for a splice.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.engine.detectors import comb_lines, comb_shift, cuts, floor_shift, sound_sheet
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.hearing import ScoringSession, middle
from analysis.engine.detectors.listening import RATE_HZ, marked
from analysis.engine.detectors.weightless import Weightless
from analysis.engine.types import (
    Assessment,
    Consumes,
    Coverage,
    EvidenceMade,
    MediaKind,
    Samples,
    ScorePoint,
    ScoresMeasured,
    Verdict,
)
from analysis.engine.weights import WeightStore

NAME = "splice"
STRETCH_SECONDS, HOP_SECONDS = 30, 15
LEAST_SECONDS = 2.0
FLOOR_LEAST_SECONDS = 5.0  # below, a passage has too few others; a genuine recording of 3.3 s reached 4.3
FLOOR_AT_HALF, COMB_AT_HALF, JOIN_AT_HALF = 3.7, 8.0, 8.0
MARK = 0.5
KEPT_PASSAGES = 50
SHOWN_AROUND_SECONDS = 3.0


def cards() -> list[Card]:
    """The card of the splice detector."""
    return [
        Card(
            name=NAME,
            title="Sound splices",
            version="1.0",
            family="splice",
            subject="sound",
            consumes=Consumes.SOUND,
            kinds=frozenset({MediaKind.VIDEO, MediaKind.AUDIO}),
            unit="windows",
            looks_at="Passages of 0.6 to 15 s whose background, or whose lines of a vocoder, are not those of the "
            "sound around them, and the steps at their ends.",
            cannot_see="Passages from the same recording, or with the same background and no vocoder lines; cuts that "
            "take something out; passages without a pause or valley; longer ones than 15 s. Music, sound of several "
            "microphones and edited programmes change their background by themselves and are taken for splices. "
            "Mains buzz hides the lines of a vocoder.",
            paper="Pan, Zhang and Lyu, ICASSP 2012; Pons et al., ICASSP 2021; Cooper, AES 39th conference 2010",
            licence="Apache-2.0 (own code)",
            accuracy="Published rates are of the papers' own methods and do not carry over. Own first look: of 15 "
            "genuine recordings of 2 s and more none reached 0.5. Of passages that we put into them at random places, "
            "13 of 30 from vocoder copies or synthesis and 5 of 24 from other recordings, made as loud, were found "
            "with at least half of the interval; the same files were in sight while it was made. No calibration yet.",
            preprocessing="16 kHz mono in stretches of 30 s that overlap by half; levels of 16 bands of 500 Hz.",
            links=("https://arxiv.org/abs/2010.14356",),
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    return Weightless(cards()[0], SpliceSession)


@dataclass(frozen=True)
class Passage:
    """A passage that differs, in seconds of the file, with the cue that found it."""

    start_seconds: float
    end_seconds: float
    score: float
    cue: str
    statistic: float

    def as_fact(self) -> dict[str, Any]:
        return {
            "start_seconds": round(self.start_seconds, 3),
            "end_seconds": round(self.end_seconds, 3),
            "score": round(self.score, 4),
            "cue": self.cue,
            "statistic": round(self.statistic, 2),
        }


@dataclass
class SpliceSession(ScoringSession):
    """The stretches of one run; keeps the samples around the passage with the highest score only."""

    name = NAME
    size_samples = STRETCH_SECONDS * RATE_HZ
    hop_samples = HOP_SECONDS * RATE_HZ
    least_seconds = LEAST_SECONDS
    scored: int = 0
    passages: list[Passage] = field(default_factory=list)
    highest: Passage | None = None
    shown: tuple[float, NDArray[np.int16]] | None = None

    def score(self, start: int, samples: Samples) -> Iterator[ScoresMeasured]:
        found: Passage | None = None
        for passage in _candidates(samples):
            # a breath in which a run can be cancelled; nothing is measured until all candidates are known
            yield ScoresMeasured(NAME, ())
            if passage is not None and (found is None or passage.score > found.score):
                found = passage
        self.scored += 1
        if found is None:
            yield ScoresMeasured(NAME, (ScorePoint(middle(start, samples), 0.0),))
            return
        begins = start / RATE_HZ
        found = _placed(found, samples, begins)
        self._keep(found, begins, samples)
        yield ScoresMeasured(NAME, (ScorePoint((found.start_seconds + found.end_seconds) / 2, found.score),))

    def _keep(self, found: Passage, begins: float, samples: Samples) -> None:
        if self.highest is None or found.score > self.highest.score:
            self.highest, self.shown = found, _around(found, begins, samples)
        if found.score < MARK:
            return
        if self.passages and found.start_seconds < self.passages[-1].end_seconds:
            # stretches overlap, so the same passage is met twice
            self.passages[-1] = max(self.passages[-1], found, key=lambda one: one.score)
        elif len(self.passages) < KEPT_PASSAGES:
            self.passages.append(found)

    def finish(self) -> Assessment:
        if not self.scored:
            return self.absence()
        coverage = Coverage(self.scored, self.scored + self.silent, "windows")
        score = self.highest.score if self.highest else 0.0
        return Verdict(score, coverage, facts=self._facts())

    def _facts(self) -> dict[str, Any]:
        return {
            "passages": [passage.as_fact() for passage in self.passages],
            "highest": self.highest.as_fact() if self.highest else None,
            "noise_floor_compared": self.stretches.seconds >= FLOOR_LEAST_SECONDS,
        }

    def evidence(self) -> Iterable[EvidenceMade]:
        if self.highest is None or self.shown is None:
            return
        begins, samples = self.shown[0], np.asarray(self.shown[1] / np.float32(32767), np.float32)
        passage = self.highest
        caption = (
            f"Spectrogram (0 to 8 kHz) from {begins:.1f} s with the passage that differs most from the rest marked: "
            f"{passage.start_seconds:.2f} to {passage.end_seconds:.2f} s, detector score {passage.score:.3f} "
            f"({passage.cue}). Every sound has such a passage; only the score says whether it stands out."
        )
        span = (passage.start_seconds - begins, passage.end_seconds - begins)
        sheet = sound_sheet.spectrogram(samples, spans=[span], starts_seconds=begins)
        label = f"differs most from the rest, detector score {passage.score:.2f}"
        plot = sound_sheet.shown(samples, spans=[span], starts_seconds=begins, label=label)
        yield EvidenceMade(
            NAME, "spectrogram", "Passage that differs most", caption, "image/png", sheet, plot
        )


def _around(passage: Passage, begins: float, samples: Samples) -> tuple[float, NDArray[np.int16]]:
    """The passage with what is shown of its surroundings, and the second of the file at which that begins."""
    first = max(0, round((passage.start_seconds - SHOWN_AROUND_SECONDS - begins) * RATE_HZ))
    last = round((passage.end_seconds + SHOWN_AROUND_SECONDS - begins) * RATE_HZ)
    return begins + first / RATE_HZ, np.round(samples[first:last] * 32767).astype(np.int16)


def _candidates(samples: Samples) -> Iterator[Passage | None]:
    """The passages the cues would name, in seconds of the stretch, one cue and length after the other."""
    yield _combed(samples)
    if len(samples) < FLOOR_LEAST_SECONDS * RATE_HZ:
        return
    floor = floor_shift.blocks(samples)
    yield _joined(samples, floor)
    for shift in floor_shift.shifts(floor):
        yield _floored(shift)


def _combed(samples: Samples) -> Passage | None:
    found = comb_shift.largest(comb_lines.excess(samples))
    if found is None:
        return None
    score = marked(found.errors, COMB_AT_HALF)
    cue = f"vocoder lines every {found.frame_rate_hz:.1f} Hz"
    return Passage(found.start_seconds, found.end_seconds, score, cue, found.errors)


def _floored(found: floor_shift.Shift | None) -> Passage | None:
    if found is None:
        return None
    score = marked(found.deviations, FLOOR_AT_HALF)
    return Passage(found.start_seconds, found.end_seconds, score, "noise floor", found.deviations)


def _joined(samples: Samples, floor: floor_shift.Floor) -> Passage | None:
    """The passage between two lone steps for which the steps and its noise floor speak most."""
    best: tuple[float, float, float] | None = None
    for (start, first), (end, second) in combinations(cuts.strongest(samples), 2):
        if end - start <= HOP_SECONDS:
            bits = math.log2(first * second) + floor_shift.between(floor, start, end)
            best = max(best, (bits, start, end)) if best else (bits, start, end)
    if best is None:
        return None
    bits, start, end = best
    return Passage(start, end, marked(bits, JOIN_AT_HALF), "joins", bits)


def _placed(passage: Passage, samples: Samples, begins: float) -> Passage:
    """The passage in seconds of the file, its ends moved to joins near by."""
    reach = comb_shift.BLOCK_SECONDS
    start, end = (
        cuts.nearest(samples, at, within_seconds=reach) or at
        for at in (passage.start_seconds, passage.end_seconds)
    )
    if end - start < reach:
        start, end = passage.start_seconds, passage.end_seconds
    return Passage(begins + start, begins + end, passage.score, passage.cue, passage.statistic)
