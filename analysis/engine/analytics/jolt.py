"""Whether the camera was pushed: one shift of the whole picture explains what changed.

Shifts of up to 24 pixels are tried on copies of half the size; phase correlation (Kuglin and Hines 1975) was tried
first and held to the noise that a sensor repeats. A thing that moves before a plain wall shifts as well, so a push is
told only where texture lies all over the picture and most of it changed. Turns and zooms are not seen.
"""

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.engine.analytics.watched import Where
from analysis.engine.types import Pixels

CELLS = 6  # a side
LEAST_CELLS = 9  # with texture, of 36, before anything is told
TEXTURE = 24.0  # levels that the picture spans within a cell
CHANGED_CELLS = 0.7
CHANGED = 0.01  # of the pixels of a cell
MOST_SHIFT = 12  # pixels at half size
EXPLAINED = 0.3  # of the squared change, what a shift leaves at most

Reals = NDArray[np.float32]
Picture = TypeVar("Picture", Pixels, Where)


def jolted(background: Pixels, now: Pixels, changed: Where, watched: Where) -> bool:
    """Of two RGB pictures of a size; `changed` is where they differ."""
    if min(watched.shape) < 4 * CELLS or not _everywhere(background, changed):
        return False
    before, after = (_half(rgb, watched) for rgb in (background, now))
    margins = [min(MOST_SHIFT, side // 4) for side in before.shape]
    inner = tuple(slice(margin, -margin) for margin in margins)
    apart = cv2.matchTemplate(after, before[inner], cv2.TM_SQDIFF)
    return float(apart.min()) <= EXPLAINED * float(apart[tuple(margins)])


def _everywhere(background: Pixels, changed: Where) -> bool:
    """Whether texture lies all over the picture, and most of it changed."""
    touched = _cells(changed).mean(axis=(1, 3)) >= CHANGED
    if touched.sum() < CHANGED_CELLS * LEAST_CELLS:
        return False
    # along rows first: they lie one after the other
    rows = _cells(background[..., 1])
    textured = rows.max(axis=1).max(axis=2) - rows.min(axis=1).min(axis=2) >= TEXTURE
    return int(textured.sum()) >= LEAST_CELLS and float(touched[textured].mean()) >= CHANGED_CELLS


def _cells(plane: Picture) -> Picture:
    """(CELLS, height, CELLS, width) of cells; what is left over at the right and below lies in none."""
    high, wide = (side // CELLS for side in plane.shape)
    whole = np.ascontiguousarray(plane[: high * CELLS, : wide * CELLS])
    return whole.reshape(CELLS, high, CELLS, wide)


def _half(rgb: Pixels, watched: Where) -> Reals:
    """Luma at half the size. What does not count is levelled: its edge would hold the picture in its place."""
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float32)
    grey[~watched] = grey[watched].mean()
    return np.asarray(cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)
