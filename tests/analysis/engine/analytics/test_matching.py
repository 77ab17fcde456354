"""Boxes are compared, and the best of all assignments is found."""

import numpy as np
import pytest

from analysis.engine.analytics.matching import assigned, nearness, overlaps


def test_overlap_is_the_common_area_over_both():
    found = overlaps(
        [(0.0, 0.0, 0.2, 0.2)], [(0.1, 0.0, 0.3, 0.2), (0.0, 0.0, 0.2, 0.2), (0.5, 0.5, 0.6, 0.6)]
    )

    assert found == pytest.approx(np.array([[1 / 3, 1.0, 0.0]]))


def test_nothing_overlaps_nothing():
    assert overlaps([], [(0.0, 0.0, 0.1, 0.1)]).shape == (0, 1)
    assert assigned(np.zeros((0, 3)), least=0.1) == []


def test_the_largest_sum_wins_over_the_largest_pair():
    likeness = np.array([[0.9, 0.8], [0.8, 0.1]])

    assert assigned(likeness, least=0.05) == [(0, 1), (1, 0)]


def test_a_pair_below_the_threshold_is_none():
    likeness = np.array([[0.9, 0.0], [0.8, 0.1]])

    assert assigned(likeness, least=0.2) == [(0, 0)]


def test_more_boxes_than_tracks_leave_some_free():
    assert assigned(np.array([[0.3, 0.9, 0.5]]), least=0.2) == [(0, 1)]


def test_nearness_falls_with_the_distance_that_the_motion_allows():
    box, spreads = (0.4, 0.4, 0.5, 0.5), [(0.05, 0.05)]
    shifted = [(0.4 + by, 0.4, 0.5 + by, 0.5) for by in (0.0, 0.06, 0.11, 0.13)]

    found = nearness([box], spreads, shifted, most_sizes=1.5)[0]

    assert found[0] == 1
    assert found[0] > found[1] > found[2] > 0
    assert found[3] == 0  # 2.6 deviations


def test_boxes_far_off_or_of_another_size_are_not_near():
    box, unsure = (0.4, 0.4, 0.5, 0.5), [(1.0, 1.0)]
    large, far = (0.3, 0.3, 0.6, 0.6), (0.56, 0.4, 0.66, 0.5)

    assert nearness([box], unsure, [large, far], most_sizes=1.5).tolist() == [[0.0, 0.0]]
