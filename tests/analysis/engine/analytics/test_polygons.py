"""Polygons are refused unless they enclose something, and say what is inside."""

import math

import numpy as np
import pytest

from analysis.engine.analytics.polygons import Polygon, mask

SQUARE = ((0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6))
HOOK = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.6, 0.9), (0.6, 0.4), (0.4, 0.4), (0.4, 0.9), (0.1, 0.9))


def ring(count):
    return tuple(
        (0.5 + 0.4 * math.cos(2 * math.pi * at / count), 0.5 + 0.4 * math.sin(2 * math.pi * at / count))
        for at in range(count)
    )


@pytest.mark.parametrize("points", [SQUARE, SQUARE[::-1], HOOK, ring(3), ring(64)])
def test_simple_polygons_are_taken(points):
    assert Polygon(points).area > 0.1


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (SQUARE[:2], "3 to 64"),
        (ring(65), "3 to 64"),
        (((0.2, 0.2), (1.01, 0.2), (0.6, 0.6)), "0–1"),
        (((0.2, 0.2), (math.nan, 0.2), (0.6, 0.6)), "0–1"),
        (((0.2, 0.2), (math.inf, 0.2), (0.6, 0.6)), "0–1"),
        ((*SQUARE, SQUARE[0]), "once"),
        (((0.2, 0.2), (0.4, 0.4), (0.6, 0.6)), "area"),
        (((0.2, 0.2), (0.6, 0.6), (0.6, 0.2), (0.2, 0.7)), "cross"),
        (((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.5, 0.2), (0.2, 0.8)), "cross"),
        (((0.2, 0.2), (0.8, 0.2), (0.8, 0.6), (0.8, 0.3), (0.2, 0.6)), "cross"),
    ],
    ids=["two", "many", "outside", "nan", "infinite", "closed", "flat", "crossing", "touching", "spike"],
)
def test_others_are_refused_with_the_reason(points, reason):
    with pytest.raises(ValueError, match=reason):
        Polygon(points)


def test_the_border_belongs_to_it():
    square = Polygon(SQUARE)

    assert all(
        square.contains(point) for point in [(0.4, 0.4), (0.2, 0.4), (0.6, 0.4), (0.4, 0.6), (0.6, 0.6)]
    )
    assert not any(square.contains(point) for point in [(0.19, 0.4), (0.61, 0.4), (0.4, 0.61), (0.8, 0.6)])


def test_the_gap_of_a_hook_is_outside():
    hook = Polygon(HOOK)

    assert not hook.contains((0.5, 0.7))
    assert hook.outside_by((0.5, 0.7)) == pytest.approx(0.1)
    assert hook.outside_by((0.2, 0.7)) == 0


def test_a_mask_covers_the_pixels_whose_middle_is_inside():
    drawn = mask([Polygon(SQUARE), Polygon(((0.8, 0.0), (1.0, 0.0), (1.0, 0.1), (0.8, 0.1)))], 10, 20)

    expected = np.zeros((20, 10), bool)
    expected[4:12, 2:6] = True
    expected[0:2, 8:10] = True
    assert np.array_equal(drawn, expected)


def test_a_mask_of_nothing_covers_nothing():
    assert mask([], 4, 3).tolist() == [[False] * 4] * 3
