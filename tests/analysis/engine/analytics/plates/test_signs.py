"""Plates are the same text whatever way they were written."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.engine.analytics.plates.signs import SIGNS, folded, normalised


@pytest.mark.parametrize(
    ("written", "plate"),
    [
        ("ab-12 cde", "AB12CDE"),
        ("АВ12СDЕ", "AB12CDE"),  # Cyrillic А, В, С and Е
        ("ΒΕΤ 123", "BET123"),  # Greek capitals, ΒΕΤ
        ("ＡＢ１２", "AB12"),  # full width
        ("GÖ·AB 1", "GOAB1"),
        ("GÖ AB 1", "GOAB1"),  # the same with a mark of its own
        ("ŁÓDŹ1", "LODZ1"),
        ("AB٣٤", "AB34"),  # Arabic digits
        ("🄰🄱①", "AB1"),
        ("京A12345", "A12345"),
        ("A\u200bB\u202e1\0", "AB1"),
    ],
)
def test_a_plate_is_its_letters_and_digits(written, plate):
    assert normalised(written) == plate


def test_lookalikes_are_one_when_folded():
    assert folded("O0 I1 B8 S5 Z2") == "0011885522"


@given(st.text(max_size=300))
def test_whatever_is_written_only_a_to_z_and_digits_are_kept(text):
    kept = normalised(text)

    assert set(kept) <= SIGNS
    assert len(kept) <= 32
    assert normalised(kept) == kept
    assert normalised(unicodedata.normalize("NFD", text[:30])) == normalised(text[:30])


def test_a_long_text_is_not_looked_at_to_its_end():
    assert normalised("A" + "\u0301" * 10_000_000 + "B") == "A"
