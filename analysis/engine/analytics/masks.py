"""What masks hide is never seen."""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from analysis.engine.analytics.zones import Polygon
from analysis.engine.types import Box, Point
from analysis.engine.types.arrays import Pixels


class Masks:
    """Polygons in 0..1 of the frame."""

    def __init__(self, masks: Iterable[Sequence[Point]]) -> None:
        self._polygons = tuple(Polygon(tuple(points)) for points in masks)

    def hidden(self, rgb: Pixels) -> Pixels:
        """A copy in which what they hide is black; the frame itself where there are none."""
        if not self._polygons:
            return rgb
        copy = rgb.copy()
        height, width = rgb.shape[:2]
        for polygon in self._polygons:
            # one polygon at a time: where two lie over each other, filled together they would show what is under both
            corners = np.rint(np.asarray(polygon.points, np.float64) * (width, height)).astype(np.int32)
            cv2.fillPoly(copy, [corners], (0, 0, 0))
        return copy

    def hide(self, box: Box) -> bool:
        """Whether the middle of a box, xyxy in 0..1, lies in one of them."""
        left, top, right, bottom = box
        return any(polygon.contains(((left + right) / 2, (top + bottom) / 2)) for polygon in self._polygons)
