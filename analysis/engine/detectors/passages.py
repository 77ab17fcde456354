"""Sessions of detectors that follow faces through passages at the full rate, as traces or in windows."""

from abc import ABC, abstractmethod
from array import array
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Generic, TypeVar

import numpy as np

from analysis.engine.detectors.sightings import Sightings
from analysis.engine.signals.oval import Reals
from analysis.engine.signals.traces import MIN_FPS
from analysis.engine.types import (
    Batch,
    Coverage,
    FaceCrop,
    NotAssessed,
    Reason,
    ScorePoint,
    ScoresMeasured,
)

MAX_GAP_SECONDS = 0.1


@dataclass
class TraceSession(ABC):
    """Notes a few numbers of each face, frame by frame; what they mean is told when all was seen.

    numbers: how many a row of a trace has, its time in seconds before them.
    """

    name: ClassVar[str]
    numbers: ClassVar[int]
    seen: Sightings = field(default_factory=Sightings)
    traces: dict[int, "array[float]"] = field(default_factory=lambda: defaultdict(lambda: array("d")))

    def feed(self, batch: Batch) -> Iterator[ScoresMeasured]:
        for face in self.seen.faces(batch):
            self.note(face)
            yield ScoresMeasured(self.name, ())

    @abstractmethod
    def note(self, face: FaceCrop) -> None:
        """Keeps what the face shows, or counts in `seen` why it is of no use."""

    def keep(self, face: FaceCrop, *numbers: float) -> None:
        self.traces[face.track].extend((face.pts_seconds, *numbers))

    def rows(self) -> Iterator[tuple[int, Reals]]:
        """The trace of each track, float64 (frames, 1 + numbers)."""
        for track, trace in sorted(self.traces.items()):
            yield track, np.array(trace).reshape(-1, 1 + self.numbers)


@dataclass
class Followed(ABC):
    """One face as it goes on: when it was last of use, and when the window it is in began."""

    last_seconds: float = -1e9
    began: float = 0.0

    @abstractmethod
    def forget(self) -> None:
        """Starts anew after a gap: what comes is not held against what was before."""


FollowedFace = TypeVar("FollowedFace", bound=Followed)
Window = TypeVar("Window")


@dataclass
class WindowedSession(ABC, Generic[FollowedFace, Window]):
    """Follows each face from frame to frame, and judges it window by window.

    A window ends by its length, in a gap of more than a tenth of a second, and where the face is gone for good.
    """

    name: ClassVar[str]
    window_seconds: ClassVar[float]
    min_eyes_px: ClassVar[float]
    seen: Sightings = field(default_factory=Sightings)
    going: dict[int, FollowedFace] = field(default_factory=dict)
    windows: dict[int, list[Window]] = field(default_factory=lambda: defaultdict(list))
    usable: int = 0

    @abstractmethod
    def met(self) -> FollowedFace:
        """A face nothing is known of yet."""

    @abstractmethod
    def follow(
        self, followed: FollowedFace, face: FaceCrop, eyes: tuple[Reals, Reals]
    ) -> tuple[ScorePoint, ...]:
        """Takes the face as it is now; the points of a window that has its length with it."""

    @abstractmethod
    def close(self, track: int, followed: FollowedFace) -> tuple[ScorePoint, ...]:
        """Ends the window a face is in: its point, or none where it is too short to say anything."""

    def feed(self, batch: Batch) -> Iterator[ScoresMeasured]:
        for face in self.seen.faces(batch):
            yield ScoresMeasured(self.name, self._taken(face))
        now = self.seen.last_seconds
        for track in [
            number for number, one in self.going.items() if now - one.last_seconds > self.window_seconds
        ]:
            yield ScoresMeasured(self.name, self.close(track, self.going.pop(track)))

    def _taken(self, face: FaceCrop) -> tuple[ScorePoint, ...]:
        eyes = self.seen.eyes(face, least_px=self.min_eyes_px)
        if eyes is None:
            return ()
        self.usable += 1
        followed = self.going.setdefault(face.track, self.met())
        points: tuple[ScorePoint, ...] = ()
        if face.pts_seconds - followed.last_seconds > MAX_GAP_SECONDS:
            points = self.close(face.track, followed)
            followed.forget()
            followed.began = face.pts_seconds
        return points + self.follow(followed, face, eyes)

    def drain(self) -> Iterator[ScoresMeasured]:
        for track, followed in sorted(self.going.items()):
            yield ScoresMeasured(self.name, self.close(track, followed))
        self.going.clear()


def resting_on(own: int, scored: int, sampled: int, unit: str = "windows") -> Coverage:
    """The coverage of a verdict that rests on one face of several: on `own` of all that were scored."""
    return Coverage(scored, sampled, unit, decisive=own if own < scored else None)


def too_slow() -> NotAssessed:
    return NotAssessed(Reason.OUTSIDE_DOMAIN, f"fewer than {MIN_FPS:.0f} frames a second show the face")


def too_short(seconds: float) -> NotAssessed:
    detail = f"no face is seen for {seconds:.0f} s without a gap in the passages looked at"
    return NotAssessed(Reason.TOO_SHORT, detail)
