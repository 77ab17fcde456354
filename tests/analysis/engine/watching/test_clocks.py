"""Times of watched pictures never run backward; attempts become rarer; gaps are told when they stand out."""

import time
from itertools import pairwise
from random import Random

import pytest

from analysis.engine.watching.backoff import Backoff
from analysis.engine.watching.clocks import ArrivalClock, MediaClock
from analysis.engine.watching.gaps import Gaps
from analysis.engine.watching.scrubbing import scrubbed
from analysis.engine.watching.source import LiveSource, Patience


@pytest.mark.parametrize(
    ("said", "times"),
    [
        ([0.0, 0.5, 1.0], [0.0, 0.5, 1.0]),
        ([7.0, 7.5, 8.0], [0.0, 0.5, 1.0]),
        ([None, None, None], [0.0, 0.5, 1.0]),
        ([0.0, 0.0, 0.0], [0.0, 0.5, 1.0]),
        ([0.0, 0.5, -90.0, -89.5], [0.0, 0.5, 1.0, 1.5]),
        ([0.0, 1e6, 1e6 + 0.5], [0.0, 0.5, 1.0]),
        ([0.0, float("nan"), float("inf"), 2.0], [0.0, 0.5, 1.0, 2.0]),
    ],
)
def test_times_that_repeat_fall_leap_or_lack_are_replaced(said, times):
    clock = MediaClock(0.0, 0.5)

    assert [clock.at(one) for one in said] == times


def test_what_begins_again_goes_on_a_frame_later():
    clock = MediaClock(0.0, 0.5)
    first = [clock.at(one) for one in (3.0, 3.5)]
    clock.begin_again()

    assert first + [clock.at(one) for one in (3.0, 3.5)] == [0.0, 0.5, 1.0, 1.5]


def test_no_picture_has_a_time_that_has_not_come_yet():
    began = time.monotonic()
    clock = ArrivalClock(began, 0.0)
    times = [(clock.at(0.0), time.monotonic() - began) for _ in range(20_000)]
    given = [(at, now) for at, now in times if at is not None]

    assert all(at <= now for at, now in given)
    assert all(later - earlier >= 0.001 for (earlier, _), (later, _) in pairwise(given))


def test_pictures_before_the_end_of_the_stretch_before_have_no_time():
    assert ArrivalClock(0.0, 1e8).at(0.0) is None  # beyond the clock of this machine


def test_attempts_become_rarer_up_to_a_minute():
    backoff = Backoff(Patience(), Random(5))  # noqa: S311 - no secret
    waits = [backoff.next_seconds() for _ in range(8)]

    for wait, most in zip(waits, (1, 2, 4, 8, 16, 32, 60, 60), strict=True):
        assert 0.75 * most <= wait <= most


def test_two_sources_are_not_asked_in_the_same_moment():
    assert Backoff(Patience()).next_seconds() != Backoff(Patience()).next_seconds()


@pytest.mark.parametrize(("online", "most"), [(5.0, 4), (60.0, 1)])
def test_only_a_source_that_was_there_for_long_is_soon_asked_again(online, most):
    backoff = Backoff(Patience(), Random(5))  # noqa: S311 - no secret
    backoff.next_seconds(), backoff.next_seconds()
    backoff.was_online(online)

    assert 0.75 * most <= backoff.next_seconds() <= most


def _told(*frames: tuple[float, int]) -> list[tuple[float, float, int]]:
    gaps = Gaps()
    return [(gap.from_seconds, gap.to_seconds, gap.frames) for frame in frames for gap in gaps.before(*frame)]


def test_a_second_in_which_frames_were_dropped_is_a_gap():
    frames = [*((n / 10, 0) for n in range(20)), (3.5, 16), (3.6, 16)]

    assert _told(*frames) == [(1.9, 3.5, 16)]


def test_what_came_while_a_child_was_replaced_is_a_gap_though_nobody_counted_it():
    gaps = Gaps()
    list(gaps.before(2.0, 7))
    gaps.renew()
    told = [*gaps.before(5.0, 0), *gaps.before(9.0, 0)]

    assert [(gap.from_seconds, gap.to_seconds, gap.frames) for gap in told] == [(2.0, 5.0, 0)]


def test_a_pause_of_the_source_itself_is_none():
    assert not _told((0.0, 0), (0.1, 0), (9.0, 0))


def test_a_detector_that_takes_long_for_every_frame_does_not_tell_of_gaps_for_ever():
    assert len(_told(*((2.0 * n, 20 * n) for n in range(100)))) < 6


@pytest.mark.parametrize(
    "secret",
    [
        "rtsp://10.0.0.7:8554/live?token=5",
        "rtsp://viewer:hunter2@10.0.0.7/",
        "10.0.0.7",
        "10.0.0.7:8554",
        "hunter2",
        "viewer",
        "/live?token=5",
        "http://elsewhere/x",
    ],
)
def test_reasons_hold_no_address_and_no_credentials_whoever_put_them_in(secret):
    source = LiveSource("rtsp", "rtsp://10.0.0.7:8554/live?token=5", "viewer", "hunter2")

    assert secret not in scrubbed(f"it cannot open {secret} (I/O error)\n", source)
