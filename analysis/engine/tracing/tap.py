"""Sees what one detector is fed at the wanted moment, and changes nothing of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Self

import numpy as np

from analysis.engine.detectors.base import Detector, Piece, Session, Window
from analysis.engine.registry import Registry, forwards_of
from analysis.engine.tracing.question import same_moment
from analysis.engine.types import (
    Assessment,
    Batch,
    EvidenceMade,
    FaceBatch,
    FaceCrop,
    Frame,
    FrameBatch,
    Observation,
    ScorePoint,
    SoundBatch,
    Source,
)

SOUND_RATE_HZ = 16_000
MOST_WINDOW_SECONDS = 60.0


@dataclass
class Tap:
    """Keeps the pictures of one moment, or the sound around it; of all else nothing."""

    pts_seconds: float | None = None
    pieces: list[FaceCrop | Frame] = field(default_factory=list)
    window_samples: int = 0
    _sound: list[SoundBatch] = field(default_factory=list)

    def hold(self, batch: Batch) -> None:
        if self.pts_seconds is None:
            return
        if isinstance(batch, FrameBatch):
            self.pieces += [one for one in batch.frames if same_moment(one.pts_seconds, self.pts_seconds)]
        elif isinstance(batch, FaceBatch):
            self.pieces += [one for one in batch.faces if same_moment(one.pts_seconds, self.pts_seconds)]
        elif isinstance(batch, SoundBatch) and self.window_samples:
            self._hold_sound(batch, self.pts_seconds)

    def _hold_sound(self, batch: SoundBatch, pts_seconds: float) -> None:
        reach = self.window_samples / SOUND_RATE_HZ
        if _ends(batch) < pts_seconds - reach or batch.start_seconds > pts_seconds + reach:
            return
        self._sound.append(batch)

    def piece_of(self, point: ScorePoint) -> Piece | None:
        """What was scored there; None where the detector says too little to tell."""
        if self._sound:
            return self._window(point.pts_seconds)
        faces = [one for one in self.pieces if isinstance(one, FaceCrop)]
        if point.box is not None:
            faces = [one for one in faces if one.box == point.box] or faces
        of_track = [one for one in faces if point.track in (None, one.track)]
        return next(iter(of_track or self.pieces), None)

    def _window(self, middle_seconds: float) -> Window:
        """The window around its middle; of a shorter clip all there is."""
        samples = np.concatenate([batch.samples for batch in self._sound])
        offset = round(self._sound[0].start_seconds * SOUND_RATE_HZ)
        start = max(0, round(middle_seconds * SOUND_RATE_HZ) - self.window_samples // 2 - offset)
        start = min(start, max(0, len(samples) - self.window_samples))
        cut = samples[start : start + self.window_samples]
        return Window((offset + start) / SOUND_RATE_HZ, np.ascontiguousarray(cut))


def _ends(batch: SoundBatch) -> float:
    return batch.start_seconds + len(batch.samples) / SOUND_RATE_HZ


@dataclass
class TappedSession:
    """A session, and the tap that sees what it is fed."""

    session: Session
    tap: Tap

    def feed(self, batch: Batch) -> Iterable[Observation]:
        self.tap.hold(batch)
        yield from self.session.feed(batch)

    def drain(self) -> Iterable[Observation]:
        return self.session.drain()

    def finish(self) -> Assessment:
        return self.session.finish()

    def evidence(self) -> Iterable[EvidenceMade]:
        return self.session.evidence()


class TappedDetector:
    """The detector, whose sessions are tapped."""

    def __init__(self, detector: Detector, tap: Tap) -> None:
        self.card = detector.card
        self._detector, self._tap = detector, tap
        # what the plan tells of how nets are run
        self.forwards = forwards_of(detector)
        samples = getattr(detector, "window_samples", 0)
        tap.window_samples = min(samples, round(MOST_WINDOW_SECONDS * SOUND_RATE_HZ))

    def open(self, source: Source) -> TappedSession:
        return TappedSession(self._detector.open(source), self._tap)


@dataclass
class TappedRegistry(Registry):
    """The same detectors, loaded once for both."""

    tap: Tap = field(default_factory=Tap)

    @classmethod
    def over(cls, registry: Registry, tap: Tap) -> Self:
        return cls(**{part.name: getattr(registry, part.name) for part in fields(registry)}, tap=tap)

    def detector(self, name: str) -> Detector:
        return TappedDetector(super().detector(name), self.tap)
