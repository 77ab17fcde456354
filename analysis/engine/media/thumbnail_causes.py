"""Why an embedded thumbnail may differ from the picture around it: the changes that would explain it.

Each is tried on small grey copies and named when it explains the difference. They are candidates and no proof: a
program that does not renew the thumbnail explains all of them. Limits are from drawn pictures (tests): copies saved
at JPEG quality 40 to 95 differ by less than 0.02 and correlate above 0.99; unrelated ones stay below 0.8.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

Grey = NDArray[np.float64]
Difference = Callable[[Image.Image, Image.Image], float]

DIFFERENT = 0.12  # mean absolute difference of 16 x 16 grey, in 0..1
ALIKE = 0.06
CORRELATED = 0.95
_CHANGED_BLOCK, _SAME_BLOCKS, _MOST_CHANGED, _LEAST_CHANGED = 0.2, 0.04, 0.4, 0.012
_FLAT = 0.02
_SIDE, _GRID = 48, 16
_SCALES = tuple(round(0.35 + 0.05 * step, 2) for step in range(13))
_TURNS = {
    Image.Transpose.ROTATE_90: ("turned", "turned by 90° to the left"),
    Image.Transpose.ROTATE_180: ("turned", "turned by 180°"),
    Image.Transpose.ROTATE_270: ("turned", "turned by 90° to the right"),
    Image.Transpose.FLIP_LEFT_RIGHT: ("mirrored", "mirrored left to right"),
    Image.Transpose.FLIP_TOP_BOTTOM: ("mirrored", "mirrored top to bottom"),
    Image.Transpose.TRANSPOSE: ("mirrored", "mirrored and turned"),
    Image.Transpose.TRANSVERSE: ("mirrored", "mirrored and turned"),
}


def causes(small: Image.Image, image: Image.Image, difference: Difference) -> list[dict[str, Any]]:
    """Candidates, as {cause, words, box}; empty for a thumbnail that fits.

    small, image: grey. difference: of two pictures, in the best of its fits. box: xyxy in 0..1 of the thumbnail.
    Causes: turned, mirrored, cut, tones, part, other (when nothing explains it).
    """
    measured = difference(small, image)
    # a picture that is nearly its own mirror image differs little from it
    found = list(_turned(small, image, difference)) if measured > ALIKE else []
    if measured > DIFFERENT:
        # what fits as a whole would also fit as a part of nearly its size
        found += list(_tones(small, image)) or list(_cut(small, image))
    found = found or list(_part(small, image))
    if found or measured <= DIFFERENT:
        return found
    return [_cause("other", "the thumbnail is of another picture, or the picture was changed as a whole")]


def _cause(cause: str, words: str, box: tuple[float, float, float, float] | None = None) -> dict[str, Any]:
    return {"cause": cause, "words": words, "box": [round(edge, 3) for edge in box] if box else None}


def _turned(small: Image.Image, image: Image.Image, difference: Difference) -> Iterator[dict[str, Any]]:
    for turn, (cause, words) in _TURNS.items():
        # what undoes the change is its inverse: the picture is turned back
        if difference(small.transpose(turn), image) < ALIKE:
            yield _cause(cause, f"the picture was {words} after the thumbnail was made")
            return


def _cut(small: Image.Image, image: Image.Image) -> Iterator[dict[str, Any]]:
    """The picture is a part of the thumbnail: the best place of it, at any of 13 sizes."""
    whole = _grey(small, _fit(small.size, _SIDE))
    best = max((_place(whole, image, scale) for scale in _SCALES), default=None)
    if best and best[0] > CORRELATED:
        yield _cause("cut", "the picture was cut out of a larger one after the thumbnail was made", best[1])


def _place(whole: Grey, image: Image.Image, scale: float) -> tuple[float, tuple[float, float, float, float]]:
    """(correlation, box) of the picture at that size, where it fits into the thumbnail best."""
    height, width = whole.shape
    size = _fit(image.size, max(4, round(scale * max(width, height))))
    nowhere = (0.0, 0.0, 0.0, 0.0)
    if size[0] > width or size[1] > height or min(size) < 6:
        return 0.0, nowhere
    part = _grey(image, size)
    windows = sliding_window_view(whole, part.shape)
    centred = part - part.mean()
    products = np.einsum("ijkl,kl->ij", windows, centred)
    spread = windows.std(axis=(2, 3)) * part.std() * part.size
    correlation = np.where(spread > _FLAT**2 * part.size, products / np.maximum(spread, 1e-9), 0.0)
    row, column = np.unravel_index(int(correlation.argmax()), correlation.shape)
    box = (column / width, row / height, (column + size[0]) / width, (row + size[1]) / height)
    return float(correlation[row, column]), box


def _tones(small: Image.Image, image: Image.Image) -> Iterator[dict[str, Any]]:
    first, second = (_grey(picture, (_GRID, _GRID)) for picture in (small, image))
    if min(first.std(), second.std()) < _FLAT:
        return
    correlation = float(np.corrcoef(first.ravel(), second.ravel())[0, 1])
    if correlation > CORRELATED:
        yield _cause("tones", "brightness or contrast was changed after the thumbnail was made")
    elif correlation < -CORRELATED:
        yield _cause("tones", "the tones were inverted after the thumbnail was made")


def _part(small: Image.Image, image: Image.Image) -> Iterator[dict[str, Any]]:
    """Most of both is alike, and a part is not."""
    if abs(small.width / small.height - image.width / image.height) > 0.02 * image.width / image.height:
        return  # bars and cuts would count as parts
    apart = np.abs(_grey(small, (_GRID, _GRID)) - _grey(image, (_GRID, _GRID)))
    changed = apart > _CHANGED_BLOCK
    if np.median(apart) < _SAME_BLOCKS and _LEAST_CHANGED <= changed.mean() <= _MOST_CHANGED:
        rows, columns = np.nonzero(changed)
        box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        x1, y1, x2, y2 = (float(edge) / _GRID for edge in box)
        yield _cause("part", "a part of the picture differs from the thumbnail", (x1, y1, x2, y2))


def _fit(size: tuple[int, int], side: int) -> tuple[int, int]:
    scale = side / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _grey(picture: Image.Image, size: tuple[int, int]) -> Grey:
    # a box of pixels for each: a plain reduction would see aliases where the other copy has none
    return np.asarray(picture.resize(size, Image.Resampling.BOX), np.float64) / 255
