"""What is calibrated, on how much, and what stays uncalibrated."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.engine.calibrating.fit import Promise, Scored, Uncalibrated, calibrate, choose
from analysis.engine.types import Condition
from tests.analysis.engine.plugins import card
from tests.calibrations import CREATED, good, spread, told


def refused(answers, **order):
    found = calibrate(card(), answers, created=CREATED, **order)
    assert isinstance(found, Uncalibrated)
    return found.missing


def leaking():
    """Sources a and b score low, c scores high, whatever was done to a file: its camera is what is seen."""
    return [
        *(one for name in "ab" for one in spread(0.0, 0.2, manipulated=False, source=name, files=30)),
        *(one for name in "ab" for one in spread(0.3, 0.5, manipulated=True, source=name, files=30)),
        *spread(0.80, 0.85, manipulated=False, source="c", files=30),
        *spread(0.9, 1.0, manipulated=True, source="c", files=30),
    ]


def test_a_good_detector_gets_cuts_between_the_labels_and_figures_with_their_numbers():
    found = told(card(), good())

    assert 0.38 <= found.none_cut <= found.strong_cut <= 0.63
    assert (found.files.manipulated, found.files.unmanipulated) == (60, 60)
    assert (found.sources.manipulated, found.sources.unmanipulated) == (3, 3)
    assert (found.auc.value, found.eer) == (1.0, 0.0)
    assert (found.false_alarms.count, found.misses.count, found.false_alarms.of) == (0, 0, 60)
    assert (found.version, found.weights_sha256, found.created) == ("1.0", None, CREATED)


def test_a_random_split_keeps_the_promise_where_an_unseen_source_breaks_it():
    answers = leaking()
    scores = np.array([answer.score for answer in answers])
    manipulated = np.array([answer.manipulated for answer in answers])
    half = np.random.default_rng(0).permutation(len(answers)) < len(answers) // 2
    cuts = choose(scores[half], manipulated[half], Promise())

    at_random = (scores[~half & ~manipulated] >= cuts.strong).mean()
    missing = refused(answers)

    assert at_random <= 0.06
    assert missing == (
        "on sources that had no part in choosing the cuts 30 of 90 unmanipulated files raise an alarm, "
        "where 0.05 of them was asked for",
        "on unseen sources it does not tell the labels apart (no score there speaks for manipulation)",
    )


def test_the_cuts_keep_their_promise_on_further_files_of_the_same_kind():
    rng = np.random.default_rng(5)
    manipulated = np.arange(200) < 100
    alarms, misses = [], []
    for _ in range(200):
        cuts = choose(
            np.where(manipulated, rng.normal(1, 1, 200), rng.normal(0, 1, 200)), manipulated, Promise()
        )
        alarms.append((rng.normal(0, 1, 200) >= cuts.strong).mean())
        misses.append((rng.normal(1, 1, 200) < cuts.none).mean())

    assert np.mean(alarms) <= 0.055  # 0.05 and the noise of 200 draws
    assert np.mean(misses) <= 0.105


def test_a_detector_better_than_asked_for_keeps_both_promises():
    cuts = choose(np.array([0.1] * 40 + [0.9] * 40), np.array([False] * 40 + [True] * 40), Promise())

    assert 0.1 < cuts.none < cuts.strong <= 0.9


def test_too_few_files_stay_uncalibrated_and_are_told_what_is_missing():
    assert refused(good("abc", files=9)) == (
        "27 unmanipulated files have a score, 30 are needed",
        "27 manipulated files have a score, 30 are needed",
    )


def test_many_files_of_two_sources_stay_uncalibrated():
    assert refused(good("ab", files=200)) == (
        "2 sources of unmanipulated files have one, 3 are needed",
        "2 sources of manipulated files have one, 3 are needed",
    )


def test_a_rate_that_so_few_files_cannot_resolve_asks_for_more():
    missing = refused(good(), promise=Promise(false_positive_rate=0.01))

    assert missing == ("60 unmanipulated files have a score, 100 are needed",)


def sized(sizes, *, manipulated):
    low, high = (0.6, 1.0) if manipulated else (0.0, 0.4)
    return [
        answer
        for source, files in sizes.items()
        for answer in spread(low, high, manipulated=manipulated, source=source, files=files)
    ]


@pytest.mark.parametrize(
    ("unequal", "label", "share"), [(False, "unmanipulated", "0.05"), (True, "manipulated", "0.1")]
)
def test_a_source_without_which_too_few_files_are_left_stays_uncalibrated(unequal, label, share):
    answers = [
        *sized({"a": 60, "b": 1, "c": 1}, manipulated=unequal),
        *sized({"a": 20, "b": 20, "c": 20}, manipulated=not unequal),
    ]

    assert refused(answers) == (
        f"too few {label} files outside source a: 2, where a rate of {share} needs more",
    )


def test_a_rare_rate_needs_its_files_outside_every_source():
    missing = refused(good("abcd", files=26), promise=Promise(false_positive_rate=0.01))

    assert missing == ("too few unmanipulated files outside source a: 78, where a rate of 0.01 needs more",)


def test_abstentions_count_for_nothing_and_are_named():
    silent = [Scored(f"s{at}", "a", at < 3, None, Condition(), "no_face") for at in range(5)]

    found = told(card(), [*good(), *silent])

    assert found.files.manipulated == 60
    assert [(one.manipulated, one.reason, one.files) for one in found.abstained] == [
        (False, "no_face", 2),
        (True, "no_face", 3),
    ]


def test_copies_of_the_ladder_are_no_further_files_but_have_a_row():
    copies = [replace(answer, rung="JPEG 50", score=0.5) for answer in good()]

    found = told(card(), [*good(), *copies])

    row = found.rows[-1]
    assert found.files.manipulated == 60
    assert (row.axis, row.title) == ("ladder", "JPEG 50")
    assert (row.false_alarms.of, row.misses.of) == (60, 60)


def test_rows_count_files_by_their_measured_condition_and_an_original_once():
    small, large = Condition(short_side_px=300.0), Condition(short_side_px=800.0)
    copies = [replace(answer, rung="half size", condition=small) for answer in good(condition=small)]

    found = told(card(), [*good("abc", condition=small), *good("def", files=10, condition=large), *copies])

    rows = {row.title: row for row in found.rows if row.files.manipulated}
    assert rows["shorter side in px below 360"].files.manipulated == 60
    assert rows["shorter side in px 720 to 1080"].files.manipulated == 30
    assert set(rows) == {"shorter side in px below 360", "shorter side in px 720 to 1080", "half size"}


def test_files_of_either_label_with_one_name_are_two_files():
    small = Condition(short_side_px=300.0)
    answers = [replace(one, file=one.file.rsplit("/")[-1] + one.source) for one in good(condition=small)]

    (row,) = [row for row in told(card(), answers).rows if row.files.manipulated]

    assert (row.files.manipulated, row.files.unmanipulated) == (60, 60)


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_a_net_that_says_the_same_of_everything_stays_uncalibrated(score):
    missing = refused([replace(answer, score=score) for answer in good()])

    assert missing == (
        "on unseen sources it does not tell the labels apart (AUC 0.50, 95 % interval 0.50 to 0.50)",
    )


@pytest.mark.parametrize("shift", [-0.3, 0.0])
def test_a_detector_that_is_inverted_or_a_coin_stays_uncalibrated(shift):
    rng = np.random.default_rng(3)
    answers = [
        replace(answer, score=float(rng.uniform(0.3, 0.7) + shift * answer.manipulated)) for answer in good()
    ]

    assert "on unseen sources it does not tell the labels apart" in " ".join(refused(answers))
