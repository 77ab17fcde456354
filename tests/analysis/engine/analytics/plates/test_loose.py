"""Plates on no known vehicle keep their number while they move on, and are gone when unseen for long."""

from analysis.engine.analytics.plates.finding import Plate
from analysis.engine.analytics.plates.formats import built_in
from analysis.engine.analytics.plates.loose import LoosePlates
from analysis.engine.analytics.plates.reading import read_of, understood


def plate(text, left=0.4):
    read = read_of(text, 0.9, pts_seconds=0.0, frame=0)
    return Plate(read, understood(read.characters, built_in()), (left, 0.5, left + 0.1, 0.53), 12.0)


def test_a_plate_that_moves_on_keeps_its_number():
    loose = LoosePlates()

    numbers = [loose.number(plate("AB12CDE", 0.1 + 0.2 * step), step / 5) for step in range(4)]

    assert numbers == [-1, -1, -1, -1]


def test_a_sign_read_otherwise_is_no_other_plate():
    loose = LoosePlates()

    assert loose.number(plate("AB12CDE"), 0.0) == loose.number(plate("AB12CDF"), 0.2)


def test_another_text_or_another_place_is_another_plate():
    loose = LoosePlates()
    first = loose.number(plate("AB12CDE"), 0.0)

    assert loose.number(plate("XY98ZZZ"), 0.2) != first
    assert loose.number(plate("AB12CDE", 0.85), 0.4) != first


def test_two_of_one_look_are_two():
    loose = LoosePlates()

    assert loose.number(plate("AB12CDE"), 0.0) != loose.number(plate("AB12CDE", 0.45), 0.0)


def test_a_plate_unseen_for_long_is_gone_once():
    loose = LoosePlates()
    number = loose.number(plate("AB12CDE"), 0.0)

    assert loose.gone(2.9) == []
    assert loose.gone(3.1) == [number]
    assert loose.gone(3.2) == []
    assert loose.boxes == []


def test_what_is_left_at_the_end_is_named_once():
    loose = LoosePlates()
    number = loose.number(plate("AB12CDE"), 0.0)

    assert loose.rest() == [number]
    assert loose.rest() == []
