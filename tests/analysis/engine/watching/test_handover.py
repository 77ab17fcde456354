"""What a busy detector is told of the frames it skipped: of every track its beginning and its end."""

from threading import Event, Thread

import pytest

from analysis.engine.analytics.objects import Track, TrackAction, TrackEvent
from analysis.engine.belt import Stopped
from analysis.engine.detectors import tracking
from analysis.engine.following import ObjectsFollowed
from analysis.engine.types import (
    FootageBatch,
    FootageFrame,
    FootageSettings,
    FoundBy,
    Frame,
    MediaKind,
    Pixels,
    Probe,
    Source,
    TrackTold,
)
from analysis.engine.watching.handover import Brought, Handover, Over, joined
from tests.analysis.engine.footage import DrawnFinder, Mover, pictures
from tests.waiting import wait_until

BLACK: Pixels = next(pictures(1 / 25))


def track(number: int, at: float = 0.0) -> Track:
    box = (0.1, 0.1, 0.2, 0.2)
    return Track(number, "car", 0.9, box, at, box, 0.0)


def frame(number: int, *events: tuple[str, int]) -> FootageFrame:
    at = number / 10
    told = tuple(TrackEvent(TrackAction(action), track(one, at)) for action, one in events)
    return FootageFrame(number, at, BLACK, (), told)


def brought(number: int, *events: tuple[str, int]) -> Brought:
    return Brought(frame(number, *events), None, 0)


def said(of: FootageFrame) -> list[tuple[str, int]]:
    return [(event.action.value, event.track.track_id) for event in of.events]


@pytest.mark.parametrize(
    ("skipped", "next_", "together"),
    [
        ([("entered", 1)], [], [("entered", 1)]),
        ([("entered", 1)], [("updated", 1)], [("entered", 1)]),
        ([("entered", 1)], [("left", 1)], [("entered", 1), ("left", 1)]),
        ([("updated", 1)], [], []),
        ([("updated", 1)], [("left", 1)], [("left", 1)]),
        ([("left", 1)], [("entered", 2)], [("left", 1), ("entered", 2)]),
        ([], [("updated", 3)], [("updated", 3)]),
    ],
)
def test_of_a_skipped_frame_is_told_who_entered_and_who_left(skipped, next_, together):
    both = joined(frame(1, *skipped), frame(2, *next_))

    assert said(both) == together
    assert both.number == 2


def test_who_entered_in_a_skipped_frame_enters_as_it_is_now():
    both = joined(frame(1, ("entered", 1)), frame(2, ("updated", 1)))

    assert both.events[0].track.pts_seconds == 0.2


def test_a_source_that_goes_on_fills_no_memory_and_keeps_the_newest_frames():
    waiting = Handover(Event(), may_drop=True)

    for number in range(100):
        waiting.put(brought(number, ("entered", number + 1)))
    waiting.tell(Over())
    taken = [waiting.take() for _ in range(3)]

    assert [one.frame.number for one in taken[:2]] == [98, 99]
    assert len(taken[0].frame.events) == 99
    assert taken[2] == Over()
    assert waiting.dropped == 98


def test_whoever_may_lose_nothing_waits_until_there_is_room_or_it_is_stopped():
    stop, ended = Event(), []
    waiting = Handover(stop, may_drop=False)

    def bring() -> None:
        try:
            for number in range(10):
                waiting.put(brought(number))
        except Stopped:
            ended.append(True)

    thread = Thread(target=bring)
    thread.start()
    taken = [waiting.take().frame.number for _ in range(5)]
    stop.set()

    wait_until(lambda: ended)
    thread.join(5)
    assert taken == [0, 1, 2, 3, 4]
    assert waiting.dropped == 0


@pytest.mark.parametrize(("events", "looked_at"), [([], 0), ([("entered", 1)], 1)])
def test_a_cancelled_watch_looks_at_no_more_than_what_is_to_be_told(events, looked_at):
    waiting = Handover(Event(), may_drop=True)
    waiting.put(brought(1, *events))
    waiting.put(brought(2))

    waiting.tell(Over(cancelled=True))

    taken = [waiting.take() for _ in range(looked_at + 1)]
    assert [said(one.frame) for one in taken[:-1]] == [events] * looked_at
    assert taken[-1] == Over(cancelled=True)
    assert waiting.dropped == 2 - looked_at


def test_where_nobody_takes_any_more_nobody_waits():
    waiting = Handover(Event(), may_drop=False)
    waiting.abandon()

    for number in range(10):
        waiting.put(brought(number))

    assert waiting.dropped == 0


@pytest.mark.parametrize("skipping", [1, 2, 7, 60])
def test_tracking_that_skips_frames_tells_every_track_from_its_beginning_to_its_end(skipping):
    settings = FootageSettings(track_buffer_seconds=0.3)
    objects = ObjectsFollowed(DrawnFinder(), settings, still=False)
    session = tracking.make("tracking", None, "cpu").open(
        Source(Probe(MediaKind.VIDEO, container="drawn"), 25.0, None, settings)
    )
    movers = [Mover("car", (0.1, 0.5), (0.3, 0.0), enters=enters, leaves=enters + 1) for enters in (0.2, 2.2)]
    seen = [
        objects.take(Frame(0, number / 25, rgb, sampled=False, footage=True, number=number))
        for number, rgb in enumerate(pictures(4.0, *movers))
    ]

    told = []
    for start in range(0, len(seen), skipping):
        together = seen[start]
        for later in seen[start + 1 : start + skipping]:
            together = joined(together, later)
        told += session.feed(FootageBatch((together,), found_by=FoundBy("drawn", "1")))

    tracks = [(one.action.value, one.track) for one in told if isinstance(one, TrackTold)]
    assert [one for one in tracks if one[0] != "updated"] == [
        ("entered", 1),
        ("left", 1),
        ("entered", 2),
        ("left", 2),
    ]
    assert session.finish().facts["tracks"] == 2
