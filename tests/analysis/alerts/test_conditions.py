"""What an event must be for a rule to be raised."""

from datetime import UTC, datetime
from typing import Any

import pytest

from analysis.alerts.conditions import Conditions
from analysis.alerts.keeping import BadConditions, checked

PERSON = {"class": "person", "confidence": 0.8, "zone": {"name": "yard", "action": "entered"}}
# a Sunday
NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        ({}, True),
        ({"types": ["track.updated"]}, True),
        ({"types": ["plate.read"]}, False),
        ({"classes": ["car", "person"]}, True),
        ({"classes": ["car"]}, False),
        ({"zones": ["yard"]}, True),
        ({"zones": ["street"]}, False),
        ({"lines": ["gate"]}, False),
        ({"least_confidence": 0.8}, True),
        ({"least_confidence": 0.81}, False),
        ({"weekdays": [7]}, True),
        ({"weekdays": [1, 6]}, False),
        ({"classes": ["person"], "zones": ["street"]}, False),
        ({"watchlist": True}, False),
    ],
)
def test_all_that_is_given_must_hold(given: dict[str, Any], *, holds: bool) -> None:
    assert Conditions.model_validate(given).hold("track.updated", NOON, PERSON) is holds


@pytest.mark.parametrize(
    ("data", "given", "holds"),
    [
        ({"zone": {"name": "yard", "action": "left"}}, {"zones": ["yard"]}, False),
        ({"line": {"name": "gate", "direction": "to_left"}}, {"lines": ["gate"]}, True),
        ({"vehicle": {"class": "truck"}}, {"classes": ["truck"]}, True),
        ({"confidence": None}, {"least_confidence": 0.0}, False),
        ({"confidence": "high"}, {"least_confidence": 0.5}, False),
        ({"zone": "yard", "line": 3}, {"zones": ["yard"]}, False),
    ],
)
def test_lines_of_any_shape_are_compared(data: dict[str, Any], given: dict[str, Any], *, holds: bool) -> None:
    assert Conditions.model_validate(given).hold("track.updated", NOON, data) is holds


NIGHT = {"from_time": "22:00", "until_time": "06:00"}


@pytest.mark.parametrize(
    ("time", "given", "holds"),
    [
        ("2026-05-04 08:59", {"from_time": "09:00", "until_time": "17:00"}, False),
        ("2026-05-04 09:00", {"from_time": "09:00", "until_time": "17:00"}, True),
        ("2026-05-04 16:59", {"from_time": "09:00", "until_time": "17:00"}, True),
        ("2026-05-04 17:00", {"from_time": "09:00", "until_time": "17:00"}, False),
        ("2026-05-04 21:59", NIGHT, False),
        ("2026-05-04 22:00", NIGHT, True),
        ("2026-05-05 05:59", NIGHT, True),
        ("2026-05-05 06:00", NIGHT, False),
        # a Monday night goes on into Tuesday
        ("2026-05-05 03:00", NIGHT | {"weekdays": [1]}, True),
        ("2026-05-05 03:00", NIGHT | {"weekdays": [2]}, False),
        ("2026-05-05 23:00", NIGHT | {"weekdays": [2]}, True),
        # in Berlin it is two hours later in May, and one in January
        ("2026-05-04 20:30", NIGHT | {"time_zone": "Europe/Berlin"}, True),
        ("2026-01-05 20:30", NIGHT | {"time_zone": "Europe/Berlin"}, False),
        ("2026-05-03 22:30", {"weekdays": [1], "time_zone": "Europe/Berlin"}, True),
    ],
)
def test_times_of_day_are_those_of_the_place(time: str, given: dict[str, Any], *, holds: bool) -> None:
    assert Conditions.model_validate(given).hold("motion.started", at(time), {}) is holds


@pytest.mark.parametrize(
    "given",
    [
        [],
        "all",
        {"unknown": 1},
        {"types": ["run.succeeded"]},
        {"types": "track.entered"},
        {"weekdays": [0]},
        {"weekdays": [8]},
        {"from_time": "22:00"},
        {"from_time": "25:00", "until_time": "06:00"},
        {"from_time": "9:00", "until_time": "17:00"},
        {"time_zone": "../../etc/passwd"},
        {"time_zone": "Mars/Base"},
        {"most_distance": 4},
        {"most_distance": float("nan")},
        {"least_confidence": 1.1},
        {"cooldown_seconds": -1},
        {"cooldown_seconds": float("inf")},
        {"classes": [""]},
        {"classes": ["a\0"]},
        {"zones": ["x"] * 33},
    ],
)
def test_nonsense_is_refused(given: Any) -> None:
    with pytest.raises(BadConditions):
        checked(given)
