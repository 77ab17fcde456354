"""Likelihood ratios are never surer than the number of files allows."""

import numpy as np
import pytest

from analysis.engine.calibrating import ratios


def drawn(files, seed=0, distance=2.0):
    rng = np.random.default_rng(seed)
    manipulated = np.arange(2 * files) < files
    return np.where(manipulated, rng.normal(distance, 1, 2 * files), rng.normal(0, 1, 2 * files)), manipulated


def test_the_map_finds_the_ratios_of_theory():
    scores, manipulated = drawn(50_000)

    found = ratios.applied(np.array([0.0, 1.0, 2.0]), ratios.fitted(scores, manipulated))

    # of two normal distributions 2 apart: (2x − 2) · log10(e)
    assert found == pytest.approx([-0.8686, 0.0, 0.8686], abs=0.1)


def test_the_map_never_falls():
    scores, manipulated = drawn(100)

    starts, log10 = ratios.fitted(scores, manipulated)

    assert (np.diff(starts) > 0).all()
    assert (np.diff(log10) > 0).all()


@pytest.mark.parametrize("files", [10, 100, 1000])
def test_perfect_separation_says_no_more_than_its_files(files):
    manipulated = np.arange(2 * files) < files
    unseen = np.where(manipulated, ratios.BEYOND, -ratios.BEYOND)

    low, high = ratios.bounds(unseen, manipulated)

    assert high == pytest.approx(np.log10(files), abs=0.05)
    assert low == pytest.approx(-np.log10(files), abs=0.05)


def test_ratios_that_mislead_are_bounded_to_say_nothing():
    manipulated = np.arange(40) < 20
    inverted = np.where(manipulated, -2.0, 2.0)

    assert ratios.bounds(inverted, manipulated) == (0.0, 0.0)


def test_the_cost_is_one_bit_for_saying_nothing_and_less_for_what_helps():
    scores, manipulated = drawn(2000)
    truth = (2 * scores - 2) * np.log10(np.e)

    assert ratios.cllr(np.zeros(len(scores)), manipulated) == pytest.approx(1.0)
    assert ratios.cllr(truth, manipulated) < 0.6
