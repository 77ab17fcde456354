"""Pauses without room tone: exact zeros beside pauses that hold the room's own noise.

From the practice of audio forensics, not from one paper: a microphone is never silent, so a pause of exact zeros
was made by a gate, a codec, synthesis or an editor.
Scored is only what contradicts itself within one recording: zeros in some pauses and room tone in others. Where
every pause is silent a gate or codec explains it, and there is no score.

The score is 0.5 where the room tone of the other pauses stands 30 dB above -100 dBFS, a third of the steps of
16 bits: dither and quiet rooms lie below, rooms with people in them above.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.engine.detectors import sound_sheet
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.hearing import HearingSession
from analysis.engine.detectors.listening import RATE_HZ, marked
from analysis.engine.detectors.weightless import Weightless
from analysis.engine.types import (
    Assessment,
    Consumes,
    Coverage,
    EvidenceMade,
    MediaKind,
    NotAssessed,
    Reason,
    Samples,
    ScoresMeasured,
    Verdict,
)
from analysis.engine.weights import WeightStore

NAME = "silence"
FRAME = 320  # 20 ms
STRETCH_SECONDS = 10
LEAST_SECONDS = 2.0
DIGITAL_DB = -100.0
PAUSE_UNDER_LOUD_DB = 30.0
ABOVE_AT_HALF_DB = 30.0
LEAST_ROOM_SECONDS, LEAST_DIGITAL_SECONDS = 0.2, 0.06
EDGE_SECONDS = 0.25  # fades and padding at both ends of a file are everywhere
KEPT_RUNS = 50
_LEVELS_DB = np.arange(-100, 1)


def cards() -> list[Card]:
    """The card of the silence detector."""
    return [
        Card(
            name=NAME,
            title="Pauses without room tone",
            version="1.0",
            family="silence",
            subject="sound",
            consumes=Consumes.SOUND,
            kinds=frozenset({MediaKind.VIDEO, MediaKind.AUDIO}),
            unit="windows",
            looks_at="Digital silence inside the sound beside pauses that hold room tone.",
            cannot_see="Silence filled with noise, edits without pauses. Recordings whose pauses are all silent "
            "(noise gates, telephone and conference codecs, synthesis) are told as facts and not scored. Gates that "
            "open slowly, muted microphones and titles put before a recording look like edits to it; so does a hole in "
            "the file's timestamps, which the reader fills with zeros.",
            paper="None: the practice of audio forensics",
            licence="Apache-2.0 (own code)",
            accuracy="Own first look: none of 15 genuine recordings reached "
            "0.5, and none of "
            "the synthetic ones either: their pauses hold noise. No calibration yet.",
            preprocessing="16 kHz mono, levels of 20 ms; the first and last quarter of a second are left out.",
            stressed=False,
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    return Weightless(cards()[0], SilenceSession)


def levels(samples: Samples) -> NDArray[np.float64]:
    """The level of each whole 20 ms in dBFS, at least -100; about its mean, since an offset is no room tone."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    frames -= frames.mean(axis=1, keepdims=True)
    return np.maximum(10 * np.log10(np.square(frames).mean(axis=1) + 1e-14), DIGITAL_DB)


@dataclass
class SilenceSession(HearingSession):
    """Counts levels of one run; keeps the stretch with the longest digital silence only."""

    name = NAME
    size_samples = hop_samples = STRETCH_SECONDS * RATE_HZ
    least_seconds = LEAST_SECONDS
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(_LEVELS_DB), np.int64))
    runs: list[tuple[float, float]] = field(default_factory=list)
    digital_seconds: float = 0.0
    heard_seconds: float = 0.0
    pending: tuple[float, float] | None = None
    shown: tuple[float, Samples, list[tuple[float, float]]] | None = None

    def drain(self) -> Iterator[ScoresMeasured]:
        for start, samples in self.stretches.rest():
            # the last stretch reaches back over what was counted before
            fresh = max(0, round(self.heard_seconds * RATE_HZ) - start)
            if len(samples) - fresh >= FRAME:
                yield from self.listen(start + fresh, samples[fresh:])

    def listen(self, start: int, samples: Samples) -> Iterator[ScoresMeasured]:
        begins = start / RATE_HZ
        measured = levels(samples)
        self.counts += np.bincount(np.round(measured - DIGITAL_DB).astype(int).clip(0, 100), minlength=101)
        self.heard_seconds = (start + len(samples)) / RATE_HZ
        found = [(begins + a * 0.02, begins + b * 0.02) for a, b in _runs(measured <= DIGITAL_DB)]
        for run in found:
            self._note(run)
        self._show(begins, samples, found)
        yield ScoresMeasured(NAME, ())

    def _note(self, run: tuple[float, float]) -> None:
        """Joins a run to the one that the stretch before ended with."""
        if self.pending is not None and run[0] - self.pending[1] < 0.001:
            self.pending = (self.pending[0], run[1])
            return
        self._close()
        self.pending = run

    def _close(self) -> None:
        run, self.pending = self.pending, None
        if run is None or run[0] < EDGE_SECONDS or run[1] - run[0] < LEAST_DIGITAL_SECONDS:
            return
        self.digital_seconds += run[1] - run[0]
        if len(self.runs) < KEPT_RUNS:
            self.runs.append(run)

    def _show(self, begins: float, samples: Samples, found: list[tuple[float, float]]) -> None:
        longest = max((end - start for start, end in found), default=0.0)
        if longest and (self.shown is None or longest > max(end - start for start, end in self.shown[2])):
            self.shown = (begins, samples, found)

    def finish(self) -> Assessment:
        if self.pending is not None and self.pending[1] > self.heard_seconds - EDGE_SECONDS:
            self.pending = None
        self._close()
        if self.heard_seconds < LEAST_SECONDS:
            return self.too_short()
        total = int(self.counts.sum())
        if self.counts[0] == total:
            return NotAssessed(Reason.SILENCE, f"all {self.heard_seconds:.0f} s of sound are digital silence")
        room_db, room_seconds = self._room()
        facts = self._facts(room_db, room_seconds)
        if self.digital_seconds and room_db is None:
            detail = "its pauses hold no room tone at all, as noise gates, codecs and synthesis leave them"
            return NotAssessed(Reason.OUTSIDE_DOMAIN, detail, facts)
        if room_db is None:
            return NotAssessed(Reason.OUTSIDE_DOMAIN, "the sound has no pauses to compare", facts)
        above = room_db - DIGITAL_DB if self.digital_seconds else 0.0
        return Verdict(marked(above, ABOVE_AT_HALF_DB), Coverage(total, total, "windows"), facts=facts)

    def _room(self) -> tuple[float | None, float]:
        """The middle level of pauses that are no digital silence, and how long they are in all."""
        sounding = self.counts.copy()
        sounding[0] = 0
        loud = _percentile(sounding, 0.9)
        pauses = sounding[: max(0, int(loud - PAUSE_UNDER_LOUD_DB - DIGITAL_DB))]
        seconds = float(pauses.sum()) * 0.02
        return (_percentile(pauses, 0.5) if seconds >= LEAST_ROOM_SECONDS else None), seconds

    def _facts(self, room_db: float | None, room_seconds: float) -> dict[str, Any]:
        return {
            "digital_silence_seconds": round(self.digital_seconds, 3),
            "digital_silence": [[round(start, 3), round(end, 3)] for start, end in self.runs],
            "room_tone_dbfs": room_db,
            "room_tone_seconds": round(room_seconds, 2),
        }

    def evidence(self) -> Iterable[EvidenceMade]:
        if self.shown is None or not self.digital_seconds:
            return
        begins, samples, found = self.shown
        caption = (
            f"Spectrogram (0 to 8 kHz) from {begins:.1f} s; framed is digital silence, in which not even the noise "
            "of a microphone is left. Gates and codecs make it as well as editors."
        )
        spans = [(start - begins, end - begins) for start, end in found]
        sheet = sound_sheet.spectrogram(samples, spans=spans, starts_seconds=begins)
        plot = sound_sheet.shown(samples, spans=spans, starts_seconds=begins, label="digital silence")
        yield EvidenceMade(NAME, "spectrogram", "Digital silence", caption, "image/png", sheet, plot)


def _runs(marks: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], marks, [False]))))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _percentile(counts: NDArray[np.int64], share: float) -> float:
    reached = np.searchsorted(np.cumsum(counts), share * counts.sum())
    return float(DIGITAL_DB + int(reached))
