"""Smaller copies for motion, several times cheaper than means over areas of any size.

Halves first, which OpenCV makes of means of 2 × 2 pixels at once, and of the rest, below two, linearly: so each pixel
counts, as in a mean over areas, and noise becomes less as it does there.
"""

import cv2
import numpy as np

from analysis.engine.types import Pixels


def scaled_down(picture: Pixels, width: int, height: int) -> Pixels:
    """uint8, no side smaller than is asked for; the picture itself where it has that size."""
    while (picture.shape[1], picture.shape[0]) != (width, height):
        size = max(width, _half(picture.shape[1])), max(height, _half(picture.shape[0]))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    return picture


def _half(side: int) -> int:
    """Rounded up, so that no step makes less than half of a side."""
    return (side + 1) // 2
