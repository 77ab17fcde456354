"""What lies under a mask never counts, and where there are zones nothing else does."""

import numpy as np
import pytest

from analysis.engine.analytics.motion import Motion
from analysis.engine.analytics.watched import watched
from tests.analysis.engine.analytics.drawn_footage import HEIGHT, WIDTH, Passer, film, watch

LOWER = ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0))
UPPER = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.0, 0.5))
HIGH, LOW = Passer(30, 120.0, top=20), Passer(30, 120.0, top=120)


def waving(rgb, at):
    """Leaves in the wind, in the lower half."""
    rng = np.random.default_rng(round(at * 1000))
    leaves = rng.integers(0, 255, (HEIGHT // 20, WIDTH // 10, 3), np.uint8)
    rgb[HEIGHT // 2 :] = leaves.repeat(10, axis=0).repeat(10, axis=1)
    return rgb


def seen(*, things=(), change=lambda rgb, at: rgb, **where):
    return watch(Motion(**where), film(4.5, fps=8, things=things, change=change))


def moved(states):
    return any(state.moving for state in states)


def test_leaves_under_a_mask_do_not_move():
    assert moved(seen(change=waving))
    assert not moved(seen(change=waving, masks=[LOWER]))


def test_nothing_under_a_mask_changes_anything_of_what_is_told():
    quiet = seen(things=(HIGH,), masks=[LOWER])
    wild = seen(things=(HIGH,), change=waving, masks=[LOWER])

    for one, other in zip(quiet, wild, strict=True):
        assert np.array_equal(one.where, other.where)
        assert vars(one) | {"where": None} == vars(other) | {"where": None}
    assert moved(quiet)


@pytest.mark.parametrize(("thing", "counts"), [(HIGH, True), (LOW, False)])
def test_only_zones_count_where_there_are_any(thing, counts):
    assert moved(seen(things=(thing,), zones=[UPPER])) is counts


def test_a_mask_goes_before_a_zone():
    assert not moved(seen(things=(HIGH,), zones=[UPPER], masks=[UPPER]))


def test_the_area_is_a_share_of_what_is_watched():
    whole, half = (seen(things=(HIGH,), zones=zones)[-1] for zones in ([], [UPPER]))

    assert half.affected_area_percentage == pytest.approx(2 * whole.affected_area_percentage, rel=0.05)


def test_zones_of_any_shape_are_followed_to_the_pixel():
    triangle = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    rows, columns = np.indices((100, 100))

    counts = watched(100, 100, zones=[triangle], masks=[])

    assert counts[rows + columns < 98].all()
    assert not counts[rows + columns > 100].any()


def test_polygons_at_whole_pixels_cover_those_and_no_others():
    square = ((0.2, 0.3), (0.6, 0.3), (0.6, 0.7), (0.2, 0.7))
    truth = np.zeros((90, 160), bool)
    truth[27:63, 32:96] = True

    assert np.array_equal(watched(160, 90, zones=[square], masks=[]), truth)
    assert np.array_equal(watched(160, 90, zones=[], masks=[square]), ~truth)


def test_zones_add_up_and_masks_take_away():
    left = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))

    assert watched(160, 90, zones=[UPPER, LOWER], masks=[]).sum() == pytest.approx(160 * 90, abs=160 * 2)
    assert watched(160, 90, zones=[UPPER], masks=[left]).sum() == pytest.approx(160 * 90 / 4, abs=160)
