"""What moves is found in the pictures in which it moves, and in no others."""

import cv2
import pytest

from analysis.engine.analytics.motion import Motion
from tests.analysis.engine.analytics.drawn_footage import CLEAR_PX, HEIGHT, WIDTH, Passer, film, watch

FILMS = [  # fps, side, pixels a second
    (5, 8, 55.0),
    (5, 20, 55.0),
    (12.5, 8, 160.0),
    (12.5, 70, 160.0),
    (25, 20, 110.0),
    (60, 40, 200.0),
]


def told(fps, thing, *, size=(WIDTH, HEIGHT), **how):
    """Of each picture: whether something moves by truth, None where it only peeps in, and whether it is told."""
    enough = 3.0 + (WIDTH + thing.side) / thing.speed
    frames = film(enough, fps=fps, things=(thing,), **how)
    states = watch(Motion(), ((at, cv2.resize(rgb, size)) for at, rgb in frames))
    shown = [thing.shown(state.pts_seconds) for state in states]
    truths = [True if one >= min(CLEAR_PX, thing.side) else None if one else False for one in shown]
    return [(truth, state.moving) for truth, state in zip(truths, states, strict=True) if truth is not None]


def test_precision_and_recall_over_pictures_are_99_percent_at_all_sizes_speeds_and_rates():
    pairs = [pair for fps, side, speed in FILMS for pair in told(fps, Passer(side, speed))]

    hits, false, missed = (pairs.count(one) for one in ((True, True), (False, True), (True, False)))

    assert hits > 250
    assert hits / (hits + false) >= 0.99
    assert hits / (hits + missed) >= 0.99


@pytest.mark.parametrize("size", [(480, 270), (826, 540), (1278, 719), (1920, 1080)])
def test_so_it_is_in_pictures_of_any_size(size):
    pairs = [pair for fps, side, speed in FILMS[:3] for pair in told(fps, Passer(side, speed), size=size)]

    hits, false, missed = (pairs.count(one) for one in ((True, True), (False, True), (True, False)))

    assert hits > 50
    assert hits / (hits + false) >= 0.99
    assert hits / (hits + missed) >= 0.99


@pytest.mark.parametrize("size", [(960, 540), (1278, 719)])
def test_a_thing_has_the_same_area_in_pictures_of_any_size(size):
    frames = list(film(4.0, things=(Passer(60, 100.0),)))

    small, large = (
        watch(Motion(), ((at, cv2.resize(rgb, wanted)) for at, rgb in frames))[-1]
        for wanted in ((WIDTH, HEIGHT), size)
    )

    assert large.affected_area_percentage == pytest.approx(small.affected_area_percentage, rel=0.05)
    assert large.box == pytest.approx(small.box, abs=2 / WIDTH)


@pytest.mark.parametrize("fps", [5, 25])
@pytest.mark.parametrize("shadow", [0.25, 0.4])
def test_shadows_are_not_counted(fps, shadow):
    thing = Passer(30, 100.0, shadow=shadow)

    states = watch(Motion(), film(4.5, fps=fps, things=(thing,)))
    inside = [state for state in states if thing.shown(state.pts_seconds) == thing.side]

    assert len(inside) >= 5
    for state in inside:
        assert state.affected_area_percentage == pytest.approx(100 * 30 * 30 / (WIDTH * HEIGHT), rel=0.15)
        assert state.box[3] <= (60 + 30 + 2) / HEIGHT  # opening and noise: two pixels


@pytest.mark.parametrize("fps", [5, 25])
def test_the_box_lies_around_what_moves(fps):
    thing = Passer(40, 120.0)

    states = watch(Motion(), film(4.5, fps=fps, things=(thing,)))
    inside = [state for state in states if thing.shown(state.pts_seconds) == thing.side]

    assert inside
    for state in inside:
        left = thing.left(state.pts_seconds)
        truth = (left / WIDTH, 60 / HEIGHT, (left + 40) / WIDTH, 100 / HEIGHT)
        assert state.box == pytest.approx(truth, abs=2 / HEIGHT)
        assert state.boxes == (state.box,)


def test_two_things_have_a_box_each_and_one_around_both():
    large, small = Passer(40, 100.0, top=20), Passer(20, 100.0, top=120, enters=2.8, colour=(20, 20, 220))

    last = watch(Motion(), film(4.0, things=(large, small)))[-1]

    first, second = last.boxes
    assert first[3] < second[1]
    assert last.box == (second[0], first[1], first[2], second[3])


def test_the_map_shows_where():
    thing = Passer(40, 100.0)

    last = watch(Motion(), film(4.0, things=(thing,)))[-1]
    rows, columns = last.where.shape
    left = thing.left(last.pts_seconds)

    assert (rows, columns) == (36, 64)
    assert last.where[80 * rows // HEIGHT, (left + 20) * columns // WIDTH] == 255
    assert last.where.sum() / 255 == pytest.approx(rows * columns * 1600 / (WIDTH * HEIGHT), rel=0.1)


def test_area_and_intensity_are_what_they_are_defined_as():
    thing = Passer(60, 100.0, colour=(255, 255, 255))

    def grey(rgb, at):
        white = rgb == 255
        rgb[:] = 102
        rgb[white] = 255
        return rgb

    last = watch(Motion(), film(4.0, things=(thing,), change=grey, sigma=0))[-1]

    assert last.affected_area_percentage == pytest.approx(
        6.25, abs=0.1
    )  # 60 × 60 of 320 × 180, its corners opened
    assert last.motion_intensity == pytest.approx((0.0625 * 0.6) ** 0.5, abs=0.002)


def test_more_area_and_more_contrast_are_more_intensity():
    def intensity(side, colour):
        return watch(Motion(), film(4.0, things=(Passer(side, 100.0, colour=colour),)))[-1].motion_intensity

    small, large, stark = (
        intensity(20, (230, 160, 60)),
        intensity(60, (230, 160, 60)),
        intensity(60, (255, 255, 255)),
    )

    assert 0 < small < large < stark < 1
