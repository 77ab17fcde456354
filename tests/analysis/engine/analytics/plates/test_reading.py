"""Lookalikes are settled by the grammar and marked; a region is told only where there is one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.engine.analytics.plates.formats import built_in, load
from analysis.engine.analytics.plates.reading import read_of, understood
from analysis.engine.analytics.plates.signs import SIGNS


def reading(text, *regions, confidences=0.9, alternatives=()):
    grammar = built_in().only(regions) if regions else built_in()
    read = read_of(text, confidences, pts_seconds=1.0, frame=25, alternatives=alternatives)
    return understood(read.characters, grammar)


@pytest.mark.parametrize(
    ("read", "plate"),
    [
        ("RKO15AN", "RK015AN"),
        ("RK1I5AN", "RK115AN"),
        ("RK8B5AN", "RK885AN"),
        ("RK1S5AN", "RK155AN"),
        ("RK1Z5AN", "RK125AN"),
        ("0K115AN", "OK115AN"),
        ("1K115AN", "IK115AN"),
        ("8K115AN", "BK115AN"),
        ("5K115AN", "SK115AN"),
        ("2K115AN", "ZK115AN"),
    ],
)
def test_the_grammar_settles_lookalikes_and_marks_them(read, plate):
    found = reading(read, "SK")

    assert found.text == plate
    settled = [(one.read, one.sign) for one in found.characters if one.settled]
    assert settled == [(before, after) for before, after in zip(read, plate, strict=True) if before != after]


def test_what_fits_as_it_was_read_is_left_alone():
    found = reading("RK115AN", "SK")

    assert (found.text, found.written, found.region) == ("RK115AN", "RK-115AN", "SK")
    assert not any(one.settled for one in found.characters)


def test_the_fewest_changes_win():
    found = reading("B0B1234", "BR")

    assert (found.text, [one.name for one in found.formats]) == ("BOB1234", ["Brazil until 2018"])


def test_nothing_is_settled_where_grammars_disagree():
    found = reading("B0B1234", "BR", "US")

    assert found.text == "B0B1234"
    assert not any(one.settled for one in found.characters)
    assert set(found.candidates) == {"B0B1234", "BOB1234", "B081234", "80B1234"}
    assert found.region is None


def test_a_text_is_not_made_a_plate_by_changing_most_of_it():
    grammar = load('[[format]]\nname = "x"\nregion = "XX"\nshapes = ["DDDDD"]\n')
    three, four = (read_of(text, 0.9, pts_seconds=0, frame=0).characters for text in ("OIS12", "OISB2"))

    assert understood(three, grammar).text == "01512"
    assert understood(four, grammar).text == "OISB2"


@pytest.mark.parametrize(
    ("plate", "region"),
    [
        ("R589789", "US"),
        ("RK115AN", None),  # Slovakia, France and Italy write so
        ("GWT2180", None),  # Brazil, Germany, the United States
        ("X1Y2Z3W4", None),  # nobody
    ],
)
def test_the_region_is_told_only_where_one_fits(plate, region):
    assert reading(plate).region == region


def test_the_countries_of_a_camera_tell_the_region():
    assert reading("GWT2180", "BR", "FR").region == "BR"


def test_separators_are_set_only_where_there_is_one_way():
    assert reading("MAB1234", "DE").written == "MAB1234"
    assert reading("BAB12", "DE").written == "BAB12"
    assert reading("AB12CDE", "GB").written == "AB12 CDE"


def test_each_sign_keeps_its_confidence_and_alternatives():
    others = [{}, {}, {"8": 0.2, "!": 0.1}, {}, {}]

    read = read_of("a-b 1", [0.9, 0.1, 0.8, 0.1, 0.7], pts_seconds=0, frame=0, alternatives=others)

    assert [(one.sign, one.confidence, dict(one.alternatives)) for one in read.characters] == [
        ("A", 0.9, {}),
        ("B", 0.8, {"8": 0.2}),
        ("1", 0.7, {}),
    ]


def test_confidence_in_the_lookalike_that_is_ruled_out_counts_for_the_sign():
    shares = [{}, {}, {"0": 0.375, "Q": 0.125}, {}, {}, {}, {}]
    found = reading("RKO15AN", "SK", confidences=[0.9, 0.9, 0.5, 0.9, 0.9, 0.9, 0.9], alternatives=shares)

    third = found.characters[2]
    assert (third.sign, third.confidence, dict(third.alternatives), third.settled) == (
        "0",
        0.875,
        {"Q": 0.125},
        True,
    )


def test_a_doubt_the_grammar_leaves_open_is_not_marked_as_settled():
    grammar = load('[[format]]\nname = "x"\nregion = "XX"\nshapes = ["AAA"]\n')
    read = read_of("AO1", [0.9, 0.5, 0.9], pts_seconds=0, frame=0, alternatives=[{}, {"0": 0.4}, {}])

    second = understood(read.characters, grammar).characters[1]

    assert (second.sign, second.confidence, second.settled) == ("O", 0.5, False)


def test_confidences_that_are_no_shares_count_as_none_or_all():
    read = read_of("ABCD", [float("nan"), float("inf"), -3, 7], pts_seconds=0, frame=0)

    assert [one.confidence for one in read.characters] == [0.0, 0.0, 0.0, 1.0]


def test_lists_of_another_length_are_refused():
    with pytest.raises(ValueError, match="3 characters came with 2 confidences"):
        read_of("ABC", [0.1, 0.2], pts_seconds=0, frame=0)
    with pytest.raises(ValueError, match="3 characters came with 1 alternatives"):
        read_of("ABC", 0.5, pts_seconds=0, frame=0, alternatives=[{"8": 0.1}])


def test_an_empty_read_fits_nothing():
    found = reading("—")

    assert (found.text, found.formats, found.candidates, found.region) == ("", (), (), None)


@given(st.text(max_size=40) | st.text("OI8BS5Z20A1", max_size=10))
def test_whatever_is_read_is_kept_sign_for_sign(text):
    read = read_of(text, 0.5, pts_seconds=0, frame=0)

    found = understood(read.characters, built_in())

    assert len(found.text) == len(read.text) <= 32
    assert set(found.text) <= SIGNS
    assert all(
        one.settled == (one.sign != before) for one, before in zip(found.characters, read.text, strict=True)
    )


def test_a_very_long_text_is_cut():
    assert read_of("A1" * 10_000_000, 0.5, pts_seconds=0, frame=0).text == "A1" * 16
