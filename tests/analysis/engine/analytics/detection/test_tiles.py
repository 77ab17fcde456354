"""Looking at parts too finds what is small in a large picture, tells each thing once, and costs a bounded number."""

import cv2
import numpy as np
import pytest

from analysis.engine.analytics.detection.tiles import MOST_TILES, Tiled, tiles
from analysis.engine.analytics.objects import Detection

RED = (255, 0, 0)


class RedThings:
    """Finds red rectangles, but only in a copy of 100 pixels in which they have 5 at least."""

    name, version, sha256, classes, blind = "red", "1", None, frozenset({"thing"}), "Sees red things only."

    def __init__(self):
        self.looks = 0

    def find(self, rgb):
        self.looks += 1
        height, width = rgb.shape[:2]
        red = (rgb[:, :, 0] > 200).astype(np.uint8)
        boxes = cv2.connectedComponentsWithStats(red)[2][1:]
        least = 5 * max(width, height) / 100
        return tuple(
            Detection((x / width, y / height, (x + wide) / width, (y + high) / height), 0.9, "thing")
            for x, y, wide, high, _ in boxes
            if min(wide, high) >= least
        )


def picture(*boxes, width=3840, height=2160):
    rgb = np.zeros((height, width, 3), np.uint8)
    for left, top, right, bottom in boxes:
        rgb[top:bottom, left:right] = RED
    return rgb


def in_pixels(found, rgb):
    size = rgb.shape[1::-1] * 2
    return sorted(
        tuple(round(side * full) for side, full in zip(one.box, size, strict=True)) for one in found
    )


def test_small_things_are_found_where_the_whole_picture_hides_them():
    rgb = picture((100, 100, 160, 160), (3700, 2050, 3780, 2120))

    whole, parts = RedThings().find(rgb), Tiled(RedThings()).find(rgb)

    assert whole == ()
    assert in_pixels(parts, rgb) == [(100, 100, 160, 160), (3700, 2050, 3780, 2120)]


@pytest.mark.parametrize("left", range(0, 1900, 190))
def test_a_thing_is_told_once_and_whole_wherever_it_lies(left):
    rgb = picture((left, 700, left + 150, 850), width=1920, height=1080)

    found = Tiled(RedThings()).find(rgb)

    assert in_pixels(found, rgb) == [(left, 700, min(left + 150, 1920), 850)]


def test_a_thing_larger_than_a_part_is_told_once():
    rgb = picture((300, 200, 2900, 1900))

    assert in_pixels(Tiled(RedThings()).find(rgb), rgb) == [(300, 200, 2900, 1900)]


@pytest.mark.parametrize(
    ("width", "height", "looks"),
    [(640, 360, 1), (832, 832, 1), (1280, 720, 3), (1920, 1080, 7), (3840, 2160, 25)],
)
def test_the_number_of_looks_is_known_beforehand(width, height, looks):
    finder = RedThings()

    Tiled(finder).find(picture(width=width, height=height))

    assert finder.looks == looks


@pytest.mark.parametrize("size", [(16_000, 16_000), (60_000, 10), (10, 60_000), (100_000, 100_000)])
def test_no_picture_costs_more_than_is_stated(size):
    placed = tiles(*size)

    assert 1 < len(placed) <= MOST_TILES
    assert all(
        0 <= left < right <= size[0] and 0 <= top < bottom <= size[1] for left, top, right, bottom in placed
    )
    assert max(right for _, _, right, _ in placed) == size[0]
    assert max(bottom for *_, bottom in placed) == size[1]


def test_it_says_what_it_is():
    tiled = Tiled(RedThings())

    assert (tiled.name, tiled.classes) == ("red-tiled", {"thing"})
    assert tiled.blind.endswith("Sees red things only.")
