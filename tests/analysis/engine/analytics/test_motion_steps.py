"""How motion is told picture by picture: once, the same each time, anew after a break, within bounds."""

import pickle
import tracemalloc

import numpy as np
import pytest

from analysis.engine.analytics.motion import Motion, MotionLimits
from analysis.engine.analytics.spells import Began, Ended
from tests.analysis.engine.analytics.drawn_footage import Passer, film, ground, noisy, watch

PASSER = Passer(30, 140.0)


def events(states):
    return [event for state in states for event in state.events]


@pytest.mark.parametrize("fps", [5, 12.5, 30])
def test_one_passage_begins_once_and_ends_once_at_any_rate(fps):
    began, ended = events(watch(Motion(), film(6.5, fps=fps, things=(PASSER,))))

    assert began.pts_seconds == pytest.approx(2.0, abs=1 / fps + 0.05)
    assert ended == Ended(began.pts_seconds, pytest.approx(4.5, abs=1 / fps + 0.05))


def test_skipped_pictures_change_no_time_by_more_than_the_skip():
    frames = list(film(6.5, fps=24, things=(PASSER,)))

    every, few = (events(watch(Motion(), iter(frames[::step]))) for step in (1, 6))

    assert [event.pts_seconds for event in few] == pytest.approx(
        [event.pts_seconds for event in every], abs=6 / 24 + 0.01
    )


def test_a_spell_is_open_between_its_two_events():
    states = watch(Motion(), film(6.5, things=(PASSER,)))

    opened, closed = (number for number, state in enumerate(states) if state.events)

    assert [number for number, state in enumerate(states) if state.in_motion] == list(range(opened, closed))


def test_what_still_moves_at_the_end_is_ended_by_finishing():
    motion = Motion()
    states = watch(motion, film(3.0, things=(PASSER,)))

    assert [type(event) for event in events(states)] == [Began]
    assert motion.finish() == Ended(events(states)[0].pts_seconds, states[-1].pts_seconds)
    assert motion.finish() is None


@pytest.mark.parametrize(
    ("pts_seconds", "shape"),
    [(3.0, (120, 320, 3)), (13.5, (180, 320, 3)), (1.0, (180, 320, 3))],
    ids=["another size", "a leap", "a fall"],
)
def test_after_a_break_all_begins_anew_and_what_moved_has_ended(pts_seconds, shape):
    motion = Motion()
    states = watch(motion, film(3.0, things=(PASSER,)))

    after = motion.step(pts_seconds, np.full(shape, 200, np.uint8))

    assert states[-1].settled and not after.settled
    assert after.events == (Ended(events(states)[0].pts_seconds, states[-1].pts_seconds),)
    assert not (after.moving or after.in_motion or after.scene_changed)


def test_a_gap_that_is_no_leap_breaks_nothing():
    motion = Motion()
    watch(motion, film(3.0))

    assert motion.step(9.0, noisy(ground(), 3)).settled


def test_the_same_footage_is_told_the_same_twice():
    one, other = (pickle.dumps(watch(Motion(), film(4.0, things=(PASSER,)))) for _ in range(2))

    assert one == other


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 700, 3), (900, 3, 3), (40, 40, 3), (700, 500, 3)])
def test_pictures_of_any_shape_are_taken(shape):
    motion = Motion()
    dark, light = (np.full(shape, level, np.uint8) for level in (60, 70))

    states = [motion.step(number / 5, light if number % 2 else dark) for number in range(12)]

    assert max(states[-1].where.shape) <= 64
    assert not any(state.moving for state in states)


@pytest.mark.parametrize(
    "rgb",
    [
        np.zeros((9, 9), np.uint8),
        np.zeros((9, 9, 4), np.uint8),
        np.zeros((0, 9, 3), np.uint8),
        np.zeros((9, 9, 3)),
    ],
)
def test_what_is_no_picture_is_refused(rgb):
    with pytest.raises(ValueError, match="A picture is uint8"):
        Motion().step(0.0, rgb)


@pytest.mark.parametrize("pts_seconds", [float("nan"), float("inf")])
def test_what_is_no_time_is_refused(pts_seconds):
    with pytest.raises(ValueError, match="no time"):
        Motion().step(pts_seconds, ground())


@pytest.mark.parametrize("name", ["least_seconds", "memory_seconds", "scene_share", "least_area_percentage"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_limits_that_are_none_are_refused(name, value):
    with pytest.raises(ValueError, match=name):
        MotionLimits(**{name: value})


def test_the_least_area_is_that_of_one_blob():
    def moved(percentage):
        limits = MotionLimits(least_area_percentage=percentage)
        return any(state.moving for state in watch(Motion(limits=limits), film(4.0, things=(PASSER,))))

    assert moved(1.4)  # 30 × 30 of 320 × 180 are 1.56 %
    assert not moved(1.8)


def test_memory_stays_the_same_however_long_the_footage_is():
    motion, frames = Motion(), list(film(3.0, things=(PASSER,)))
    watch(motion, iter(frames))
    tracemalloc.start()

    for round_ in range(1, 5):
        for at, rgb in frames:
            motion.step(3 * round_ + at, rgb)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kept < 2_000_000  # one picture at the working size is 172,800 bytes
