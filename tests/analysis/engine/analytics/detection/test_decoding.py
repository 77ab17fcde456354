"""What a net gives becomes boxes in 0–1 of the frame, whatever the frame's shape."""

from math import log

import numpy as np
import pytest

from analysis.engine.analytics.detection import best_finder
from analysis.engine.analytics.detection.fastestdet import squeezed
from analysis.engine.analytics.detection.yolox import letterboxed
from tests.analysis.engine.analytics.detection import models

PERSON, BICYCLE, CAR = 0, 1, 2
PICTURE = np.zeros((416, 832, 3), np.uint8)  # scaled to a half
# of the grid of stride 8, 52 cells wide: column 10, row 12
CELL = 12 * 52 + 10


@pytest.fixture
def yolox(tmp_path, monkeypatch):
    def made(*filled):
        store = models.installed(tmp_path, monkeypatch, "yolox-nano", models.giving(models.rows(*filled)))
        return best_finder(store, name="yolox-nano")

    return made


def test_a_row_is_a_box_around_its_cell(yolox):
    finder = yolox((CELL, ((0.5, 0.25, log(4), log(6)), 0.8, {CAR: 0.5, PERSON: 0.25})))

    (found,) = finder.find(PICTURE)

    # middle (10.5, 12.25) cells of 8 px, 32 x 48 px: 68 to 100 across, 74 to 122 down, of 416 x 208 that are picture
    assert found.box == pytest.approx((68 / 416, 74 / 208, 100 / 416, 122 / 208), abs=1e-6)
    assert (found.class_name, found.confidence) == ("car", pytest.approx(0.4))


@pytest.mark.parametrize(
    ("number", "middle"),
    [
        (0, (4, 4)),
        (2703, (412, 412)),
        (2704, (8, 8)),
        (3379, (408, 408)),
        (3380, (16, 16)),
        (3548, (400, 400)),
    ],
)
def test_the_three_grids_follow_one_another(yolox, number, middle):
    finder = yolox((number, ((0.5, 0.5, -9, -9), 1, {CAR: 1})))

    (found,) = finder.find(np.zeros((416, 416, 3), np.uint8))

    left, top, right, bottom = found.box
    assert ((left + right) * 208, (top + bottom) * 208) == pytest.approx(middle, abs=1e-3)


def test_one_object_is_told_once_per_class(yolox):
    place = (0.5, 0.5, log(4), log(4))
    beside = (0.75, 0.5, log(4), log(4))
    finder = yolox(
        (CELL, (place, 0.9, {PERSON: 1})),
        (CELL + 1, ((-0.25, 0.5, log(4), log(4)), 0.8, {PERSON: 1})),
        (CELL + 2, (beside, 0.7, {BICYCLE: 1})),
    )

    found = finder.find(PICTURE)

    assert [(one.class_name, round(one.confidence, 3)) for one in found] == [
        ("person", 0.9),
        ("bicycle", 0.7),
    ]


def test_the_doubtful_are_told_from_a_tenth_on(yolox):
    finder = yolox(
        (CELL, ((0.5, 0.5, 0, 0), 0.5, {PERSON: 0.21})),
        (CELL + 9, ((0.5, 0.5, 0, 0), 0.5, {PERSON: 0.19})),
    )

    assert [round(one.confidence, 3) for one in finder.find(PICTURE)] == [0.105]


def test_boxes_end_at_the_frame_and_those_in_the_padding_are_none(yolox):
    finder = yolox(
        (0, ((0, 0, log(10), log(10)), 0.9, {CAR: 1})),
        (40 * 52 + 10, ((0.5, 0.5, 0, 0), 0.9, {CAR: 1})),  # 320 px down, where the picture ends at 208
    )

    (found,) = finder.find(PICTURE)

    assert found.box == pytest.approx((0, 0, 40 / 416, 40 / 208), abs=1e-6)


def test_numbers_that_are_none_are_no_objects(yolox):
    nan, much = float("nan"), 3e38
    finder = yolox(
        (1, ((nan, 0, 0, 0), 0.9, {CAR: 1})),
        (2, ((0, 0, 0, 0), nan, {CAR: 1})),
        (3, ((0, 0, 0, 0), 0.9, {CAR: nan})),
        (4, ((much, much, 0, 0), 0.9, {CAR: 1})),
        (CELL, ((0.5, 0.5, 0, 0), 1.5, {CAR: 1})),
    )

    found = finder.find(PICTURE)

    assert [one.confidence for one in found] == [1.0]


def test_a_picture_lies_at_the_top_left_in_blue_green_red():
    rgb = np.zeros((100, 208, 3), np.uint8)
    rgb[:] = (10, 20, 30)

    (planes,) = letterboxed(rgb)

    assert planes.shape == (3, 416, 416)
    assert planes[:, 0, 0].tolist() == planes[:, 199, 415].tolist() == [30, 20, 10]
    assert planes[:, 200, 0].tolist() == planes[:, 415, 415].tolist() == [114, 114, 114]


def test_a_squeezed_picture_fills_its_input():
    rgb = np.zeros((100, 208, 3), np.uint8)
    rgb[:] = (51, 102, 255)

    (planes,) = squeezed(rgb)

    assert planes.shape == (3, 352, 352)
    assert planes[:, 351, 351].tolist() == pytest.approx([1.0, 0.4, 0.2])


def test_fastestdet_tells_boxes_in_shares_of_the_frame(tmp_path, monkeypatch):
    planes = np.zeros(models.FASTESTDET_OUT, np.float32)
    # row 5, column 11: presence, offsets before tanh, sides before sigmoid, 80 classes
    planes[0, :5, 5, 11] = (0.5, 0.0, 0.5, -log(9), -log(4))
    planes[0, 5 + CAR, 5, 11] = 0.8
    content = models.giving(planes, fed=models.FASTESTDET_IN)
    finder = best_finder(models.installed(tmp_path, monkeypatch, "fastestdet", content), name="fastestdet")

    (found,) = finder.find(PICTURE)

    # middle (11 / 22, (5 + tanh 0.5) / 22), sides 0.1 and 0.2; 0.5 to the power 0.6 times 0.8 to the power 0.4
    assert found.box == pytest.approx((0.45, 0.148278, 0.55, 0.348278), abs=1e-5)
    assert (found.class_name, found.confidence) == ("car", pytest.approx(0.603427, abs=1e-5))
