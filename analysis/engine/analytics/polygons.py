"""Polygons on a frame, in 0–1: what is inside, how far outside, and the mask over its pixels.

The web checks what people draw with this, and loads no numpy for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import hypot, isfinite
from typing import TYPE_CHECKING, TypeAlias

from analysis.engine.types import Point

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_POINTS, MOST_POINTS = 3, 64
ON_BORDER = 1e-9
LEAST_AREA = 1e-6  # less than a pixel of 1000 × 1000

Edge = tuple[Point, Point]
Mask: TypeAlias = "NDArray[np.bool_]"


@dataclass(frozen=True)
class Polygon:
    """A simple polygon, without its first point again at the end; its border belongs to it.

    Raises ValueError, with the reason, unless it has 3–64 finite points in 0–1, an area, and edges that meet only where
    one follows the other.
    """

    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        if not LEAST_POINTS <= len(self.points) <= MOST_POINTS:
            raise ValueError(f"A polygon has {LEAST_POINTS} to {MOST_POINTS} points, not {len(self.points)}.")
        for point in self.points:
            validate_point(point)
        if len(set(self.points)) < len(self.points):
            raise ValueError("A polygon names each of its points once; the last is joined to the first.")
        if self.area < LEAST_AREA:
            raise ValueError("A polygon must have an area; these points lie on a line.")
        if _crosses_itself(self.edges):
            raise ValueError("The edges of a polygon must not cross or touch each other.")

    @property
    def edges(self) -> tuple[Edge, ...]:
        return tuple(zip(self.points, (*self.points[1:], self.points[0]), strict=True))

    @property
    def area(self) -> float:
        """As a share of the frame."""
        return abs(sum(x * other_y - other_x * y for (x, y), (other_x, other_y) in self.edges)) / 2

    def contains(self, point: Point) -> bool:
        """Whether a point lies inside or on the border."""
        return self.outside_by(point) == 0

    def outside_by(self, point: Point) -> float:
        """How far a point lies outside, in 0–1 of the frame; 0 inside and on the border."""
        if _parity(self.edges, point):
            return 0.0
        nearest = min(distance(point, edge) for edge in self.edges)
        return nearest if nearest > ON_BORDER else 0.0


def mask(polygons: Sequence[Polygon], width_px: int, height_px: int) -> "Mask":
    """(height, width): true for each pixel whose middle lies in one of the polygons."""
    import numpy as np

    covered = np.zeros((height_px, width_px), bool)
    x, y = (np.arange(width_px) + 0.5) / width_px, (np.arange(height_px) + 0.5) / height_px
    for polygon in polygons:
        covered |= _inside(polygon.edges, x, y)
    return covered


def validate_point(point: Point) -> None:
    """Raises ValueError unless it is two finite numbers in 0–1."""
    if len(point) != 2 or not all(isfinite(value) and 0 <= value <= 1 for value in point):
        raise ValueError(f"{point} is not a point in 0–1 of the frame.")


def side(point: Point, edge: Edge) -> float:
    """The signed distance from the endless line through an edge: above 0 to the right, seen from start to end."""
    (x, y), (end_x, end_y) = edge
    long = hypot(end_x - x, end_y - y)
    return ((end_x - x) * (point[1] - y) - (end_y - y) * (point[0] - x)) / long


def distance(point: Point, edge: Edge) -> float:
    """From a point to the nearest one of an edge."""
    (x, y), (end_x, end_y) = edge
    along, down = end_x - x, end_y - y
    share = ((point[0] - x) * along + (point[1] - y) * down) / (along**2 + down**2)
    share = min(max(share, 0.0), 1.0)
    return hypot(point[0] - x - share * along, point[1] - y - share * down)


def meet(one: Edge, other: Edge) -> bool:
    """Whether two edges have a point in common; to touch is to meet."""
    if any(distance(point, edge) <= ON_BORDER for point, edge in _ends(one, other)):
        return True
    return _apart(one, other) and _apart(other, one)


def _apart(ends: Edge, edge: Edge) -> bool:
    """Whether the ends lie on different sides."""
    return (side(ends[0], edge) > 0) != (side(ends[1], edge) > 0)


def _ends(one: Edge, other: Edge) -> list[tuple[Point, Edge]]:
    return [*((point, other) for point in one), *((point, one) for point in other)]


def _crosses_itself(edges: tuple[Edge, ...]) -> bool:
    for (at, one), (after, other) in combinations(enumerate(edges), 2):
        if after - at == 1 or after - at == len(edges) - 1:
            if _folds_back(one, other):
                return True
        elif meet(one, other):
            return True
    return False


def _folds_back(one: Edge, other: Edge) -> bool:
    """Whether neighbours share more than the point between them."""
    return sum(distance(point, edge) <= ON_BORDER for point, edge in _ends(one, other)) > 2


def _parity(edges: tuple[Edge, ...], point: Point) -> bool:
    import numpy as np

    return bool(_inside(edges, np.array([point[0]]), np.array([point[1]]))[0, 0])


def _inside(edges: tuple[Edge, ...], x: "NDArray[np.float64]", y: "NDArray[np.float64]") -> "Mask":
    """(y, x): whether a ray to the right crosses the border an odd number of times."""
    import numpy as np

    odd = np.zeros((len(y), len(x)), bool)
    for (start_x, start_y), (end_x, end_y) in edges:
        rows = np.flatnonzero((start_y > y) != (end_y > y))
        at = start_x + (y[rows] - start_y) / ((end_y - start_y) or 1.0) * (end_x - start_x)
        odd[rows] ^= x < at[:, None]
    return odd
