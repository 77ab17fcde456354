"""Noise, rain, light, pushes of the camera and beginnings are no motion; each film has its twin in which one passes."""

import cv2
import numpy as np
import pytest

from analysis.engine.analytics.motion import Motion
from tests.analysis.engine.analytics.drawn_footage import HEIGHT, WIDTH, Passer, film, ground, watch

PASSER = Passer(30, 110.0, enters=3.0)


def scaled(rgb, factor):
    return np.asarray(cv2.multiply(rgb, (factor,) * 4), np.uint8)


def through_a_camera(rgb, exposure):
    """Exposed in linear light and printed through a curve with toe and shoulder (Naka and Rushton), as cameras do."""
    light = ((np.arange(256) / 255) ** 2.2 * exposure) ** 1.1
    return cv2.LUT(rgb, np.clip(255 * 1.15 * light / (light + 0.15), 0, 255).astype(np.uint8))


def rain(rgb, at):
    rng = np.random.default_rng(round(at * 1000))
    for left, top in zip(rng.integers(0, WIDTH, 120), rng.integers(0, HEIGHT - 12, 120), strict=True):
        rgb[top : top + rng.integers(4, 12), left : left + 1] = 215
    return rgb


def salt(rgb, at):
    rng = np.random.default_rng(round(at * 1000))
    rgb[rng.random((HEIGHT, WIDTH)) < 0.03] = 255
    return rgb


WEATHERS = {
    "noise": (lambda rgb, at: rgb, 12.0),
    "salt": (salt, 3.0),
    "rain": (rain, 3.0),
    "flicker of lamps": (lambda rgb, at: scaled(rgb, 1 + 0.12 * np.sin(at * 17)), 3.0),
    "slow light": (lambda rgb, at: scaled(rgb, 0.6 + 0.1 * at), 3.0),
    "exposure": (lambda rgb, at: through_a_camera(rgb, 1 - 0.55 * min(1, max(0, at - 2) / 1.5)), 3.0),
    "a lamp switched on": (lambda rgb, at: scaled(rgb, 1.35 if at > 3.4 else 1), 3.0),
}


@pytest.mark.parametrize("name", WEATHERS)
def test_nothing_moves_in_it(name):
    change, sigma = WEATHERS[name]

    states = watch(Motion(), film(6, fps=8, change=change, sigma=sigma))

    assert [state.pts_seconds for state in states if state.moving or state.scene_changed] == []
    assert states[-1].settled


@pytest.mark.parametrize("name", WEATHERS)
def test_a_thing_is_seen_in_it(name):
    change, sigma = WEATHERS[name]

    states = watch(Motion(), film(6, fps=8, things=(PASSER,), change=change, sigma=sigma))
    inside = [state.moving for state in states if PASSER.shown(state.pts_seconds) == PASSER.side]

    assert len(inside) > 15
    assert np.mean(inside) >= 0.95


@pytest.mark.parametrize("fps", [4, 25])
def test_nothing_is_told_while_the_background_settles(fps):
    early = Passer(40, 120.0, enters=0.2)

    states = watch(Motion(), film(2.5, fps=fps, things=(early,)))

    assert not any(state.moving for state in states if state.pts_seconds <= 1.0)
    assert not any(state.settled for state in states if state.pts_seconds <= 1.0)
    assert states[-1].settled


@pytest.mark.parametrize("push", [(3, 0), (-2, 4), (0, 9)])
def test_a_push_of_the_camera_is_another_scene_and_no_motion(push):
    def pushed(rgb, at):
        return np.roll(rgb, push, axis=(1, 0)) if at >= 2.5 else rgb

    states = watch(Motion(), film(5, fps=8, change=pushed))

    assert [state.pts_seconds for state in states if state.scene_changed] == [2.5]
    assert not any(state.moving for state in states)
    assert states[-1].settled


@pytest.mark.parametrize(
    "other", [ground(seed=9), np.full((HEIGHT, WIDTH, 3), 12, np.uint8)], ids=["cut", "dark"]
)
def test_a_change_of_most_of_the_picture_is_another_scene_and_no_motion(other):
    states = watch(Motion(), film(5, fps=8, change=lambda rgb, at: other.copy() if at >= 2.5 else rgb))

    assert [state.pts_seconds for state in states if state.scene_changed] == [2.5]
    assert not any(state.moving for state in states)


def test_a_crowd_is_motion_and_no_other_scene():
    rng = np.random.default_rng(4)
    crowd = tuple(
        Passer(26, 60.0, enters=1.5 - late, top=top, colour=tuple(rng.integers(0, 255, 3)))
        for top in range(2, 150, 36)
        for late in np.arange(-3, 2.0, 0.75)
    )

    states = watch(Motion(), film(5.5, fps=8, things=crowd))

    assert max(state.affected_area_percentage for state in states) > 20
    assert not any(state.scene_changed for state in states)


def test_a_thing_on_a_plain_wall_is_no_push_of_the_camera():
    def wall(rgb, at):
        thing = (rgb == PASSER.colour).all(axis=2)
        rgb[:] = 120
        rgb[thing] = PASSER.colour
        return rgb

    states = watch(Motion(), film(5, fps=8, things=(PASSER,), change=wall))

    assert not any(state.scene_changed for state in states)
    assert any(state.moving for state in states)


def test_what_comes_to_stand_is_background_after_the_same_time_at_any_rate():
    def rests(fps):
        def parked(rgb, at):
            if at >= 2.0:
                rgb[60:110, 100:160] = (230, 40, 40)
            return rgb

        states = watch(Motion(), film(11, fps=fps, change=parked))
        return max(state.pts_seconds for state in states if state.moving)

    assert rests(3) == pytest.approx(rests(12), abs=0.7)
    assert 7 < rests(3) < 10
