"""Whether something stands at the very same place while the scene around it changes, as words laid over footage do."""

import cv2
import numpy as np

from analysis.engine.analytics.plates.sparing import cells, changes
from analysis.engine.types import Box
from analysis.engine.types.arrays import Pixels

# Coding shifts nothing by more; what moves or is hidden by what passes is no longer alike at its place.
_STILL_PX = 2
_LOOKED_PX = 4
_LEAST_ALIKE = 0.7
_MOST_SIDE = 512


class Standing:
    """Remembers a place as it was first seen. `stands`: until now it always was; `changed`: the rest was not."""

    def __init__(self, rgb: Pixels, box: Box) -> None:
        self._place = _place(rgb, box)
        left, top, right, bottom = self._place
        self._seen = _grey(rgb[top:bottom, left:right])
        self._size, self._cells = rgb.shape, cells(rgb)
        self.stands = bool(self._seen.size)
        self.changed = False

    def holds(self, rgb: Pixels) -> bool:
        """Whether it still stands there in this frame; once it does not, it never does again."""
        if self.stands:
            self.stands = rgb.shape == self._size and self._is_there(rgb)
            self.changed = self.changed or (rgb.shape == self._size and changes(self._cells, cells(rgb)))
        return self.stands

    def _is_there(self, rgb: Pixels) -> bool:
        left, top, right, bottom = self._place
        x, y = max(0, left - _LOOKED_PX), max(0, top - _LOOKED_PX)
        around = _grey(rgb[y : bottom + _LOOKED_PX, x : right + _LOOKED_PX])
        # without contrast nothing can be alike
        alike = np.nan_to_num(cv2.matchTemplate(around, self._seen, cv2.TM_CCOEFF_NORMED))
        row, column = np.unravel_index(int(alike.argmax()), alike.shape)
        away = max(abs(int(column) + x - left), abs(int(row) + y - top))
        return bool(away <= _STILL_PX and _LEAST_ALIKE <= alike[row, column] <= 1.01)


def _place(rgb: Pixels, box: Box) -> tuple[int, int, int, int]:
    """In pixels; of what is very large its beginning does."""
    height, width = rgb.shape[:2]
    left, top = int(box[0] * width), int(box[1] * height)
    right, bottom = min(width, int(box[2] * width) + 1), min(height, int(box[3] * height) + 1)
    return left, top, min(right, left + _MOST_SIDE), min(bottom, top + _MOST_SIDE)


def _grey(rgb: Pixels) -> np.ndarray:
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) if rgb.size else np.zeros((0, 0), np.uint8)
