"""Which detection belongs to which track: overlap, nearness where nothing overlaps, and the best assignment.

The assignment is that of Kuhn (1955), by SciPy. Of all ways to pair, the one with the largest sum of likeness is
taken; a pair below its threshold is none, and leaves both sides free.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.engine.types import Box

Reals = NDArray[np.float64]
CHI_SQUARE_95 = 5.991  # of two degrees of freedom


def overlaps(boxes: Sequence[Box], others: Sequence[Box]) -> Reals:
    """Intersection over union of each with each, (boxes, others), 0–1."""
    one, other = _columns(boxes)[:, :, None], _columns(others)[:, None, :]
    wide = np.minimum(one[2], other[2]) - np.maximum(one[0], other[0])
    high = np.minimum(one[3], other[3]) - np.maximum(one[1], other[1])
    both = np.maximum(wide, 0) * np.maximum(high, 0)
    union = _areas(one) + _areas(other) - both
    return np.asarray(np.divide(both, union, out=np.zeros_like(both), where=union > 0), np.float64)


def nearness(
    expected: Sequence[Box],
    spreads: Sequence[tuple[float, float]],
    boxes: Sequence[Box],
    *,
    most_sizes: float,
) -> Reals:
    """How near the middles of boxes lie to where they were expected, (expected, boxes): 1 at the same place.

    0 outside the ellipse in which 95 % of the sightings fall (`spreads` are standard deviations along x and y), beyond
    `most_sizes` of the expected box, and where one has more than four times the area of the other.
    """
    one, other = _columns(expected)[:, :, None], _columns(boxes)[:, None, :]
    across, down = _middle(other, 0) - _middle(one, 0), _middle(other, 1) - _middle(one, 1)
    deviations = np.asarray(spreads, np.float64).reshape(-1, 2)
    distance = (across / deviations[:, :1]) ** 2 + (down / deviations[:, 1:]) ** 2
    area, other_area = _areas(one), _areas(other)
    plausible = np.maximum(np.abs(across), np.abs(down)) <= most_sizes * np.sqrt(area)
    plausible &= (other_area <= 4 * area) & (area <= 4 * other_area)
    return np.where(plausible, np.maximum(1 - distance / CHI_SQUARE_95, 0), 0.0)


def assigned(likeness: Reals, *, least: float) -> list[tuple[int, int]]:
    """The pairs (row, column) whose likeness adds up to most, in order of rows; only those of at least `least` > 0."""
    if 0 in likeness.shape:
        return []
    from scipy.optimize import linear_sum_assignment  # half a second to load, and not everybody matches

    allowed = np.where(likeness >= least, likeness, 0.0)
    rows, columns = linear_sum_assignment(allowed, maximize=True)
    return [
        (int(row), int(column))
        for row, column in zip(rows, columns, strict=True)
        if likeness[row, column] >= least
    ]


def _columns(boxes: Sequence[Box]) -> Reals:
    return np.asarray(boxes, np.float64).reshape(-1, 4).T


def _areas(columns: Reals) -> Reals:
    return np.asarray((columns[2] - columns[0]) * (columns[3] - columns[1]), np.float64)


def _middle(columns: Reals, axis: int) -> Reals:
    return np.asarray((columns[axis] + columns[axis + 2]) / 2, np.float64)
