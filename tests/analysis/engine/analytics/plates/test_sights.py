"""Of each text that was read of a plate the surest sight is kept."""

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
