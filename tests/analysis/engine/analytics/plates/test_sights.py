"""Of each text that was read of a plate the surest sight is kept; pictures that are too many go, sights do not."""

import pytest

from analysis.engine.analytics.plates import sights
from analysis.engine.analytics.plates.finding import Plate
from analysis.engine.analytics.plates.formats import built_in
from analysis.engine.analytics.plates.reading import read_of, understood
from analysis.engine.analytics.plates.sights import Sight, Sights
from analysis.engine.types import Snapshot


def plate(text, confidence=0.9):
    read = read_of(text, confidence, pts_seconds=0.0, frame=0)
    return Plate(read, understood(read.characters, built_in()), (0.4, 0.5, 0.5, 0.53), 12.0)


def sight(text, confidence=0.9, size=10):
    return Sight(plate(text, confidence), Snapshot(b"c" * size, b"b" * size))


def test_surer_lettering_does_not_push_out_the_plate():
    kept = Sights()
    kept.keep(1, sight("KR7XY21", 0.6))
    for confidence in (0.9, 0.95, 0.97, 0.99):
        kept.keep(1, sight("TAXI123", confidence))

    assert not kept.is_wanted(1, plate("TAXI123", 0.9))
    assert kept.is_wanted(1, plate("KR7XY21", 0.7))
    assert [one.plate.reading.text for one in kept.take(1)] == ["TAXI123", "KR7XY21"]
    assert kept.take(1) == []


def test_pictures_that_do_not_fit_go_the_oldest_first_and_no_sight_does(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sights, "MOST_BYTES", 100)
    kept = Sights()
    for number in range(10):
        kept.keep(number, sight("KR7XY21"))

    pictured = [kept.take(number)[0].snapshot is not None for number in range(10)]

    assert pictured == [False] * 5 + [True] * 5
