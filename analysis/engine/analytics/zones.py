"""Zones and lines on a frame, and which objects enter, leave and cross them.

An object stands where its box touches the ground: at the middle of its lower edge. A camera from straight above sees
no ground there; its zones should be drawn with that in mind.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite

from analysis.engine.analytics.polygons import Edge, Polygon, mask, meet, side, validate_point
from analysis.engine.types import Box, Point

__all__ = [
    "Crossing", "Direction", "Line", "LineWatch", "Polygon", "Zone", "ZoneAction", "ZoneEvent", "ZoneWatch", "foot",
    "mask",
]  # fmt: skip

MARGIN = 0.01  # of the frame: feet of a box tremble by less
SETTLE_SECONDS = 1.0
LEAST_LENGTH = 0.01


def foot(box: Box) -> Point:
    """Where what a box holds stands."""
    return (box[0] + box[2]) / 2, box[3]


@dataclass(frozen=True)
class Zone:
    """A named area."""

    name: str
    polygon: Polygon


class ZoneAction(StrEnum):
    """What an object did in a zone."""

    ENTERED = "entered"
    LEFT = "left"


@dataclass(frozen=True)
class ZoneEvent:
    """An object entered a zone or left it; `dwell_seconds` is how long it had been inside, in media time."""

    action: ZoneAction
    zone: str
    track_id: int
    pts_seconds: float
    dwell_seconds: float


@dataclass
class _Visit:
    since: float
    inside: float  # when it was inside last


@dataclass
class ZoneWatch:
    """Who is in which zone. Feed the sightings of each track in order of media time, and `end` it when it has left.

    Who is inside leaves with more than the margin, or after some time outside it: what trembles on the border tells
    nothing twice. It left when it was inside last. Memory: one entry for each track in a zone.
    """

    zones: tuple[Zone, ...]
    margin: float = MARGIN
    settle_seconds: float = SETTLE_SECONDS
    _visits: dict[tuple[str, int], _Visit] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _validate_names([zone.name for zone in self.zones])
        _validate_margin(self.margin)
        _validate_margin(self.settle_seconds)

    def see(self, track_id: int, box: Box, pts_seconds: float) -> list[ZoneEvent]:
        """What a sighting changes, zone by zone."""
        point = foot(box)
        changes = (self._change(zone, track_id, point, pts_seconds) for zone in self.zones)
        return [event for event in changes if event]

    def end(self, track_id: int) -> list[ZoneEvent]:
        """A track has left: so it has its zones, when it was last inside."""
        return [
            self._leave(zone.name, track_id) for zone in self.zones if (zone.name, track_id) in self._visits
        ]

    def within(self, zone: str) -> tuple[int, ...]:
        """The tracks that are in a zone."""
        return tuple(sorted(track_id for name, track_id in self._visits if name == zone))

    def _change(self, zone: Zone, track_id: int, point: Point, pts_seconds: float) -> ZoneEvent | None:
        outside = zone.polygon.outside_by(point)
        visit = self._visits.get((zone.name, track_id))
        if outside == 0:
            if visit:
                visit.inside = pts_seconds
                return None
            self._visits[zone.name, track_id] = _Visit(pts_seconds, pts_seconds)
            return ZoneEvent(ZoneAction.ENTERED, zone.name, track_id, pts_seconds, 0.0)
        if visit and (outside > self.margin or pts_seconds - visit.inside > self.settle_seconds):
            return self._leave(zone.name, track_id)
        return None

    def _leave(self, zone: str, track_id: int) -> ZoneEvent:
        visit = self._visits.pop((zone, track_id))
        return ZoneEvent(ZoneAction.LEFT, zone, track_id, visit.inside, visit.inside - visit.since)


@dataclass(frozen=True)
class Line:
    """A named line from one point to another. Raises ValueError for points outside 0–1 or too near to each other."""

    name: str
    start: Point
    end: Point

    def __post_init__(self) -> None:
        validate_point(self.start)
        validate_point(self.end)
        if abs(self.end[0] - self.start[0]) + abs(self.end[1] - self.start[1]) < LEAST_LENGTH:
            raise ValueError(f"The line {self.name!r} is too short to be crossed.")

    @property
    def edge(self) -> Edge:
        return self.start, self.end


class Direction(StrEnum):
    """Which way a line was crossed, seen from its start to its end."""

    TO_RIGHT = "to_right"
    TO_LEFT = "to_left"


@dataclass(frozen=True)
class Crossing:
    """An object crossed a line; told when it is the margin past it."""

    line: str
    direction: Direction
    track_id: int
    pts_seconds: float


@dataclass
class LineWatch:
    """Counts who crosses which line. Feed the sightings of each track in order, and `end` it when it has left.

    Nearer to a line than the margin nobody has a side, so that what trembles on it is not counted. Who walks round its
    end has not crossed it. Memory: one entry for each line and living track.
    """

    lines: tuple[Line, ...]
    margin: float = MARGIN
    _counts: Counter[tuple[str, Direction]] = field(default_factory=Counter)
    _before: dict[tuple[str, int], Point] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _validate_names([line.name for line in self.lines])
        _validate_margin(self.margin)

    def see(self, track_id: int, box: Box, pts_seconds: float) -> list[Crossing]:
        """The lines that this sighting has brought the object across."""
        point = foot(box)
        crossings = (self._cross(line, track_id, point, pts_seconds) for line in self.lines)
        return [crossing for crossing in crossings if crossing]

    def end(self, track_id: int) -> None:
        """A track has left; the counts stay."""
        for line in self.lines:
            self._before.pop((line.name, track_id), None)

    def counts(self, line: str) -> Mapping[Direction, int]:
        """How many crossed a line, by direction."""
        return {direction: self._counts[line, direction] for direction in Direction}

    def _cross(self, line: Line, track_id: int, point: Point, pts_seconds: float) -> Crossing | None:
        now = side(point, line.edge)
        if abs(now) <= self.margin:
            return None
        before = self._before.get((line.name, track_id))
        self._before[line.name, track_id] = point
        if (
            before is None
            or (side(before, line.edge) > 0) == (now > 0)
            or not meet((before, point), line.edge)
        ):
            return None
        direction = Direction.TO_RIGHT if now > 0 else Direction.TO_LEFT
        self._counts[line.name, direction] += 1
        return Crossing(line.name, direction, track_id, pts_seconds)


def _validate_names(names: Sequence[str]) -> None:
    if len(set(names)) < len(names) or not all(names):
        raise ValueError("Each zone and line needs a name of its own.")


def _validate_margin(value: float) -> None:
    if not (isfinite(value) and value >= 0):
        raise ValueError(f"A margin must not be below 0, as {value} is.")
