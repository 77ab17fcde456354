"""Objects followed from frame to frame, whatever detector saw them.

After ByteTrack (Zhang et al., ECCV 2022), section 3 and algorithm 1: detections of high confidence are matched to all
tracks first, then those of low confidence, mostly objects half hidden, to the tracks that are left; only high ones
begin a track. Thresholds are those of section 4.1 (0.6; an overlap of 0.2) and of its published settings (0.1; 0.5 for
low ones). Ours differs:

- Time is media time in seconds, never a count of frames: the motion (see `kalman`), how long a lost track is kept (two
  seconds, where the paper says 30 frames), how soon it must be confirmed. A leap backwards ends all tracks. One ahead
  ends those that do not stand where they stood: a leap is longer than a lost track is kept, and than three times the
  usual distance of frames, since where frames are rare each would be one.
- Boxes that do not overlap, as at few frames a second, may match where the motion makes that likely (`nearness`), but
  always behind those that do.
- Tracks and detections of different classes never match, unless the classes are named interchangeable; of two such
  boxes on one object the more confident counts. A track's class is what most of its confidence spoke for.
- A new track is told only after several hits, and until then takes only what confirmed ones left. It may miss frames.
- What stood still keeps its place while it is hidden, longer than what moves, and then comes back by overlap alone.
- A hidden track whose middle has left the frame has left: what enters there next is somebody else.
- Confidence does not weigh the overlap.
"""

from collections import deque
from collections.abc import Sequence
from math import isfinite
from statistics import median_low

import numpy as np

from analysis.engine.analytics.follower import STILL_OVERLAP, Follower
from analysis.engine.analytics.matching import Reals, assigned, nearness, overlaps
from analysis.engine.analytics.objects import Detection, Track, TrackAction, TrackerSettings, TrackEvent

LEAST_OVERLAP, LEAST_OVERLAP_LOW = 0.2, 0.5
MOST_SIZES = 1.5  # how far from where it should be a box may lie
NEAR_WEIGHT = 0.1  # two near pairs must not outweigh one that overlaps
SAME_OBJECT = 0.7  # overlap of interchangeable classes on one object
LEAP = 3.0  # usual distances of frames
_DISTANCES = 15  # whose median is the usual one: seven odd ones do not change it

Pair = tuple[Follower, Detection]


class Tracker:
    """Follows the objects of one source. The same steps give the same events, and no order of detections matters."""

    def __init__(self, settings: TrackerSettings | None = None) -> None:
        self.settings = settings or TrackerSettings()
        self._kinds = {name: min(group) for group in self.settings.interchangeable for name in group}
        self._followers: list[Follower] = []
        self._pts_seconds: float | None = None
        self._distances: deque[float] = deque(maxlen=_DISTANCES)
        self._look = 0
        self._last_number = 0

    def step(self, pts_seconds: float, detections: Sequence[Detection]) -> list[TrackEvent]:
        """Takes what was seen in the next frame, at its media time, and tells what became of the tracks.

        Tracks that left come first; each kind in order of numbers. Raises ValueError for a time that is no number.
        """
        if not isfinite(pts_seconds):
            raise ValueError(f"A frame needs a media time, not {pts_seconds}.")
        seen = self._usable(detections)
        self._look += 1
        events = self._leapt(pts_seconds, seen)
        self._pts_seconds = pts_seconds
        for follower, detection in self._matches(seen):
            follower.seen(detection, pts_seconds, self._look)
        return events + self._left() + self._entered() + self._updated()

    def finish(self) -> list[TrackEvent]:
        """Ends all tracks: the source has ended, or is another from here on. Numbers go on."""
        told = [self._tell(TrackAction.LEFT, follower) for follower in self._known()]
        self._followers = []
        return told

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The tracks that have entered and not left, in order of numbers, each as last seen."""
        return tuple(follower.track(self._pts_seconds or 0.0) for follower in self._known())

    def _leapt(self, pts_seconds: float, seen: list[Detection]) -> list[TrackEvent]:
        """Ends what a leap in time ends, if this is one."""
        seconds = 0.0 if self._pts_seconds is None else pts_seconds - self._pts_seconds
        if seconds < 0:
            return self.finish()
        if seconds:
            self._distances.append(seconds)
        if seconds <= max(self.settings.buffer_seconds, LEAP * median_low(self._distances or [0.0])):
            return []
        staying = [one for one in self._followers if self._stays(one, seconds, seen)]
        told = [self._tell(TrackAction.LEFT, one) for one in self._known() if one not in staying]
        self._followers = staying
        return told

    def _stays(self, follower: Follower, seconds: float, seen: list[Detection]) -> bool:
        """Whether it stood, and something of its kind stands there still; then it is expected there."""
        if not follower.stands or seconds > self.settings.still_buffer_seconds:
            return False
        alike = [one.box for one in seen if self._alike(one, follower.last)]
        if not alike or overlaps([follower.last.box], alike).max() < STILL_OVERLAP:
            return False
        follower.stay(self._look)
        return True

    def _usable(self, detections: Sequence[Detection]) -> list[Detection]:
        """Most confident first, in an order of their own; at most as many as there may be tracks."""
        seen = [one for one in detections if one.confidence >= self.settings.low_confidence]
        seen.sort(key=lambda one: (-one.confidence, one.class_name, one.box))
        return self._single(seen[: self.settings.max_tracks])

    def _single(self, seen: list[Detection]) -> list[Detection]:
        """Without those that lie on a more confident one of an interchangeable class: one object, named twice."""
        if not any(one.class_name in self._kinds for one in seen):
            return seen
        over = overlaps([one.box for one in seen], [one.box for one in seen]) >= SAME_OBJECT
        kept: list[int] = []
        for at, one in enumerate(seen):
            twins = (seen[other] for other in kept if over[at, other])
            if not any(one.class_name != twin.class_name and self._alike(one, twin) for twin in twins):
                kept.append(at)
        return [seen[at] for at in kept]

    def _alike(self, one: Detection, other: Detection) -> bool:
        return self._kind(one) == self._kind(other)

    def _kind(self, detection: Detection) -> str:
        return self._kinds.get(detection.class_name, detection.class_name)

    def _matches(self, seen: list[Detection]) -> list[Pair]:
        """The stages one after the other; then what nobody took begins tracks."""
        high = [one for one in seen if one.confidence >= self.settings.high_confidence]
        low = seen[len(high) :]
        known, new = self._known(), [one for one in self._followers if not one.number]
        first = self._pairs(known, high)
        second = self._pairs(_free(known, first), low, overlapping=LEAST_OVERLAP_LOW)
        high = _unmatched(high, first)
        third = self._pairs(new, high)
        self._begin(_unmatched(high, third))
        return first + second + third

    def _pairs(
        self, followers: list[Follower], seen: list[Detection], *, overlapping: float | None = None
    ) -> list[Pair]:
        """The best pairs; with `overlapping`, only such that overlap this much."""
        if not followers or not seen:
            return []
        likeness = self._likeness(followers, seen, near=overlapping is None)
        least = overlapping or NEAR_WEIGHT / 100
        return [(followers[row], seen[column]) for row, column in assigned(likeness, least=least)]

    def _likeness(self, followers: list[Follower], seen: list[Detection], *, near: bool) -> Reals:
        now = self._pts_seconds or 0.0
        motions = [one.expected(now, self._look) for one in followers]
        expected, boxes = [motion.box for motion in motions], [one.box for one in seen]
        likeness = overlaps(expected, boxes)
        likeness[likeness < LEAST_OVERLAP] = 0
        if near:
            spreads = [motion.spread for motion in motions]
            close = NEAR_WEIGHT * nearness(expected, spreads, boxes, most_sizes=MOST_SIZES)
            likeness = np.where(likeness > 0, likeness, close)
        kinds, others = [self._kind(one.last) for one in followers], [self._kind(one) for one in seen]
        return likeness * (np.array(kinds)[:, None] == np.array(others)[None, :])

    def _begin(self, seen: list[Detection]) -> None:
        room = self.settings.max_tracks - len(self._followers)
        self._followers += [
            Follower(self.settings, one, self._pts_seconds or 0.0, self._look) for one in seen[: max(room, 0)]
        ]

    def _known(self) -> list[Follower]:
        return sorted((one for one in self._followers if one.number), key=lambda one: one.number)

    def _left(self) -> list[TrackEvent]:
        now = self._pts_seconds or 0.0
        gone = [one for one in self._followers if one.gone(now, self._look)]
        self._followers = [one for one in self._followers if one not in gone]
        return [self._tell(TrackAction.LEFT, one) for one in gone if one.number]

    def _entered(self) -> list[TrackEvent]:
        """Numbers are given here, so that they have no gaps."""
        told = []
        for follower in self._followers:
            if not follower.number and follower.look == self._look and follower.confirmed:
                self._last_number += 1
                follower.number = self._last_number
                told.append(self._tell(TrackAction.ENTERED, follower))
        return told

    def _updated(self) -> list[TrackEvent]:
        return [
            self._tell(TrackAction.UPDATED, one)
            for one in self._known()
            if one.look == self._look and one.told[0] != self._pts_seconds and one.due()
        ]

    def _tell(self, action: TrackAction, follower: Follower) -> TrackEvent:
        follower.told = (follower.pts_seconds, follower.class_name, follower.still)
        return TrackEvent(action, follower.track(self._pts_seconds or 0.0))


def _free(followers: list[Follower], pairs: list[Pair]) -> list[Follower]:
    taken = {id(follower) for follower, _ in pairs}
    return [one for one in followers if id(one) not in taken]


def _unmatched(seen: list[Detection], pairs: list[Pair]) -> list[Detection]:
    taken = {id(detection) for _, detection in pairs}
    return [one for one in seen if id(one) not in taken]
