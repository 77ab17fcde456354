"""A stored calibration places scores, knows when it is stale, and is checked before it counts."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.engine.banding import band_of
from analysis.engine.base_rate import flagged, flagged_share
from analysis.engine.calibration import UnsoundCalibration, from_json, stale_for
from analysis.engine.types import Band, Condition
from tests.analysis.engine.plugins import card
from tests.calibrations import good, good_calibration, spread, told

SMALL, LARGE = Condition(short_side_px=300.0), Condition(short_side_px=800.0)


@pytest.fixture(scope="module")
def found():
    return good_calibration(card())


def written(found, **changes):
    return json.dumps(json.loads(found.to_json()) | changes)


@pytest.mark.parametrize(
    ("score", "band"),
    [(0.0, Band.NONE), (0.3, Band.NONE), (0.5, Band.SOME), (0.65, Band.STRONG), (1.0, Band.STRONG)],
)
def test_a_score_lies_in_the_band_of_the_cuts(found, score, band):
    assert band_of(found, score, Condition()).band is band


def test_the_cut_itself_is_strong_and_the_lower_cut_is_not_none(found):
    assert band_of(found, found.strong_cut, Condition()).band is Band.STRONG
    assert band_of(found, found.none_cut, Condition()).band is Band.SOME


def test_a_condition_that_was_not_measured_leaves_the_detector_uncalibrated():
    found = good_calibration(card(), condition=SMALL)

    assert band_of(found, 0.9, SMALL).band is Band.STRONG
    placed = band_of(found, 0.9, LARGE)
    assert placed.band is Band.UNCALIBRATED
    assert placed.why == "0 unmanipulated files with shorter side in px 720 to 1080 are too few"


def test_where_a_condition_raises_more_alarms_than_promised_nothing_is_strong():
    noisy = [
        one
        for name in "abc"
        for one in spread(0.7, 1.0, manipulated=False, source=name, files=5, condition=LARGE)
    ]
    many = good(files=80, condition=SMALL)

    found = told(card(), [*many, *noisy])

    assert band_of(found, 0.99, SMALL).band is Band.STRONG
    placed = band_of(found, 0.99, LARGE)
    assert placed.band is Band.SOME
    assert placed.why == "with shorter side in px 720 to 1080 it raises more false alarms than promised"


def test_of_several_rows_the_one_that_promises_least_is_named():
    small_faces = Condition(short_side_px=300.0, face_px=100.0)
    found = told(card(), [*good(condition=SMALL), *good("de", files=8, condition=small_faces)])

    assert band_of(found, 0.9, small_faces).row.title == "face in px 96 to 160"


def test_likelihood_ratios_stay_within_what_the_files_support(found):
    assert found.ratios.of(1.0) == found.ratios.high
    assert found.ratios.of(0.0) == found.ratios.low
    assert 1 < found.ratios.high < math.log10(61)


def test_writing_and_reading_gives_the_same(found):
    assert from_json(found.to_json()) == found
    assert from_json(found.to_json()).digest == found.digest


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"version": "1.1"}, "version"),
        ({"weights_sha256": "ab" * 32}, "weights"),
        ({"preprocessing": "none"}, "preprocessing"),
        ({"version": "1.1", "weights_sha256": "ab" * 32}, "version and weights"),
    ],
)
def test_another_version_weights_or_preprocessing_make_it_stale(found, changes, part):
    assert stale_for(found, card()) == ""
    assert stale_for(found, card(**changes)) == f"made for another {part}"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"strong_cut": "0.5"}, "strong_cut"),
        ({"strong_cut": True}, "strong_cut"),
        ({"strong_cut": -0.1}, "strong_cut"),
        ({"strong_cut": 0.1, "none_cut": 0.2}, "lies above"),
        ({"none_cut": None}, "none_cut"),
        ({"detector": ""}, "detector"),
        ({"detector": "x" * 65}, "detector"),
        ({"preprocessing": "a\0b"}, "preprocessing"),
        ({"weights_sha256": "../../etc"}, "weights_sha256"),
        ({"created": "yesterday"}, "date"),
        ({"created": "2026-01-01T00:00:00"}, "date"),
        ({"files": {"manipulated": 0, "unmanipulated": 9}}, "one label"),
        ({"files": {"manipulated": -1, "unmanipulated": 9}}, "files"),
        ({"files": []}, "files"),
        ({"auc": {"value": 0.5, "low": 0.9, "high": 0.1}}, "upside down"),
        ({"misses": {"count": 9, "of": 3, "low": 0, "high": 1}}, "counts more"),
        ({"roc": [[0, 0]] * 501}, "roc"),
        ({"rows": [{"axis": "short_side_px"}]}, "rows"),
        ({"ratios": {"scores": [0.1], "log10": [99], "low": -1, "high": 1, "cllr": 0}}, "log10"),
        ({"ratios": {"scores": [0.5, 0.1], "log10": [0, 1], "low": -1, "high": 1, "cllr": 0}}, "rise"),
        ({"ratios": {"scores": [0.5], "log10": [0, 1], "low": -1, "high": 1, "cllr": 0}}, "as many"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_file_that_is_no_sound_calibration_is_refused_and_says_where(found, changes, said):
    assert from_json(written(found)) == found
    with pytest.raises(UnsoundCalibration, match=said):
        from_json(written(found, **changes))


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "{", "\udcff", '{"a":' * 5000, "[" * 100_000, " " * (2 << 20)]
)
def test_what_is_no_json_of_ours_is_refused(text):
    with pytest.raises(UnsoundCalibration):
        from_json(text.encode("utf-8", "surrogateescape"))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_refused(found, number):
    text = found.to_json().replace(f'"eer":{found.eer}', f'"eer":{number}')

    assert number in text
    with pytest.raises(UnsoundCalibration, match="eer"):
        from_json(text)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_score_that_is_higher_never_lies_in_a_lower_band(one, other, strong, none):
    base = good_calibration_once()
    found = replace(base, strong_cut=max(strong, none), none_cut=min(strong, none))
    order = [Band.NONE, Band.SOME, Band.STRONG]

    low, high = (order.index(band_of(found, score, Condition()).band) for score in sorted((one, other)))

    assert low <= high


def good_calibration_once(kept=[]):  # noqa: B006  # made once for all examples
    kept or kept.append(good_calibration(card()))
    return kept[0]


@pytest.mark.parametrize(
    ("found_rate", "alarms", "base", "share"),
    [
        (0.9, 0.05, 0.5, 0.947),
        # one manipulated file among a hundred: five of six flags are false
        (0.9, 0.05, 0.01, 0.154),
        (1.0, 0.0, 0.001, 1.0),
        (0.9, 0.05, 0.0, 0.0),
    ],
)
def test_what_a_flag_is_worth_depends_on_how_many_are_manipulated(found_rate, alarms, base, share):
    assert flagged_share(found_rate, alarms, base) == pytest.approx(share, abs=5e-4)


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan, math.inf])
def test_a_base_rate_that_is_no_share_is_refused(share):
    with pytest.raises(ValueError, match="no share"):
        flagged_share(0.9, 0.1, share)


def test_no_alarm_among_sixty_files_is_not_taken_for_none_at_all(found):
    share = flagged(found, 0.01)

    assert share.value == pytest.approx(0.54, abs=0.01)  # half a false alarm in 60, among 99 times as many
    assert share.low < 0.2


def test_where_nothing_is_manipulated_no_flag_is_right(found):
    assert flagged(found, 0.0).value == 0.0
