"""A box is predicted in media time, and its uncertainty grows while nobody sees it."""

import numpy as np
import pytest

from analysis.engine.analytics.kalman import Motion

BOX = (0.1, 0.4, 0.2, 0.6)


def walked(fps, *, speed=0.1, seconds=3.0):
    motion = Motion.begun(BOX)
    for number in range(1, round(fps * seconds) + 1):
        along = speed * number / fps
        motion = motion.predicted(1 / fps).corrected((0.1 + along, 0.4, 0.2 + along, 0.6))
    return motion


@pytest.mark.parametrize("fps", [5, 12.5, 25, 60])
def test_the_speed_learnt_does_not_depend_on_the_frame_rate(fps):
    motion = walked(fps)

    assert motion.speed[0] == pytest.approx(0.1, rel=0.05)
    assert motion.predicted(1.0).box == pytest.approx((0.5, 0.4, 0.6, 0.6), abs=0.01)


def test_one_leap_and_many_steps_predict_the_same():
    motion = walked(25)
    leap, steps = motion.predicted(0.8), motion

    for _ in range(8):
        steps = steps.predicted(0.1)

    assert steps.box == pytest.approx(leap.box)
    assert np.allclose(steps.variance, leap.variance)


def test_unseen_boxes_grow_uncertain_and_sightings_settle_them():
    motion = walked(25)

    hidden = motion.predicted(1.0)

    assert hidden.spread[0] > 2 * motion.spread[0]
    assert hidden.corrected(hidden.box).spread[0] < hidden.spread[0]


def test_an_irregular_clock_is_followed():
    motion, now = Motion.begun(BOX), 0.0
    for gap in [0.04, 0.2, 0.04, 0.5, 0.1, 0.04, 0.3, 0.04] * 2:
        now += gap
        motion = motion.predicted(gap).corrected((0.1 + 0.1 * now, 0.4, 0.2 + 0.1 * now, 0.6))

    assert motion.speed[0] == pytest.approx(0.1, rel=0.05)


def test_a_shrinking_box_never_turns_inside_out():
    motion = Motion.begun((0.1, 0.1, 0.5, 0.5)).predicted(0.1).corrected((0.2, 0.2, 0.3, 0.3))

    left, top, right, bottom = motion.predicted(60).box

    assert left < right
    assert top < bottom


def test_what_is_steadied_moves_on_at_the_size_it_had():
    motion = Motion.begun(BOX).predicted(0.1).corrected((0.14, 0.4, 0.22, 0.6))

    left, _, right, _ = motion.steadied().predicted(0.5).box

    assert motion.speed[0] > 0
    assert right - left == pytest.approx(motion.place[2])


def test_nothing_is_predicted_backwards():
    with pytest.raises(ValueError, match="ahead"):
        Motion.begun(BOX).predicted(-0.1)
