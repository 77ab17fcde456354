"""A word that vehicles wear is a doubt, whatever format it fits; a plate that only begins like one is none."""

import pytest

from analysis.engine.analytics.plates.consensus import consensus
from analysis.engine.analytics.plates.formats import built_in
from analysis.engine.analytics.plates.lettering import word_in
from analysis.engine.analytics.plates.reading import read_of


def doubt(text):
    reads = [read_of(text, 0.95, pts_seconds=frame / 25, frame=frame) for frame in range(3)]
    return consensus(reads, built_in()).doubt


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("TAXI123", "TAXI"),
        ("TAX1123", "TAXI"),
        ("123TAXI", "TAXI"),
        ("P0L1CE12", "POLICE"),
        ("POLICIA5", "POLICIA"),
        ("112SAMU", "SAMU"),
    ],
)
def test_a_word_beside_digits_is_found_however_it_is_spelt(text, word):
    assert word_in(text) == word


@pytest.mark.parametrize("text", ["TAXA123", "BUS1234", "AB12CDE", "TAXI1AB", "TA1X123", "", "1234567"])
def test_a_plate_is_no_word(text):
    assert word_in(text) == ""


def test_lettering_that_reads_agree_on_keeps_a_doubt():
    assert doubt("TAXI123") == "it spells TAXI, as vehicles are lettered beside their plate"
    assert doubt("RK115AN") == ""
