"""A camera puts no more events on record than it may in a minute, and nothing is left out in silence."""

from collections.abc import Iterable
from typing import Any

import pytest

from analysis.cameras import pacing
from analysis.cameras.pacing import Pace
from analysis.engine.analytics.objects import TrackAction
from analysis.engine.types import FootageGap, SourceOffline
from analysis.engine.types.footage import MotionTold, PlateTold, TrackTold
from analysis.recorder.footage import footage

BOX = (0.1, 0.1, 0.2, 0.2)


def track(at: float, number: int, action: TrackAction = TrackAction.ENTERED) -> TrackTold:
    return TrackTold("tracking", action, number, "car", 0.9, BOX, at, 0, 0.0, ("x", "1"))


def motion(at: float, *, ended: bool = False) -> MotionTold:
    return MotionTold("motion", ended, at, 0, 0.5, 0.1)


def plate(at: float) -> PlateTold:
    return PlateTold("anpr", "AB12", "AB12", 0.9, (), BOX, at, 0)


def told(pace: Pace, seen: Iterable[Any]) -> list[Any]:
    return [kept for one in seen for kept in pace.keep(one)]


def gaps(kept: list[Any]) -> list[tuple[float, float, int | None]]:
    return [(gap.from_seconds, gap.to_seconds, gap.events) for gap in kept if isinstance(gap, FootageGap)]


def test_what_is_within_the_bound_goes_on_record() -> None:
    seen = [plate(at) for at in (0.0, 10.0, 59.0, 60.0, 119.0)]

    assert told(Pace(3), seen) == seen


def test_what_is_beyond_is_counted_and_told() -> None:
    pace = Pace(2)

    kept = told(pace, [plate(at) for at in (0.0, 1.0, 2.0, 3.0, 4.0, 61.0)])

    assert [one.pts_seconds for one in kept if isinstance(one, PlateTold)] == [0.0, 1.0, 61.0]
    # at once that some are left out, and at the end how many
    assert gaps(kept) == [(2.0, 2.0, 0), (2.0, 4.0, 3)]
    assert list(pace.rest()) == []


def test_what_began_on_record_ends_there() -> None:
    pace = Pace(2)

    kept = told(
        pace,
        [
            track(0.0, 1),
            motion(0.5),
            track(1.0, 2),
            motion(2.0, ended=True),
            track(3.0, 1, TrackAction.LEFT),
            track(4.0, 2, TrackAction.LEFT),
        ],
    )

    assert [(type(one).__name__, one.pts_seconds) for one in kept if not isinstance(one, FootageGap)] == [
        ("TrackTold", 0.0),
        ("MotionTold", 0.5),
        ("MotionTold", 2.0),
        ("TrackTold", 3.0),
    ]
    assert [gap.events for gap in pace.rest()] == [2]


def test_a_source_that_jumps_back_begins_another_minute() -> None:
    kept = told(Pace(1), [plate(100.0), plate(101.0), plate(5.0)])

    assert [one.pts_seconds for one in kept if isinstance(one, PlateTold)] == [100.0, 5.0]


def test_what_is_said_of_the_source_is_no_event() -> None:
    pace = Pace(1)
    seen = [plate(0.0), SourceOffline("gone", 2.0), FootageGap(1.0, 2.0, 5, "late")]

    assert told(pace, seen) == seen


def test_the_count_comes_though_nothing_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace(1)
    told(pace, [plate(0.0), plate(1.0)])
    assert list(pace.overdue()) == []

    monkeypatch.setattr(pacing, "MINUTE_SECONDS", 0.0)

    assert [gap.events for gap in pace.overdue()] == [1]
    assert list(pace.overdue()) == []


def test_the_log_says_that_events_are_missing_and_how_many() -> None:
    pace = Pace(1)
    told(pace, [plate(0.0), plate(1.0), plate(2.0)])

    draft = footage(next(iter(pace.rest())))

    assert draft is not None
    assert (draft.type, draft.data["events"]) == ("camera.gap", 2)
    assert draft.message == "Events are missing: 2 events were left out: more than 1 in a minute."
