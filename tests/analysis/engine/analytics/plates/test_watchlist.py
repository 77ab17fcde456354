"""A plate that is waited for is found although a sign was read wrong, and how far off it was is shown."""

import time

import pytest

from analysis.engine.analytics.plates.patterns import InvalidPattern
from analysis.engine.analytics.plates.watchlist import MOST_ENTRIES, Wanted, Watchlist


def hits(read, *plates, **options):
    return [(hit.wanted.plate, hit.words) for hit in Watchlist(map(Wanted, plates)).near(read, **options)]


def test_the_plate_itself_is_found():
    assert hits("AB12CDE", "XY99 ZZZ", "AB-12 CDE") == [("AB-12 CDE", "0: as it was read")]


def test_lookalikes_are_found_with_what_was_read_for_what():
    assert hits("A8IZ CDE", "AB12 CDE") == [("AB12 CDE", "0.6: 8 read for B, I read for 1, Z read for 2")]


def test_another_plate_is_not_found():
    assert hits("AB12CDX", "AB12 CDE") == []
    assert hits("AB12CD", "AB12 CDE") == []


def test_who_asks_may_look_further():
    assert hits("AB12CD", "AB12 CDE", most=1.0) == [("AB12 CDE", "1: nothing read for E")]
    assert hits("BA12CDE", "AB12 CDE", most=1.0) == [("AB12 CDE", "0.8: BA read for AB")]


def test_the_nearest_comes_first_and_equals_in_their_order():
    found = hits("AB12COE", "AB12C0E", "AB12CDE", "AB12COE", "AB12CQE")

    assert [plate for plate, _ in found] == ["AB12COE", "AB12C0E", "AB12CDE", "AB12CQE"]


@pytest.mark.parametrize("most", [-0.1, 3.1, float("nan"), float("inf")])
def test_nobody_looks_farther_than_that(most):
    assert hits("AB12CDE", "AB12 CDE", most=3.0) == [("AB12 CDE", "0: as it was read")]

    with pytest.raises(ValueError, match="within 0 to 3"):
        hits("AB12CDE", "AB12 CDE", most=most)


def test_a_line_may_be_a_pattern():
    assert hits("AB12CDE", "AB*", "A8*", "?B12CDE") == [
        ("AB*", "0: as it was read"),
        ("?B12CDE", "0: as it was read"),
    ]


def test_an_empty_read_is_nobodys_plate():
    assert hits("—", "*", "AB1") == []


def test_a_line_that_is_no_plate_is_refused():
    with pytest.raises(InvalidPattern):
        Watchlist([Wanted("AB12"), Wanted("a.*b")])


def test_a_list_has_an_end():
    with pytest.raises(InvalidPattern, match="at most 10000 plates"):
        Watchlist(Wanted("AB12") for _ in iter(int, 1))


def test_a_full_list_of_similar_plates_is_asked_in_little_time():
    full = Watchlist(Wanted(f"AB{number:05}") for number in range(MOST_ENTRIES))
    started = time.process_time()

    found = full.near("AB0I234")

    assert found[0].wanted.plate == "AB01234"
    assert time.process_time() - started < 2.0  # 0.1 s on a free core


@pytest.mark.parametrize("most", [0.0, 0.2, 0.6, 0.7, 1.0, 1.9, 3.0])
@pytest.mark.parametrize("read", ["AB12COE", "A8IZCDE", "BA12CDE", "AB12CD", "X", "—"])
def test_the_nearest_is_the_first_of_the_near(read, most):
    lines = Watchlist(map(Wanted, ("AB12C0E", "ABI2CDE", "AB12CDE", "A?IZCDE", "AB12C0E", "XY*", "AB12CQE")))
    near = lines.near(read, most=most)

    assert lines.nearest(read, most=most) == (near[0] if near else None)


def test_rules_that_look_far_share_what_a_look_costs():
    full = Watchlist(Wanted(f"AB{number:05}") for number in range(MOST_ENTRIES))
    started = time.process_time()

    found = [full.nearest("QXY1234", most=2 + share / 201) for share in range(200)]

    assert found == [None] * 200
    assert time.process_time() - started < 15.0  # 2 s on a free core; each by itself would take 400 s
