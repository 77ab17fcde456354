"""Which part of a picture counts: inside the zones where any are given, and never under a mask."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.engine.types import Point

Polygon = Sequence[Point]
Where = NDArray[np.bool_]
FINENESS = 4  # a pixel is looked at in 4 × 4 parts
FIXED_BITS = 8  # OpenCV takes corners as integers, here in 1/256 of a part


def watched(width: int, height: int, *, zones: Sequence[Polygon], masks: Sequence[Polygon]) -> Where:
    """(height, width): the pixels that lie whole inside a zone and that no mask touches, to a quarter of a pixel.

    Corners are in 0–1 of the picture. Without zones the whole picture is one.
    """
    counts = np.ones((height, width), np.bool_)
    if zones:
        counts = _cover(width, height, zones) >= 1
    if masks:
        counts &= _cover(width, height, masks) <= 0
    return counts


def _cover(width: int, height: int, polygons: Sequence[Polygon]) -> NDArray[np.float32]:
    """What share of each pixel lies under any of the polygons."""
    fine = np.zeros((height * FINENESS, width * FINENESS), np.float32)
    for polygon in polygons:
        # pixel centres are whole numbers to OpenCV: the left edge of the first lies at −0.5
        corners = np.clip(np.asarray(polygon, np.float64), 0, 1) * fine.shape[::-1] - 0.5
        # a far corner that lies on an edge between parts would take in the part beyond
        inward = np.sign(corners.mean(axis=0) - corners) / 4
        fixed = np.rint((corners + inward) * 2**FIXED_BITS).astype(np.int32)
        cv2.fillPoly(fine, [fixed], 1.0, lineType=cv2.LINE_8, shift=FIXED_BITS)
    return np.asarray(cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA), np.float32)
