"""A vehicle is looked at a few times a second of media, when it is sharp, and no more once its plate is told."""

import cv2
import numpy as np

from analysis.engine.analytics.plates.sparing import LOOKS_AGAIN_SECONDS, MOST_LOOKS, Scene, Sparing
from tests import plates

BOX = (0.1, 0.1, 0.9, 0.95)
SHARP = plates.car((200, 150))
BLURRED = cv2.GaussianBlur(SHARP, (0, 0), 4)


def looks(sparing, times, rgb=SHARP, track=1):
    return [at for at in times if sparing.due(track, at, rgb, BOX)]


def found_each_time(sparing, times, track=1):
    seen = []
    for at in times:
        if sparing.due(track, at, SHARP, BOX):
            sparing.read(track)
            seen.append(at)
    return seen


def test_five_looks_a_second_at_any_frame_rate():
    assert len(found_each_time(Sparing(), [number / 60 for number in range(60)])) == 5
    assert len(found_each_time(Sparing(), [number / 5 for number in range(5)])) == 5
    assert len(found_each_time(Sparing(), [0.0, 0.5, 1.0])) == 3


def test_tracks_do_not_wait_for_each_other():
    sparing = Sparing()

    assert looks(sparing, [0.0], track=1) == looks(sparing, [0.0], track=2) == [0.0]


def test_of_several_the_one_looked_at_least_recently_comes_next():
    sparing = Sparing()
    cars = [(1, BOX), (2, BOX), (3, BOX)]

    seen = [sparing.next(cars, number / 10, SHARP) for number in range(6)]

    assert seen == [1, 2, 3, 1, 2, 3]
    assert sparing.next([(9, BOX), *cars], 0.6, SHARP) == 9
    assert sparing.next([(3, BOX)], 0.6, SHARP) is None


def test_a_blurred_frame_is_waited_out_for_a_second():
    sparing = Sparing()
    assert looks(sparing, [0.0], SHARP) == [0.0]

    assert looks(sparing, [0.2, 0.4, 0.6, 0.8], BLURRED) == []
    assert looks(sparing, [1.0], BLURRED) == [1.0]


def test_a_vehicle_that_shows_no_plate_is_looked_at_once_a_second():
    sparing = Sparing()
    times = [number / 10 for number in range(60)]

    seen = looks(sparing, times)

    assert seen[:8] == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4]
    assert seen[8:] == [2.4, 3.4, 4.4, 5.4]


def test_looks_at_one_vehicle_are_bounded():
    assert len(looks(Sparing(), range(500))) == MOST_LOOKS


def test_what_was_told_is_not_looked_at_again():
    sparing = Sparing()
    sparing.told(1)

    assert looks(sparing, [0.0, 1.0, 2.0]) == []


def test_a_clock_that_starts_again_stops_nothing():
    sparing = Sparing()

    assert looks(sparing, [100.0, 0.0]) == [100.0, 0.0]


def test_an_empty_frame_is_no_error():
    assert Sparing().due(1, 0.0, np.zeros((1, 1, 3), np.uint8), BOX)


def noisy(rgb, seed):
    noise = np.random.default_rng(seed).normal(0, 5, rgb.shape)
    return np.clip(rgb + noise, 0, 255).astype(np.uint8)


def yard():
    """720p of asphalt."""
    return np.full((720, 1280, 3), 110, np.uint8)


def test_a_whole_frame_in_which_nothing_changes_is_looked_at_twice_a_minute():
    scene = Scene()

    looked = [at for at in range(61) if scene.is_new(noisy(yard(), at), float(at))]

    assert looked == [0, LOOKS_AGAIN_SECONDS, 2 * LOOKS_AGAIN_SECONDS]


def test_a_car_far_away_is_reason_enough_to_look_at_a_whole_frame():
    scene = Scene()
    assert scene.is_new(noisy(yard(), 0), 0.0)
    changed = yard()
    changed[400:490, 600:720] = 140

    assert scene.is_new(noisy(changed, 1), 1.0)


def test_a_leaf_before_the_camera_is_none():
    scene = Scene()
    assert scene.is_new(noisy(yard(), 0), 0.0)
    changed = yard()
    changed[:30, :60] = 235

    assert not scene.is_new(noisy(changed, 1), 1.0)


def test_light_that_fades_slowly_is_looked_at_once_it_adds_up():
    scene = Scene()

    looked = [at for at in range(25) if scene.is_new(yard() - np.uint8(at), float(at))]

    assert looked == [0, 10, 20]
