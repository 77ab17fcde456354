"""Small copies of a face with what is around it, cut the way MiniFASNet's authors do.

The box is enlarged about its middle, less where the picture is too small for it, and moved into the picture.
The copies are tiny: a crowd's faces must not keep their frames in memory.
"""

import numpy as np

from analysis.engine.types import Box, Pixels

SURROUNDING_SCALES = (2.7, 4.0)
SURROUNDING_SIDE = 80


def surroundings(rgb: Pixels, box: Box) -> dict[float, Pixels]:
    """By scale, the face's box enlarged by it, uint8 RGB (80, 80, 3). `box` in 0-1 of the picture."""
    height, width = rgb.shape[:2]
    left, top = round(box[0] * width), round(box[1] * height)
    face = (left, top, max(1, round(box[2] * width) - left), max(1, round(box[3] * height) - top))
    return {scale: cut(rgb, face, scale) for scale in SURROUNDING_SCALES}


def cut(picture: Pixels, face: tuple[int, int, int, int], scale: float) -> Pixels:
    """The enlarged box of a face (x, y, width, height in px), scaled to 80 x 80 without regard to its shape."""
    import cv2  # not above: cards are read where this is imported, and must not load it

    height, width = picture.shape[:2]
    x, y, wide, high = face
    # with bilinear samples of the full-size picture, as published: averaging first would give other scores
    reach = min((height - 1) / high, (width - 1) / wide, scale)
    left, right = _moved_in(x + wide / 2, wide * reach, width)
    top, bottom = _moved_in(y + high / 2, high * reach, height)
    size = (SURROUNDING_SIDE, SURROUNDING_SIDE)
    shown = picture[top : bottom + 1, left : right + 1]
    return np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _moved_in(middle: float, length: float, limit: int) -> tuple[int, int]:
    """First and last pixel of a length about its middle, moved into 0 to `limit` - 1."""
    start = max(middle - length / 2, 0.0)
    start -= max(start + length - (limit - 1), 0.0)
    return max(int(start), 0), int(start + length)
