"""Passages of a sound track that were amplified until they clipped.

Own idea, no paper: a sample that equals its neighbour within PLATEAU_DIFFERENCE of its second's peak while it lies
in the uppermost 2 % of it is part of a plateau. Sine waves and speech hold few of them; what was cut off holds many.
Quiet seconds are left out: rounding to 16 bit alone makes plateaus of their peaks.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from analysis.engine.conformance import Terms
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.types import (
    Assessment,
    Batch,
    Consumes,
    Coverage,
    EvidenceMade,
    MediaKind,
    NotAssessed,
    Reason,
    Samples,
    ScorePoint,
    ScoresMeasured,
    SoundBatch,
    Source,
    Verdict,
)
from analysis.engine.weights import WeightStore
from assay_clipping.drawing import waveform, write_pair

NAME = "clipping"
RATE_HZ = 16_000
SILENCE_PEAK = 1e-3  # -60 dBFS
QUIET_PEAK = 0.25  # a 20 Hz tone of that peak, rounded to 16 bit, has 1 % of plateaus
NEAR_PEAK = 0.98
PLATEAU_DIFFERENCE = 1e-4  # of the peak: three steps of 16-bit sound at full range
SHARE_AT_ONE = 0.05  # of a second's samples; set on drawn tones, before any recording was looked at


def cards() -> list[Card]:
    """The card of the clipping detector."""
    return [
        Card(
            name=NAME,
            title="Clipping",
            version="0.1",
            family="clipping",
            subject="sound",
            consumes=Consumes.SOUND,
            kinds=frozenset({MediaKind.AUDIO, MediaKind.VIDEO}),
            unit="seconds",
            looks_at="Plateaus at the peaks of each second of sound, as amplifying beyond the range leaves them.",
            cannot_see="Edits at a proper level; clipped sound that was compressed hard or made quieter and "
            "filtered afterwards. A bad microphone and loud music look the same to it.",
            paper="",
            licence="Apache-2.0",
            accuracy="Never measured.",
            preprocessing="16 kHz mono, seconds without overlap.",
            by_default=False,
        )
    ]


def make(name: str, weights: WeightStore, device: str) -> Detector:
    """The detector; it needs no weights."""
    return Clipping(cards()[0])


def terms(name: str, folder: Path) -> Terms:
    """The usual terms, with a tone and the same tone cut off."""
    genuine, manipulated = write_pair(folder)
    return Terms(genuine, manipulated)


@dataclass
class Clipping:
    """Holds nothing but its card."""

    card: Card

    def open(self, source: Source) -> "ClippingSession":
        return ClippingSession()


def plateau_share(second: Samples) -> float:
    """The share of samples that lie on a plateau near the peak, in 0–1."""
    loud = np.abs(second)
    peak = float(loud.max())
    near = loud > NEAR_PEAK * peak
    flat = np.abs(np.diff(second, prepend=second[:1] + 1)) < PLATEAU_DIFFERENCE * peak
    return float(np.mean(near & flat))


@dataclass
class ClippingSession:
    """The seconds of one run; keeps the scores and the worst second only."""

    waiting: Samples = field(default_factory=lambda: np.zeros(0, np.float32))
    seconds: int = 0
    quiet: bool = False
    scores: list[float] = field(default_factory=list)
    worst: tuple[float, int, Samples] | None = None

    def feed(self, batch: Batch) -> Iterator[ScoresMeasured]:
        if not isinstance(batch, SoundBatch):
            return
        # batches come in any size: seconds are cut here, so that the size changes nothing
        self.waiting = np.concatenate([self.waiting, batch.samples])
        while len(self.waiting) >= RATE_HZ:
            second, self.waiting = self.waiting[:RATE_HZ], self.waiting[RATE_HZ:]
            yield ScoresMeasured(NAME, (self._point(second),))

    def _point(self, second: Samples) -> ScorePoint:
        at, self.seconds = self.seconds, self.seconds + 1
        peak = float(np.abs(second).max())
        if peak < QUIET_PEAK:
            reason = Reason.SILENCE if peak < SILENCE_PEAK else Reason.OUTSIDE_DOMAIN
            self.quiet |= reason is Reason.OUTSIDE_DOMAIN
            return ScorePoint(at + 0.5, None, reason=reason)
        score = min(1.0, plateau_share(second) / SHARE_AT_ONE)
        self.scores.append(score)
        if self.worst is None or score > self.worst[0]:
            self.worst = (score, at, second.copy())
        return ScorePoint(at + 0.5, score)

    def drain(self) -> Iterable[ScoresMeasured]:
        return ()

    def finish(self) -> Assessment:
        if not self.seconds:
            return NotAssessed(Reason.TOO_SHORT, "the sound lasts less than a second")
        if not self.scores and self.quiet:
            return NotAssessed(Reason.OUTSIDE_DOMAIN, f"all of the {self.seconds} s are too quiet to tell")
        if not self.scores:
            return NotAssessed(Reason.SILENCE, f"all of the {self.seconds} s are silent")
        score = sum(self.scores) / len(self.scores)
        return Verdict(score, Coverage(len(self.scores), self.seconds, "windows"))

    def evidence(self) -> Iterator[EvidenceMade]:
        if self.worst:
            score, at, second = self.worst
            caption = f"Waveform around the peak of second {at}, which scored {score:.3f}; plateaus are cut-off peaks."
            yield EvidenceMade(NAME, "waveform", "Flattest peaks", caption, "image/png", waveform(second))
