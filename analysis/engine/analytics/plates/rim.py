"""Where a plate ends around its writing.

A reader finds the writing, which is 75 of 110 mm high on plates of Europe, 63 of 130 in Brazil, 67 of 152 in the
United States. The upper and the lower rim are long straight edges over the whole width, which signs and titles are
not: the median of the brightness' slope across the columns sees rims alone.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from analysis.engine.analytics.plates.rows import cut, grown
from analysis.engine.analytics.plates.writing import Quad
from analysis.engine.types.arrays import Pixels

# Looked for up to here beyond the row and inside it, in its heights: a row is found about 1.4 times as high as its
# signs, so an American plate ends 0.3 beyond it, and the row itself may reach beyond a narrow plate.
_BEYOND, _INSIDE = 0.45, 0.25
# Where no rim is seen: between a European plate, which ends with its row, and an American, 0.3 beyond.
_BEYOND_UNSEEN, _WIDER = 0.08, 0.06
# A rim is a step of at least this share of the contrast between paper and ink.
_LEAST_STEP = 0.12
_LEVEL_HEIGHT = 88  # 40 to a row


@dataclass(frozen=True)
class Around:
    """A plate around a row of its writing; whether each rim was seen, or is where one would usually be."""

    quad: Quad
    upper_seen: bool
    lower_seen: bool


def plate_around(rgb: Pixels, row: Quad, *, upper: bool = True, lower: bool = True) -> Around:
    """Only upwards or downwards for rows of a plate in two."""
    level = cv2.cvtColor(cut(rgb, row, taller=_BEYOND), cv2.COLOR_RGB2GRAY)
    level = cv2.resize(level, (max(16, level.shape[1]), _LEVEL_HEIGHT), interpolation=cv2.INTER_AREA)
    values = level.astype(np.float32)
    per_row = _LEVEL_HEIGHT / (1 + 2 * _BEYOND)
    above = _rim(values, per_row) if upper else None
    below = _rim(values[::-1], per_row) if lower else None
    quad = _stretched(
        grown(row, wider=_WIDER, taller=0.0),
        _beyond(above) if upper else 0.0,
        _beyond(below) if lower else 0.0,
    )
    return Around(quad, above is not None, below is not None)


def _beyond(rim: float | None) -> float:
    return _BEYOND_UNSEEN if rim is None else rim


def _rim(values: np.ndarray, per_row: float) -> float | None:
    """How far the upper rim lies beyond the row, in its heights; negative inside. None where none is seen."""
    inside = values[round(_BEYOND * per_row) : round((_BEYOND + 1) * per_row)]
    ink, paper = np.percentile(inside, (5, 95))
    dark_ink = float(np.median(inside)) > (ink + paper) / 2
    slope = np.gradient(cv2.GaussianBlur(values, (0, 0), 1.5), axis=0) * (1 if dark_ink else -1)
    middle = slope[:, slope.shape[1] // 10 : -(slope.shape[1] // 10) or None]
    # towards the writing a rim steps from the car, or from its dark line, to the paper
    steps = np.median(middle, axis=1)[: round((_BEYOND + _INSIDE) * per_row)]
    # a step that is blurred over some pixels has a slope of about a fifth of its height
    if steps.max() < _LEAST_STEP * max(1.0, paper - ink) / 5:
        return None
    return _BEYOND - _nearest_edge(steps) / per_row


def _nearest_edge(steps: np.ndarray) -> int:
    """Of the edges that are at least half as strong as the strongest the one next to the writing."""
    within = np.flatnonzero(steps >= steps.max() / 2)
    runs = np.split(within, np.flatnonzero(np.diff(within) > 1) + 1)
    return int(runs[-1][steps[runs[-1]].argmax()])


def _stretched(row: Quad, above: float, below: float) -> Quad:
    taller = grown(row, wider=0.0, taller=above)
    deeper = grown(row, wider=0.0, taller=below)
    return taller[0], taller[1], deeper[2], deeper[3]
