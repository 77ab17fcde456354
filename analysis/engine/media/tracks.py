"""Gives faces of consecutive frames the same number, by overlap with where each was heading."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from analysis.engine.types import Box

MAX_GAP_SECONDS = 1.0
MIN_OVERLAP = 0.2
MAX_SHIFT = 0.6  # of the face's size: at 5 sampled frames a second a turning head leaves its old box


@dataclass
class _Track:
    number: int
    box: Box
    pts_seconds: float
    speed: tuple[float, float] = (0.0, 0.0)

    def expected(self, pts_seconds: float) -> Box:
        ahead = pts_seconds - self.pts_seconds
        dx, dy = self.speed[0] * ahead, self.speed[1] * ahead
        return self.box[0] + dx, self.box[1] + dy, self.box[2] + dx, self.box[3] + dy

    def follow(self, box: Box, pts_seconds: float) -> None:
        passed = pts_seconds - self.pts_seconds
        if passed > 0:
            (x, y), (old_x, old_y) = _centre(box), _centre(self.box)
            self.speed = ((x - old_x) / passed, (y - old_y) / passed)
        self.box, self.pts_seconds = box, pts_seconds


@dataclass
class FaceTracks:
    """The tracks of one run; numbers start at 0 and are never used twice. Feed frames in media-time order."""

    alive: list[_Track] = field(default_factory=list)
    next_number: int = 0

    def assign(self, boxes: Sequence[Box], pts_seconds: float) -> list[int]:
        """The track number of each box. A track survives up to 1 s without a face."""
        self.alive = [track for track in self.alive if pts_seconds - track.pts_seconds <= MAX_GAP_SECONDS]
        numbers: dict[int, int] = {}
        free = list(self.alive)
        for _, at, track in self._pairs(boxes, pts_seconds):
            if at not in numbers and track in free:
                free.remove(track)
                track.follow(boxes[at], pts_seconds)
                numbers[at] = track.number
        return [
            numbers[at] if at in numbers else self._begin(boxes[at], pts_seconds) for at in range(len(boxes))
        ]

    def _pairs(self, boxes: Sequence[Box], pts_seconds: float) -> list[tuple[float, int, _Track]]:
        """Every plausible pair of box and track, best first."""
        pairs = [
            (likeness, at, track)
            for at, box in enumerate(boxes)
            for track in self.alive
            if (likeness := _likeness(box, track.expected(pts_seconds))) > 0
        ]
        return sorted(pairs, key=lambda pair: (-pair[0], pair[2].number, pair[1]))

    def _begin(self, box: Box, pts_seconds: float) -> int:
        track = _Track(self.next_number, box, pts_seconds)
        self.next_number += 1
        self.alive.append(track)
        return track.number


def _likeness(box: Box, expected: Box) -> float:
    """Intersection over union; small but positive for boxes that are only near; 0 when implausible."""
    overlap = iou(box, expected)
    if overlap >= MIN_OVERLAP:
        return overlap
    size = max(box[2] - box[0], box[3] - box[1], 1e-6)
    (x, y), (other_x, other_y) = _centre(box), _centre(expected)
    shift = max(abs(x - other_x), abs(y - other_y)) / size
    return MIN_OVERLAP * (1 - shift / MAX_SHIFT) if shift < MAX_SHIFT else 0.0


def iou(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0–1."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return 0.0
    both = wide * high
    return both / (_size(one) + _size(other) - both)


def _size(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _centre(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
