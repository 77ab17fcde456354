"""Writing in a picture: where it stands, and what a reader makes of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from analysis.engine.types.arrays import Pixels

Point = tuple[float, float]
# Corners in pixels, as one reads: from the top left of the writing, clockwise.
Quad = tuple[Point, Point, Point, Point]


@dataclass(frozen=True)
class Writing:
    """What one row says: a confidence for each character, and what else each of them may be.

    places: where each character stands along the row, its middle in 0..1.
    """

    text: str
    confidences: tuple[float, ...]
    alternatives: tuple[Mapping[str, float], ...]
    places: tuple[float, ...]


@dataclass(frozen=True)
class Line:
    """A row of writing in a picture."""

    quad: Quad
    writing: Writing

    @property
    def angle_degrees(self) -> float:
        """How far the row turns clockwise from level, -180..180."""
        return angle_degrees(self.quad)


class PlateReader(Protocol):
    """Finds rows of writing and reads them. The same picture gives the same answer, whatever else is read with it."""

    @property
    def name(self) -> str:
        """What it is called, with its version."""
        ...

    def find(self, rgb: Pixels) -> tuple[Quad, ...]:
        """Where rows of writing stand, of whatever kind, in a uint8 RGB picture of any size."""
        ...

    def read(self, rows: Sequence[Pixels]) -> tuple[Writing, ...]:
        """What level rows say, each cut out as uint8 RGB; an empty text for one that says nothing."""
        ...


def angle_degrees(quad: Quad) -> float:
    """How far its upper side turns clockwise from level, -180..180."""
    (x1, y1), (x2, y2) = quad[:2]
    return math.degrees(math.atan2(y2 - y1, x2 - x1))
