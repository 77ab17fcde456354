"""Small objects in large pictures: the whole picture is looked at, and then overlapping parts of it.

For stills, and for footage only where it is asked for by name: a 4K picture costs 25 inferences. Measured with
YOLOX-nano on two cars and a person pasted at several sizes into drawn ground of 4K, 24 for each size: the whole alone
finds none of 160 pixels, 2 of 200 and 19 of 240. With parts of 832 it is 7 of 64, 16 of 96, 22 of 128 and all of 160;
parts of 1248 (9 inferences) find 4 of 96 and 18 of 160, parts of 416 (85) 17 of 64 and 22 of 96.
"""

from collections.abc import Iterator
from math import ceil

import numpy as np

from analysis.engine.analytics.detection.boxes import check_picture, detections
from analysis.engine.analytics.detection.finder import TILED, ObjectFinder
from analysis.engine.analytics.objects import Detection
from analysis.engine.types import Box, Pixels

TILE_SIDE = 832  # pixels: twice what the nets scale to
OVERLAP = 0.25  # of a tile: what is smaller lies wholly in one of them
MOST_TILES = 24  # what 4K needs; beyond that they are made larger
EDGE = 0.015  # of a tile: as near to where it was cut, a box is that of a part

Place = tuple[int, int, int, int]


class Tiled:
    """An ObjectFinder that looks with another one at the picture and at its parts."""

    def __init__(self, finder: ObjectFinder) -> None:
        self._finder = finder
        self.name, self.version, self.sha256 = finder.name + TILED, finder.version, finder.sha256
        self.classes = finder.classes
        self.blind = (
            f"Looks at the frame and at overlapping parts of {TILE_SIDE} pixels, up to {MOST_TILES}; of each holds: "
            + finder.blind
        )

    def find(self, rgb: Pixels) -> tuple[Detection, ...]:
        check_picture(rgb)
        found = list(self._finder.find(rgb))
        for place in tiles(rgb.shape[1], rgb.shape[0]):
            found += self._in_tile(rgb, place)
        if not found:
            return ()
        names = sorted({one.class_name for one in found})
        return detections(
            np.array([one.box for one in found], np.float32),
            np.array([one.confidence for one in found], np.float32),
            np.array([names.index(one.class_name) for one in found], np.int64),
            names,
        )

    def _in_tile(self, rgb: Pixels, place: Place) -> Iterator[Detection]:
        left, top, right, bottom = place
        height, width = rgb.shape[:2]
        inner = (left > 0, top > 0, right < width, bottom < height)
        for one in self._finder.find(rgb[top:bottom, left:right]):
            if not _is_cut(one.box, inner):
                yield Detection(_placed(one.box, place, width, height), one.confidence, one.class_name)


def tiles(width: int, height: int) -> list[Place]:
    """The parts of a picture of that size, in pixels; none where the whole is no larger than one."""
    side = TILE_SIDE
    while (count := _along(width, side) * _along(height, side)) > MOST_TILES:
        side += TILE_SIDE // 8
    if count == 1:
        return []
    return [
        (left, top, min(left + side, width), min(top + side, height))
        for top in _starts(height, side)
        for left in _starts(width, side)
    ]


def _along(size: int, side: int) -> int:
    return 1 if size <= side else 1 + ceil((size - side) / (side * (1 - OVERLAP)))


def _starts(size: int, side: int) -> list[int]:
    """Evenly, so that all parts have one size and the last ends with the picture."""
    count = _along(size, side)
    return [round(at * (size - side) / (count - 1)) for at in range(count)] if count > 1 else [0]


def _is_cut(box: Box, inner: tuple[bool, bool, bool, bool]) -> bool:
    near = (box[0] < EDGE, box[1] < EDGE, box[2] > 1 - EDGE, box[3] > 1 - EDGE)
    return any(cut and close for cut, close in zip(inner, near, strict=True))


def _placed(box: Box, place: Place, width: int, height: int) -> Box:
    left, top, right, bottom = place
    wide, high = right - left, bottom - top
    return (
        (left + box[0] * wide) / width,
        (top + box[1] * high) / height,
        min((left + box[2] * wide) / width, 1.0),
        min((top + box[3] * high) / height, 1.0),
    )
