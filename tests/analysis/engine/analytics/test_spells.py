"""What begins is told once and what ends is told once, in media time."""

import pytest

from analysis.engine.analytics.spells import Began, Ended, Spells

RATES = (5, 12.5, 25, 60)


def told(fps, *stretches, until=12.0, **durations):
    """What is told, of stretches (from, to) in seconds in which it is so, at `fps` pictures a second."""
    spells = Spells(**({"least_seconds": 0.4, "cooldown_seconds": 1.0} | durations))
    times = [number / fps for number in range(round(until * fps))]
    return [
        one for at in times if (one := spells.take(at, so=any(low <= at <= high for low, high in stretches)))
    ]


@pytest.mark.parametrize("fps", RATES)
def test_a_spell_begins_once_and_ends_once_at_any_rate(fps):
    began, ended = told(fps, (2.0, 6.0))

    assert began == Began(2.0)
    assert ended.began_seconds == 2.0
    assert ended.pts_seconds == pytest.approx(6.0, abs=1 / fps)


@pytest.mark.parametrize("fps", RATES)
def test_what_is_shorter_than_the_least_duration_is_not_told(fps):
    assert told(fps, (2.0, 2.35), (5.0, 5.35)) == []


@pytest.mark.parametrize("fps", RATES)
def test_a_rest_within_the_cooldown_does_not_part_a_spell(fps):
    began, ended = told(fps, (2.0, 4.0), (4.8, 6.0))

    assert (began.pts_seconds, ended.began_seconds) == (2.0, 2.0)
    assert ended.pts_seconds == pytest.approx(6.0, abs=1 / fps)


@pytest.mark.parametrize("fps", RATES)
def test_a_rest_beyond_the_cooldown_parts_it_in_two(fps):
    kinds = [type(one) for one in told(fps, (2.0, 4.0), (5.4, 7.0))]

    assert kinds == [Began, Ended, Began, Ended]


def test_two_pictures_far_apart_make_a_spell_and_one_does_not():
    assert told(0.5, (4.0, 4.0), until=20) == []
    assert told(0.5, (4.0, 6.0), until=20) == [Began(4.0), Ended(4.0, 6.0)]


def test_closing_ends_what_is_open_where_it_was_seen_last():
    spells = Spells(least_seconds=0.1, cooldown_seconds=1.0)
    for at, so in ((0.0, True), (0.5, True), (0.9, False)):
        spells.take(at, so=so)

    assert spells.close() == Ended(0.0, 0.5)
    assert spells.close() is None
