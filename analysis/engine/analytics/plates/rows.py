"""Rows of writing as pieces of a picture: cut out level, grown, cut to a part, laid side by side or above another."""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from analysis.engine.analytics.plates.writing import Point, Quad, angle_degrees
from analysis.engine.types import Box
from analysis.engine.types.arrays import Pixels

# No sign needs more to be read; it bounds what a hostile quad can ask for.
_MOST_SIDE = 2048
# OpenCV warps nothing with a side of more than 32,767; around a quad cubic interpolation sees two pixels.
_MOST_WARPED, _MARGIN = 16_384, 4
# Rows of one plate are equally high, by its standard; a box around writing is not that exact.
MOST_UNEVEN = 1.6
_MOST_TURN_BETWEEN = 12.0


def cut(rgb: Pixels, quad: Quad, *, wider: float = 0.0, taller: float = 0.0) -> Pixels:
    """The row made level, with so much more at each end and above and below, in heights of the row."""
    corners = np.array(grown(quad, wider=wider, taller=taller), np.float32)
    width = max(math.dist(corners[0], corners[1]), math.dist(corners[3], corners[2]))
    height = max(math.dist(corners[0], corners[3]), math.dist(corners[1], corners[2]))
    across, down = (min(_MOST_SIDE, max(1, round(side))) for side in (width, height))
    part_of, corners = _around(rgb, corners)
    level = np.array([[0, 0], [across, 0], [across, down], [0, down]], np.float32)
    turned = cv2.getPerspectiveTransform(corners, level)
    piece = cv2.warpPerspective(
        part_of, turned, (across, down), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(piece, np.uint8)


def _around(rgb: Pixels, corners: np.ndarray) -> tuple[Pixels, np.ndarray]:
    """The part of a picture around a quad, no side longer than can be warped, and the quad in it."""
    height, width = rgb.shape[:2]
    left, top = (
        _clipped(value - _MARGIN, side - 1)
        for value, side in zip(corners.min(axis=0), (width, height), strict=True)
    )
    right = _clipped(corners[:, 0].max() + _MARGIN + 1, width)
    bottom = _clipped(corners[:, 1].max() + _MARGIN + 1, height)
    piece = rgb[top : max(bottom, top + 1), left : max(right, left + 1)]
    size = tuple(min(side, _MOST_WARPED) for side in piece.shape[1::-1])
    shrunk = np.array(size, np.float32) / piece.shape[1::-1]
    if size != piece.shape[1::-1]:
        piece = np.asarray(cv2.resize(piece, size, interpolation=cv2.INTER_AREA), np.uint8)
    return piece, ((corners - (left, top)) * shrunk).astype(np.float32)


def _clipped(value: float, most: int) -> int:
    return int(min(max(0.0, float(value)), most))


def grown(quad: Quad, *, wider: float, taller: float) -> Quad:
    """The quad with so much more on each side, in heights of the row; less, where negative."""
    a, b, c, d = (np.array(point, np.float64) for point in quad)
    height = row_height(quad)
    along = _unit((b - a) + (c - d)) * height * wider
    down = _unit((d - a) + (c - b)) * height * taller
    return (
        _point(a - along - down),
        _point(b + along - down),
        _point(c + along + down),
        _point(d - along + down),
    )


def part(quad: Quad, begin: float, end: float) -> Quad:
    """What lies between two places along the row, each 0..1."""
    a, b, c, d = (np.array(point, np.float64) for point in quad)
    upper, lower = b - a, c - d
    return (
        _point(a + upper * begin),
        _point(a + upper * end),
        _point(d + lower * end),
        _point(d + lower * begin),
    )


def row_height(quad: Quad) -> float:
    """In pixels, the mean of both ends."""
    return (math.dist(quad[0], quad[3]) + math.dist(quad[1], quad[2])) / 2


def row_width(quad: Quad) -> float:
    """In pixels, the mean of both sides."""
    return (math.dist(quad[0], quad[1]) + math.dist(quad[3], quad[2])) / 2


def middle(quad: Quad) -> Point:
    """Its centre, in pixels."""
    return sum(x for x, _ in quad) / 4, sum(y for _, y in quad) / 4


def moved(quad: Quad, *, left: float, top: float, scale: float) -> Quad:
    """From a piece of a picture that was enlarged `scale` times to the picture."""
    a, b, c, d = ((left + x / scale, top + y / scale) for x, y in quad)
    return a, b, c, d


def box_of(quads: Sequence[Quad], *, width_px: int, height_px: int) -> Box | None:
    """The upright box around them in 0..1 of the picture; None where nothing of it lies inside."""
    points = np.clip([point for quad in quads for point in quad], 0, (width_px, height_px))
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    if right - left < 1 or bottom - top < 1:
        return None
    return (
        float(left / width_px),
        float(top / height_px),
        float(right / width_px),
        float(bottom / height_px),
    )


def beside(left: Quad, right: Quad) -> bool:
    """Whether the second continues the row of the first, as after a plate's seal or coat of arms."""
    if not _alike(left, right):
        return False
    height = max(row_height(left), row_height(right))
    across, down = _along(left, (left[1], left[2]), (right[0], right[3]))
    return -0.5 * height < across < 1.2 * height and abs(down) < 0.35 * height


def above(upper: Quad, lower: Quad) -> bool:
    """Whether the second is a row right below the first, as on plates in two rows."""
    if not _alike(upper, lower):
        return False
    height = max(row_height(upper), row_height(lower))
    across, down = _along(upper, upper, lower)
    wide = max(row_width(upper), row_width(lower))
    return 0.6 * height < down < 1.8 * height and abs(across) < 0.35 * wide


def stacked(one: Quad, other: Quad) -> bool:
    """Whether they are rows of one board: alike, near, and over each other for half of the shorter."""
    if not _alike(one, other):
        return False
    high = max(row_height(one), row_height(other))
    across, down = _along(one, one, other)
    shared = (row_width(one) + row_width(other)) / 2 - abs(across)
    return 0.6 * high < abs(down) < 2.2 * high and shared > 0.5 * min(row_width(one), row_width(other))


def joined(first: Quad, second: Quad) -> Quad:
    """One row from the beginning of the first to the end of the second."""
    return first[0], second[1], second[2], first[3]


def as_long_as(row: Quad, other: Quad) -> Quad:
    """The row, made longer at the ends where another one reaches further."""
    along = _unit(np.subtract(row[1], row[0]))
    a, b, c, d = (np.array(point, np.float64) for point in row)
    left = min(0.0, float((np.subtract(other[0], a)) @ along))
    right = max(0.0, float((np.subtract(other[1], b)) @ along))
    return (
        _point(a + along * left),
        _point(b + along * right),
        _point(c + along * right),
        _point(d + along * left),
    )


def _alike(one: Quad, other: Quad) -> bool:
    lower, higher = sorted((row_height(one), row_height(other)))
    turn = abs(angle_degrees(one) - angle_degrees(other))
    return lower > 0 and higher <= MOST_UNEVEN * lower and turn <= _MOST_TURN_BETWEEN


def _along(row: Quad, start: Sequence[Point], end: Sequence[Point]) -> tuple[float, float]:
    """From the middle of some points to that of others: along the row, and across it downwards."""
    way = np.mean(end, axis=0) - np.mean(start, axis=0)
    along = _unit(np.subtract(row[1], row[0]))
    return float(way @ along), float(way @ np.array([-along[1], along[0]]))


def _unit(vector: np.ndarray) -> np.ndarray:
    length = float(np.hypot(*vector))
    return vector / length if length else np.array([1.0, 0.0])


def _point(values: np.ndarray) -> Point:
    return float(values[0]), float(values[1])
