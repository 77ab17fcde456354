"""Plates on no known vehicle keep their number while they move on, are told only with a plate's rims and when they are
no words laid over the footage, and are gone when unseen for long."""

import numpy as np

from analysis.engine.analytics.plates.finding import Plate
from analysis.engine.analytics.plates.formats import built_in
from analysis.engine.analytics.plates.loose import LoosePlates
from analysis.engine.analytics.plates.reading import read_of, understood

NOISE = np.random.default_rng(0).integers(0, 255, (100, 200, 3), np.uint8)


def plate(text, left=0.4, rims=(True, True)):
    read = read_of(text, 0.9, pts_seconds=0.0, frame=0)
    box = (left, 0.5, left + 0.1, 0.53)
    return Plate(read, understood(read.characters, built_in()), box, 12.0, rims=rims)


def number(loose, seen, at, rgb=NOISE):
    return loose.number(seen, at, rgb)


def elsewhere(rgb=NOISE):
    """The frame with another half, far from where the plate is."""
    changed = rgb.copy()
    changed[:40] = 255 - changed[:40]
    changed[:40, :100] = 0
    return changed


def test_a_plate_that_moves_on_keeps_its_number():
    loose = LoosePlates()

    numbers = [number(loose, plate("AB12CDE", 0.1 + 0.2 * step), step / 5) for step in range(4)]

    assert numbers == [-1, -1, -1, -1]


def test_a_sign_read_otherwise_is_no_other_plate():
    loose = LoosePlates()

    assert number(loose, plate("AB12CDE"), 0.0) == number(loose, plate("AB12CDF"), 0.2)


def test_another_text_or_another_place_is_another_plate():
    loose = LoosePlates()
    first = number(loose, plate("AB12CDE"), 0.0)

    assert number(loose, plate("XY98ZZZ"), 0.2) != first
    assert number(loose, plate("AB12CDE", 0.85), 0.4) != first


def test_two_of_one_look_are_two():
    loose = LoosePlates()

    assert number(loose, plate("AB12CDE"), 0.0) != number(loose, plate("AB12CDE", 0.45), 0.0)


def test_a_plate_unseen_for_long_is_gone_once():
    loose = LoosePlates()
    seen = number(loose, plate("AB12CDE"), 0.0)

    assert loose.gone(2.9) == []
    assert loose.gone(3.1) == [seen]
    assert loose.gone(3.2) == []
    assert loose.next_place(3.2) is None


def test_what_is_left_at_the_end_is_named_once():
    loose = LoosePlates()
    seen = number(loose, plate("AB12CDE"), 0.0)

    assert loose.rest() == [seen]
    assert loose.rest() == []


def test_what_has_no_rims_is_never_told():
    loose = LoosePlates()
    for step in range(20):
        number(loose, plate("GATE12", rims=(False, True)), step / 5)
        loose.agreed(-1)
        assert loose.ready() == []

    assert loose.is_settled(-1)
    assert loose.next_place(60.0) is None
    assert loose.rest() == []


def test_what_moves_is_told_at_once_and_read_no_more():
    loose = LoosePlates()
    seen = number(loose, plate("AB12CDE"), 0.0)
    loose.agreed(seen)

    loose.watch(NOISE, 0.2)
    assert loose.ready() == []
    loose.watch(np.roll(NOISE, 5, axis=1), 0.4)

    assert loose.ready() == [seen]
    assert loose.ready() == []
    assert loose.next_place(60.0) is None
    assert loose.is_settled(seen)


def stood(loose, rgb, seconds):
    loose.agreed(number(loose, plate("AB12CDE"), 0.0))
    told = []
    for step in range(1, int(seconds * 5) + 1):
        loose.watch(rgb, step / 5)
        told += [*loose.ready(), *loose.gone(step / 5)]
    return told


def test_what_stands_while_the_scene_changes_is_never_told():
    assert stood(loose := LoosePlates(), elsewhere(), 11.0) == []
    assert loose.rest() == []
    assert stood(loose := LoosePlates(), elsewhere(), 3.0) == []
    assert loose.rest() == []


def test_what_stands_in_a_still_scene_is_told_after_a_while():
    assert stood(LoosePlates(), NOISE, 9.0) == []
    assert stood(LoosePlates(), NOISE, 11.0) == [-1]


def test_what_was_told_is_only_missed_by_a_look_at_the_whole_frame():
    loose = LoosePlates()
    loose.agreed(number(loose, plate("AB12CDE"), 0.0))
    loose.watch(255 - NOISE, 0.2)
    loose.ready()

    loose.gone(60.0)
    assert number(loose, plate("AB12CDE"), 60.0) == -1

    loose.whole_look(64.0)
    loose.gone(64.0)
    assert number(loose, plate("AB12CDE"), 64.0) == -2


def test_places_take_turns_five_times_a_second_each():
    loose = LoosePlates()
    for left in (0.1, 0.5, 0.8):
        number(loose, plate("AB12CDE", left), 0.0)

    looked = [loose.next_place(step / 20) for step in range(12)]

    assert [box and box[0] for box in looked] == [None] * 4 + [0.1, 0.5, 0.8, None] * 2
