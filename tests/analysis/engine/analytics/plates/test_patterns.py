"""Plates are asked for by letters, digits, ? and *, and by nothing that is run."""

import fnmatch
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.engine.analytics.plates.patterns import InvalidPattern, pattern


@pytest.mark.parametrize(
    ("wanted", "plate"),
    [
        ("AB12CDE", "AB12 CDE"),
        ("ab-12 cde", "AB12CDE"),
        ("АВ*", "AB12CDE"),  # Cyrillic АВ
        ("AB??CDE", "AB12CDE"),
        ("*CDE", "AB12CDE"),
        ("AB*", "AB"),
        ("A*1*E", "AB12CDE"),
        ("***", "AB12CDE"),
        ("*?", "A"),
    ],
)
def test_a_pattern_fits_the_whole_plate(wanted, plate):
    assert pattern(wanted).fits(plate)


@pytest.mark.parametrize(
    ("wanted", "plate"),
    [("AB12", "AB12CDE"), ("?", "AB"), ("??", "A"), ("*X", "AB12CDE"), ("A*B*C", "ACB"), ("?*", "")],
)
def test_what_is_left_over_does_not_fit(wanted, plate):
    assert not pattern(wanted).fits(plate)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("", "there are none"),
        (" - ", "there are none"),
        (".*", "with [*] and [?]"),
        ("[AB]", "with [*] and [?]"),
        ("A%", "with [*] and [?]"),
        ("A_", "with [*] and [?]"),
        ("(a+)+$", "with [*] and [?]"),
        ("A\0", "with [*] and [?]"),
        ("京", "with [*] and [?]"),
        ("A" * 33, "more than 32 signs"),
        ("*" * 65, "at most 64 characters"),
    ],
)
def test_other_signs_are_refused(wanted, said):
    assert pattern("AB*").fits("AB1")

    with pytest.raises(InvalidPattern, match=said):
        pattern(wanted)


@given(st.text("AB?*", min_size=1, max_size=12), st.text("AB", max_size=10))
def test_it_means_what_such_patterns_mean_elsewhere(wanted, plate):
    assert pattern(wanted).fits(plate) == fnmatch.fnmatchcase(plate, wanted)


def test_a_pattern_made_to_be_slow_is_not():
    wanted = pattern("*A" * 31 + "*B")
    started = time.process_time()

    assert not any(wanted.fits("A" * 32) for _ in range(100))

    assert time.process_time() - started < 1.0  # 100 of them; a backtracking matcher needs years for one
