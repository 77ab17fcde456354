"""Objects enter and leave zones once, however their boxes tremble, and lines count them by direction."""

import pytest

from analysis.engine.analytics.zones import Direction, Line, LineWatch, Polygon, Zone, ZoneWatch, foot, mask

LEFT_HALF = Zone("left", Polygon(((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))))
LOWER = Zone("lower", Polygon(((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0))))
GATE = Line("gate", (0.5, 0.2), (0.5, 0.8))


def at(x, y=0.6):
    """A box that stands there."""
    return (x - 0.05, y - 0.2, x + 0.05, y)


def told(watch, path, *, track_id=1, step=0.2):
    events = [
        event
        for number, place in enumerate(path)
        for event in watch.see(track_id, at(*place) if isinstance(place, tuple) else at(place), number * step)
    ]
    return [(event.action.value, event.zone, round(event.pts_seconds, 3)) for event in events]


def crossed(watch, path, *, track_id=1):
    return [
        crossing.direction
        for number, (x, y) in enumerate(path)
        for crossing in watch.see(track_id, at(x, y), number * 0.2)
    ]


def test_an_object_stands_at_the_middle_of_its_lower_edge():
    assert foot((0.2, 0.1, 0.4, 0.9)) == pytest.approx((0.3, 0.9))


def test_entering_and_leaving_are_told_once_with_the_time_between():
    watch = ZoneWatch((LEFT_HALF,))

    assert told(watch, [0.7, 0.6, 0.4, 0.3, 0.4]) == [("entered", "left", 0.4)]
    (left,) = watch.see(1, at(0.6), 1.0)
    assert (left.action, left.pts_seconds, left.dwell_seconds) == ("left", 0.8, pytest.approx(0.4))


def test_trembling_on_the_border_tells_nothing_twice():
    watch = ZoneWatch((LEFT_HALF,))

    assert told(watch, [0.6, *[0.497, 0.503] * 20]) == [("entered", "left", 0.2)]
    assert watch.within("left") == (1,)


def test_who_stays_just_outside_has_left_after_a_while():
    watch = ZoneWatch((LEFT_HALF,), settle_seconds=1.0)

    assert told(watch, [0.4, *[0.505] * 7]) == [("entered", "left", 0.0), ("left", "left", 0.0)]


def test_feet_on_the_edge_of_the_frame_are_inside():
    assert told(ZoneWatch((LOWER,)), [(0.3, 1.0), (0.3, 1.0)]) == [("entered", "lower", 0.0)]


def test_a_track_that_ends_leaves_its_zones_when_it_was_last_inside():
    watch = ZoneWatch((LEFT_HALF, LOWER))
    told(watch, [0.3, 0.3, 0.3])

    ended = watch.end(1)

    assert [(event.zone, event.action, event.dwell_seconds) for event in ended] == [
        ("left", "left", pytest.approx(0.4)),
        ("lower", "left", pytest.approx(0.4)),
    ]
    assert watch.end(1) == []


def test_tracks_do_not_disturb_each_other():
    watch = ZoneWatch((LEFT_HALF,))
    told(watch, [0.3], track_id=1)
    told(watch, [0.4], track_id=2)

    watch.end(1)

    assert watch.within("left") == (2,)


def test_zones_and_masks_agree_on_what_is_inside():
    drawn = mask([LEFT_HALF.polygon], 10, 4)

    assert drawn.tolist() == [[True] * 5 + [False] * 5] * 4


def test_crossings_are_counted_by_direction():
    watch = LineWatch((GATE,))

    # the line runs down the frame: its right side is the left of the picture
    assert crossed(watch, [(0.3, 0.5), (0.45, 0.5), (0.6, 0.5)]) == [Direction.TO_LEFT]
    assert crossed(watch, [(0.7, 0.5), (0.4, 0.5)], track_id=2) == [Direction.TO_RIGHT]
    assert crossed(watch, [(0.7, 0.4), (0.4, 0.4)], track_id=3) == [Direction.TO_RIGHT]
    assert watch.counts("gate") == {Direction.TO_LEFT: 1, Direction.TO_RIGHT: 2}


def test_trembling_on_a_line_is_one_crossing():
    watch = LineWatch((GATE,))

    found = crossed(watch, [(0.4, 0.5), *[(0.495, 0.5), (0.505, 0.5)] * 10, (0.6, 0.5)])

    assert found == [Direction.TO_LEFT]


def test_walking_round_the_end_of_a_line_is_no_crossing():
    watch = LineWatch((GATE,))

    assert crossed(watch, [(0.4, 0.5), (0.4, 0.9), (0.6, 0.9), (0.6, 0.5)]) == []
    assert crossed(watch, [(0.4, 0.5)]) == [Direction.TO_RIGHT]


def test_an_ended_track_is_forgotten_and_its_crossings_stay():
    watch = LineWatch((GATE,))
    crossed(watch, [(0.4, 0.5), (0.6, 0.5)])

    watch.end(1)

    assert crossed(watch, [(0.4, 0.5)]) == []
    assert watch.counts("gate")[Direction.TO_LEFT] == 1


@pytest.mark.parametrize("end", [(0.5, 0.2), (1.2, 0.2), (float("nan"), 0.2)])
def test_lines_that_cannot_be_crossed_are_refused(end):
    with pytest.raises(ValueError, match=r"short|0–1"):
        Line("gate", (0.5, 0.2), end)


def test_names_must_differ():
    with pytest.raises(ValueError, match="name"):
        ZoneWatch((LEFT_HALF, LEFT_HALF))
    with pytest.raises(ValueError, match="name"):
        LineWatch((GATE, GATE))
