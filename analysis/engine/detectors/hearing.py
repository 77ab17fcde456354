"""Sessions of detectors that listen to sound in stretches of equal length."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from analysis.engine.detectors.listening import RATE_HZ, SILENCE_RMS, Stretches, rms
from analysis.engine.types import (
    Batch,
    NotAssessed,
    Reason,
    Samples,
    ScorePoint,
    ScoresMeasured,
    SoundBatch,
)


@dataclass
class HearingSession(ABC):
    """The stretches of one run, each of `size_samples` and `hop_samples` after the one before."""

    name: ClassVar[str]
    size_samples: ClassVar[int]
    hop_samples: ClassVar[int]
    least_seconds: ClassVar[float]
    stretches: Stretches = field(init=False)

    def __post_init__(self) -> None:
        self.stretches = Stretches(self.size_samples, self.hop_samples)

    @abstractmethod
    def listen(self, start: int, samples: Samples) -> Iterable[ScoresMeasured]:
        """Takes a stretch that begins at the sample `start`; yields as feed() does."""

    def feed(self, batch: Batch) -> Iterator[ScoresMeasured]:
        if isinstance(batch, SoundBatch):
            for start, samples in self.stretches.take(batch.samples):
                yield from self.listen(start, samples)

    def too_short(self) -> NotAssessed:
        return NotAssessed(
            Reason.TOO_SHORT,
            f"the sound lasts {self.stretches.seconds:.1f} s; at least {self.least_seconds:g} s are needed",
        )


@dataclass
class ScoringSession(HearingSession):
    """Scores each stretch by itself, also the last, shorter one; those of silence are counted and left out."""

    silent: int = 0

    @abstractmethod
    def score(self, start: int, samples: Samples) -> Iterable[ScoresMeasured]:
        """As `listen`, for a stretch in which something is heard."""

    def listen(self, start: int, samples: Samples) -> Iterable[ScoresMeasured]:
        if rms(samples) >= SILENCE_RMS:
            return self.score(start, samples)
        self.silent += 1
        return (
            ScoresMeasured(self.name, (ScorePoint(middle(start, samples), None, reason=Reason.SILENCE),)),
        )

    def drain(self) -> Iterator[ScoresMeasured]:
        for start, samples in self.stretches.rest():
            if len(samples) >= self.least_seconds * RATE_HZ:
                yield from self.listen(start, samples)

    def absence(self) -> NotAssessed:
        """Why nothing was scored: all was silent, or too short."""
        if self.silent:
            return NotAssessed(Reason.SILENCE, f"the {self.stretches.seconds:.0f} s of sound are silent")
        return self.too_short()


def middle(start: int, samples: Samples) -> float:
    """The second of the file in the middle of a stretch."""
    return (start + len(samples) / 2) / RATE_HZ
