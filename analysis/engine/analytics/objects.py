"""Objects on their way through tracking: what a detector saw, and what is told of each track."""

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from analysis.engine.types import Box


@dataclass(frozen=True)
class Detection:
    """One object a detector saw in one frame.

    Raises ValueError for a box that is empty, not finite or outside the frame, and for a confidence outside 0–1.
    """

    box: Box
    confidence: float
    class_name: str

    def __post_init__(self) -> None:
        left, top, right, bottom = self.box
        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
            raise ValueError(f"{self.box} is no box: it needs 0 ≤ left < right ≤ 1 and 0 ≤ top < bottom ≤ 1.")
        if not 0 <= self.confidence <= 1:
            raise ValueError(f"A confidence lies in 0–1, not at {self.confidence}.")


class TrackAction(StrEnum):
    """What happened to a track."""

    ENTERED = "entered"
    UPDATED = "updated"
    LEFT = "left"


@dataclass(frozen=True)
class Track:
    """One object through time, as it was last seen: at `pts_seconds`, in `box`.

    `track_id` counts from 1. `class_name` is what most of the confidence so far spoke for. `still` says that it has
    not moved for some seconds. `unseen_seconds` is how long it has been hidden by now.
    """

    track_id: int
    class_name: str
    confidence: float
    box: Box
    pts_seconds: float
    first_box: Box
    first_pts_seconds: float
    still: bool = False
    unseen_seconds: float = 0.0

    @property
    def dwell_seconds(self) -> float:
        """From the first sighting to the last, in media time."""
        return self.pts_seconds - self.first_pts_seconds


@dataclass(frozen=True)
class TrackEvent:
    """What is told of a track: entered once, updated while it is seen, left once with its last real sighting."""

    action: TrackAction
    track: Track


@dataclass(frozen=True)
class TrackerSettings:
    """How objects are followed; times in seconds of media time. Raises ValueError for what cannot work.

    A detection from `high_confidence` on may begin a track; one from `low_confidence` on only continues one. A track
    enters after `confirm_hits` sightings within `confirm_seconds` (or in as many frames one after the other, where
    frames are rarer) and `least_dwell_seconds`. It is kept `buffer_seconds` out of sight, `still_buffer_seconds` if it
    stood still for `still_seconds`. Updates are told at most once in `update_seconds`, of what stands still in
    `still_update_seconds`. Classes in one of `interchangeable` may be taken for each other from frame to frame.
    """

    high_confidence: float = 0.6
    low_confidence: float = 0.1
    confirm_hits: int = 3
    confirm_seconds: float = 1.0
    least_dwell_seconds: float = 0.0
    buffer_seconds: float = 2.0
    still_seconds: float = 3.0
    still_buffer_seconds: float = 10.0
    update_seconds: float = 1.0
    still_update_seconds: float = 30.0
    max_tracks: int = 300
    interchangeable: tuple[frozenset[str], ...] = (frozenset({"car", "truck", "bus"}),)

    def __post_init__(self) -> None:
        if not 0 <= self.low_confidence <= self.high_confidence <= 1:
            raise ValueError("Confidences need 0 ≤ low ≤ high ≤ 1.")
        if self.confirm_hits < 1 or self.max_tracks < 1:
            raise ValueError("There must be at least one hit and one track.")
        for name in ("confirm", "buffer", "still", "still_buffer"):
            if not (isfinite(seconds := getattr(self, f"{name}_seconds")) and seconds > 0):
                raise ValueError(f"{name}_seconds must be above 0, not {seconds}.")
        for name in ("least_dwell", "update", "still_update"):
            if not (isfinite(seconds := getattr(self, f"{name}_seconds")) and seconds >= 0):
                raise ValueError(f"{name}_seconds must not be below 0, as {seconds} is.")
        if self.still_buffer_seconds < self.buffer_seconds:
            raise ValueError("What stands still is kept at least as long as what moves.")
