"""Plates are the nearer the more alike their signs look."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.engine.analytics.plates.distance import Change, between, within

PLATES = st.text("AB8O0I12ZS5", max_size=9)


@pytest.mark.parametrize(
    ("first", "second", "total"),
    [
        ("AB12CDE", "ab-12 cde", 0.0),
        ("AB12CDE", "A812CDE", 0.2),
        ("AB12CDE", "AB1ZCDE", 0.2),
        ("AB12CDE", "AB12CDF", 0.6),
        ("AB12CDE", "AB12CDX", 1.0),
        ("AB12CDE", "B12CDE", 1.0),
        ("AB12CDE", "AB12CDEE", 1.0),
        ("AB12CDE", "BA12CDE", 0.8),
        ("AB12CDE", "A8IZC0E", 1.0),
        ("", "AB1", 3.0),
        ("ABC", "XYZW", 4.0),
        ("", "", 0.0),
    ],
)
def test_the_distance_is_the_cheapest_way(first, second, total):
    assert between(first, second).total == total
    assert between(second, first).total == total


def test_the_way_is_told_step_by_step():
    found = between("A812CDE", "BAB12CD")

    assert found.changes == (Change("", "B", 1.0), Change("8", "B", 0.2), Change("E", "", 1.0))


@given(PLATES, PLATES)
def test_the_steps_lead_from_the_one_to_the_other(first, second):
    found = between(first, second)

    assert round(sum(one.cost for one in found.changes), 6) == found.total
    assert between(second, first).total == found.total
    assert len(first) - sum(len(one.before) for one in found.changes) == len(second) - sum(
        len(one.after) for one in found.changes
    )
    assert (found.total == 0) == (first == second)


@given(PLATES, PLATES, st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.4, 2.0, 3.3]))
def test_the_short_way_to_ask_gives_the_same_answer(first, second, most):
    assert within(first, second, most) == (between(first, second).total <= most)


def test_only_the_beginning_of_a_long_text_is_compared():
    assert between("AB1" * 1_000_000, "").total == 32.0
