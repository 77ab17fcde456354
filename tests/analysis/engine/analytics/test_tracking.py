"""Tracks are entered, updated and left once, at any frame rate, and nothing that flickers enters."""

import random

import pytest

from analysis.engine.analytics.objects import Detection, TrackAction, TrackerSettings
from analysis.engine.analytics.tracking import Tracker
from tests.analysis.engine.analytics.scenes import Detector, Mover, drawn, every, straight

PARKED = (0.4, 0.4, 0.6, 0.6)


def seen(x=0.4, confidence=0.9, class_name="person", *, y=0.4):
    return Detection((x, y, x + 0.1, y + 0.2), confidence, class_name)


def parked(confidence=0.9, class_name="car"):
    return Detection(PARKED, confidence, class_name)


def fed(tracker, *frames, start=0.0, gap=0.1):
    """One list of detections a frame."""
    return [
        event
        for number, detections in enumerate(frames)
        for event in tracker.step(round(start + number * gap, 6), detections)
    ]


def actions(events):
    return [(event.action.value, event.track.track_id) for event in events]


def ended(events):
    return [event for event in events if event.action is not TrackAction.UPDATED]


@pytest.mark.parametrize(("fps", "skip"), [(5, 1), (12, 1), (25, 1), (60, 1), (30, 6), (25, 10)])
def test_each_object_enters_and_leaves_once_with_its_dwell_in_media_time(fps, skip):
    mover = Mover(straight((0.1, 0.5), (0.5, 0.5), 8), ends=8.0)
    tracker = Tracker()

    events = [
        event
        for seconds, _, detections in drawn([mover], every(fps, 12, skip=skip))
        for event in tracker.step(seconds, detections)
    ]

    first, *updates, last = events
    assert (first.action, last.action) == ("entered", "left")
    assert {event.action.value for event in updates} == {"updated"}
    assert 6 <= len(updates) <= 8
    assert {event.track.track_id for event in events} == {1}
    assert last.track.pts_seconds == pytest.approx(8, abs=skip / fps)
    assert last.track.dwell_seconds == pytest.approx(8, abs=skip / fps)


def test_a_flicker_never_enters():
    tracker = Tracker()

    events = fed(tracker, [seen()], [], [], [seen(0.8)], [seen(0.8)], *[[]] * 30)

    assert events == []
    assert tracker.tracks == ()


def test_hits_that_are_far_between_confirm_nothing():
    frames = [[seen()] if number % 6 == 0 else [] for number in range(60)]

    assert fed(Tracker(), *frames) == []


def test_frames_that_are_rare_confirm_one_after_the_other():
    tracker = Tracker(TrackerSettings(buffer_seconds=5))

    assert actions(fed(tracker, [seen()], [seen()], [seen()], gap=3.0)) == [("entered", 1)]


def test_nothing_enters_before_its_least_dwell():
    tracker = Tracker(TrackerSettings(least_dwell_seconds=2.0))

    (entered,) = fed(tracker, *[[seen()]] * 22)

    assert entered.track.pts_seconds == 2.0


def test_numbers_have_no_gaps_where_flickers_were():
    tracker = Tracker()
    fed(tracker, [seen(0.1)], [seen(0.8)], *[[]] * 12)

    events = fed(tracker, *[[seen(0.1), seen(0.8)]] * 3, start=1.5)

    assert actions(events) == [("entered", 1), ("entered", 2)]


def test_entering_tells_where_and_when_it_was_first_seen():
    (entered,) = fed(Tracker(), [seen(0.30)], [seen(0.31)], [seen(0.32)])

    assert (entered.track.first_pts_seconds, entered.track.pts_seconds) == (0.0, 0.2)
    assert (entered.track.first_box[0], entered.track.box[0]) == (0.30, 0.32)


def test_leaving_tells_the_last_real_sighting():
    tracker = Tracker()
    fed(tracker, *[[seen(0.3)]] * 4, [seen(0.34)])

    (left,) = ended(fed(tracker, *[[]] * 30, start=0.5))

    assert (left.action, left.track.pts_seconds, left.track.box) == ("left", 0.4, seen(0.34).box)


def test_doubtful_sightings_continue_a_track_and_begin_none():
    tracker = Tracker()

    events = fed(tracker, *[[seen(0.4), seen(0.8, 0.4)]] * 3, *[[seen(0.4, 0.4)]] * 30)

    assert actions(ended(events)) == [("entered", 1)]
    assert tracker.tracks[0].pts_seconds == pytest.approx(3.2)


def test_what_is_doubted_most_is_ignored():
    tracker = Tracker()

    events = fed(tracker, *[[seen()]] * 3, *[[seen(0.4, 0.05)]] * 25)

    assert actions(ended(events)) == [("entered", 1), ("left", 1)]


def test_another_class_in_the_same_place_is_another_object():
    events = fed(Tracker(), *[[seen()]] * 5, *[[seen(class_name="dog")]] * 5)

    assert actions(ended(events)) == [("entered", 1), ("entered", 2)]


def test_a_van_taken_for_a_car_and_a_truck_is_one_object():
    names = ["car", "truck", "car", "car", "truck", "car", "bus", "car"]
    tracker = Tracker()

    events = fed(tracker, *[[parked(class_name=name)] for name in names])

    assert actions(ended(events)) == [("entered", 1)]
    assert tracker.tracks[0].class_name == "car"


def test_one_object_named_twice_in_a_frame_is_one():
    frame = [parked(0.9, "car"), Detection((0.41, 0.4, 0.6, 0.6), 0.8, "truck")]
    tracker = Tracker()

    fed(tracker, *[frame] * 5)

    assert [track.class_name for track in tracker.tracks] == ["car"]


def test_two_of_a_class_near_each_other_are_two():
    tracker = Tracker()

    fed(tracker, *[[seen(0.40), seen(0.42)]] * 5)

    assert len(tracker.tracks) == 2


def test_a_parked_car_is_told_rarely_and_kept_while_something_hides_it():
    tracker = Tracker()
    told = fed(tracker, *[[parked()]] * 200)

    hidden = fed(tracker, *[[]] * 50, start=20.0)
    back = fed(tracker, *[[parked()]] * 5, start=25.0)

    # entered, twice after a pause of a second, and that it stands still
    assert [event.track.still for event in told] == [False, False, False, True]
    assert hidden == back == []
    assert [(track.track_id, track.still) for track in tracker.tracks] == [(1, True)]


def test_a_parked_car_keeps_its_number_when_another_drives_past_it():
    path = straight((0.1, 0.5), (0.9, 0.5), 6)
    still = Mover(lambda _: (0.5, 0.5), (0.15, 0.15), "car")
    passing = Mover(lambda at: path(at - 4), (0.2, 0.2), "car", begins=4, ends=10)
    tracker = Tracker()

    frames = drawn([still, passing], every(25, 10), Detector(jitter=0.01))
    events = [event for seconds, _, found in frames for event in tracker.step(seconds, found)]

    assert actions(ended(events)) == [("entered", 1), ("entered", 2)]
    assert tracker.tracks[0].box == pytest.approx((0.425, 0.425, 0.575, 0.575), abs=0.01)


def test_what_walked_out_of_the_frame_is_not_what_comes_in_there():
    out = [
        [Detection((max(0.24 - 0.04 * at, 0), 0.4, 0.34 - 0.04 * at, 0.6), 0.9, "person")] for at in range(8)
    ]
    tracker = Tracker()

    events = fed(tracker, *out, [], [], [], [], *out[::-1])

    assert actions(ended(events)) == [("entered", 1), ("left", 1), ("entered", 2)]


@pytest.mark.parametrize("gap", [2.5, 3.0, 10.0])
def test_frames_that_are_always_rare_are_no_leaps(gap):
    cars = [seen(0.1 * number, class_name="car") for number in range(0, 9, 2)]

    events = fed(Tracker(), *[cars] * 20, gap=gap)

    assert actions(ended(events)) == [("entered", number) for number in range(1, 6)]


def test_what_stands_where_it_stood_after_a_gap_is_the_same_track():
    chance, now, tracker = random.Random(1), 0.0, Tracker()  # noqa: S311 - no secret
    events = []
    for _ in range(200):
        now += chance.choice([0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 3.0])
        events += tracker.step(now, [parked()])

    assert actions(ended(events)) == [("entered", 1)]


def test_what_moved_or_is_another_after_a_gap_is_another_track():
    tracker = Tracker()
    walked = [[seen(0.2 + 0.02 * number), seen(0.7, class_name="dog")] for number in range(10)]
    events = fed(tracker, *walked)

    events += fed(tracker, *[[seen(0.38), seen(0.7, class_name="cat")]] * 3, start=4.0)

    assert actions(ended(events))[2:] == [("left", 1), ("left", 2), ("entered", 3), ("entered", 4)]


@pytest.mark.parametrize("leap", [-0.2, 10.5, 3600.0])
def test_a_leap_in_time_ends_all_tracks(leap):
    tracker = Tracker()
    fed(tracker, *[[seen(0.2), seen(0.6)]] * 4)

    events = tracker.step(0.3 + leap, [seen(0.2)])

    assert actions(events) == [("left", 1), ("left", 2)]
    assert events[0].track.pts_seconds == 0.3
    assert tracker.tracks == ()


def test_the_same_time_twice_is_no_leap():
    tracker = Tracker()
    fed(tracker, *[[seen()]] * 3)

    assert actions(ended(tracker.step(0.2, [seen()]))) == []


def test_the_end_of_a_source_ends_its_tracks_and_numbers_go_on():
    tracker = Tracker()
    fed(tracker, *[[seen()]] * 3)

    ends = tracker.finish()

    assert actions(ends) == [("left", 1)]
    assert tracker.finish() == []
    assert actions(fed(tracker, *[[seen()]] * 3, start=0.3)) == [("entered", 2)]


def test_the_order_of_detections_does_not_matter():
    movers = [Mover(straight((0.1, 0.2 * row), (0.9, 0.2 * row + 0.1), 4)) for row in range(1, 5)]
    frames = drawn(movers, every(10, 4), Detector(missed=0.1, false_a_second=2, seed=3))
    one, other, order = Tracker(), Tracker(), random.Random(1)  # noqa: S311

    for seconds, _, found in frames:
        shuffled = order.sample(found, len(found))
        assert one.step(seconds, found) == other.step(seconds, shuffled)

    assert len(one.tracks) >= 4


def test_memory_is_bounded_whatever_is_fed():
    tracker, noise = Tracker(TrackerSettings(max_tracks=20)), random.Random(2)  # noqa: S311

    for number in range(60):
        tracker.step(
            number / 25,
            [seen(noise.uniform(0, 0.9), noise.uniform(0.6, 1), y=noise.uniform(0, 0.8)) for _ in range(60)],
        )

    assert len(tracker._followers) <= 20


@pytest.mark.parametrize("pts_seconds", [float("nan"), float("inf")])
def test_a_time_that_is_none_is_refused(pts_seconds):
    with pytest.raises(ValueError, match="media time"):
        Tracker().step(pts_seconds, [])


@pytest.mark.parametrize(
    ("box", "confidence"),
    [
        ((0.2, 0.2, 0.2, 0.4), 0.5),
        ((0.4, 0.2, 0.2, 0.4), 0.5),
        ((0.2, 0.2, 1.2, 0.4), 0.5),
        ((float("nan"), 0.2, 0.4, 0.4), 0.5),
        ((0.2, 0.2, 0.4, 0.4), 1.5),
        ((0.2, 0.2, 0.4, 0.4), float("nan")),
    ],
)
def test_detections_that_are_none_are_refused(box, confidence):
    with pytest.raises(ValueError, match=r"box|confidence"):
        Detection(box, confidence, "person")


@pytest.mark.parametrize(
    "wrong",
    [
        {"low_confidence": 0.8},
        {"confirm_hits": 0},
        {"buffer_seconds": 0.0},
        {"buffer_seconds": float("nan")},
        {"update_seconds": -1.0},
        {"still_buffer_seconds": 0.5},
        {"max_tracks": 0},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        TrackerSettings(**wrong)
