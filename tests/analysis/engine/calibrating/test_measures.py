"""Figures of score sets whose worth is known beforehand."""

import numpy as np
import pytest

from analysis.engine.calibrating import measures


def labels(fake, real):
    return np.array([*fake, *real]), np.array([True] * len(fake) + [False] * len(real))


@pytest.mark.parametrize(
    ("fake", "real", "auc", "eer"),
    [
        ([0.8, 0.9], [0.1, 0.2], 1.0, 0.0),
        ([0.1, 0.2], [0.8, 0.9], 0.0, 1.0),
        ([0.5, 0.5], [0.5, 0.5], 0.5, 0.5),
        ([0.2, 0.4, 0.6, 0.8], [0.1, 0.3, 0.5, 0.7], 0.625, 0.5),
        # one of four of either label lies on the wrong side
        ([0.25, 0.7, 0.8, 0.9], [0.1, 0.2, 0.3, 0.75], 0.8125, 0.25),
    ],
)
def test_area_and_equal_error_rate_of_known_sets(fake, real, auc, eer):
    assert measures.auc(np.array(fake), np.array(real)) == pytest.approx(auc)
    assert measures.eer(np.array(fake), np.array(real)) == pytest.approx(eer)


def test_normal_scores_have_the_area_and_error_rate_of_theory():
    rng = np.random.default_rng(3)
    fake, real = rng.normal(2, 1, 20_000), rng.normal(0, 1, 20_000)

    # Φ(2/√2) and Φ(−1)
    assert measures.auc(fake, real) == pytest.approx(0.9214, abs=0.005)
    assert measures.eer(fake, real) == pytest.approx(0.1587, abs=0.005)


def test_the_curve_begins_with_nothing_flagged_and_ends_with_everything():
    alarms, hits = measures.roc(np.array([0.4, 0.9]), np.array([0.1, 0.4]))

    assert list(zip(alarms, hits, strict=True)) == [(0, 0), (0, 0.5), (0.5, 1), (1, 1)]


def test_files_of_one_source_that_are_alike_do_not_narrow_the_interval():
    rng = np.random.default_rng(0)
    shift = {name: rng.normal(0, 1) for name in "abcdef"}
    fake = [shift[name] + 1 + rng.normal(0, 0.1) for name in "abcdef" for _ in range(50)]
    real = [shift[name] + rng.normal(0, 0.1) for name in "abcdef" for _ in range(50)]
    scores, manipulated = labels(fake, real)
    sources = [name for _ in range(2) for name in "abcdef" for _ in range(50)]

    clustered = measures.auc_estimate(scores, manipulated, sources)
    by_file = measures.auc_estimate(scores, manipulated, ["one"] * len(scores))

    assert clustered.high - clustered.low > 2 * (by_file.high - by_file.low)


def test_a_rate_of_nothing_counted_is_not_sure_to_be_nothing():
    rate = measures.rate(np.zeros(30, bool), ["a"] * 30)

    assert (rate.count, rate.of, rate.low) == (0, 30, 0.0)
    # Clopper and Pearson: 1 - 0.025 ** (1 / 30)
    assert rate.high == pytest.approx(0.1157, abs=1e-4)


def test_a_rate_of_no_files_may_be_anything():
    assert measures.rate(np.zeros(0, bool), []) == measures.Rate(0, 0, 0.0, 1.0)


def test_figures_are_the_same_each_time():
    scores, manipulated = labels([0.4, 0.7, 0.9], [0.1, 0.5, 0.6])

    first = measures.auc_estimate(scores, manipulated, list("abcabc"))

    assert measures.auc_estimate(scores, manipulated, list("abcabc")) == first
