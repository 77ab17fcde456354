"""The footage in a run's state: what is kept of it, alike on the server and in the browser, and never without end."""

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from analysis.live_footage import joined
from analysis.live_state import EMPTY, fold

RUN_STATE_JS = Path(__file__).resolve().parents[2] / "static" / "js" / "run_state.js"
PAGE_BYTES = 450_000
Told = tuple[str, dict[str, Any]]


def events(told: Iterable[Told]) -> list[dict[str, Any]]:
    return [
        {"seq": seq, "type": kind, "time": "2026-11-21T08:00:00Z", "data": data}
        for seq, (kind, data) in enumerate(told, start=1)
    ]


def seen(*told: Told) -> dict[str, Any]:
    footage: dict[str, Any] = fold(EMPTY, events(told))["footage"]
    return footage


def track(action: str, number: int, at: float, *, name: str = "car", **more: Any) -> Told:
    box = [0.1, 0.2, 0.3, 0.4 + (number % 5) / 10]
    data = {"detector": "tracking", "track": number, "class": name, "pts_seconds": at, "confidence": 0.5}
    return f"track.{action}", {**data, "box": box, "dwell_seconds": 0.0, **more}


def motion(action: str, at: float, **more: Any) -> Told:
    return f"motion.{action}", {
        "detector": "motion",
        "pts_seconds": at,
        "intensity": 0.4,
        "area": 0.1,
        **more,
    }


def test_a_spell_of_motion_ends_with_what_was_greatest_on_the_way() -> None:
    footage = seen(motion("started", 1.0), motion("ended", 4.5, intensity=0.9, duration_seconds=3.5))

    assert [(one["from"], one["to"], one["intensity"]) for one in footage["spells"]] == [(1.0, 4.5, 0.9)]


def test_an_ending_whose_beginning_was_emptied_says_when_it_began() -> None:
    footage = seen(motion("ended", 4.5, duration_seconds=3.5))

    assert [(one["from"], one["to"]) for one in footage["spells"]] == [(1.0, 4.5)]


def test_a_track_keeps_when_it_came_where_it_was_told_and_how_sure_anybody_ever_was() -> None:
    footage = seen(
        track("entered", 7, 2.0, dwell_seconds=0.5),
        track("updated", 7, 3.0, confidence=0.9),
        track("left", 7, 4.0, confidence=0.2, snapshot={"path": "r/1/ab/x.jpg"}),
    )

    (one,) = footage["tracks"]
    assert (one["from"], one["at"], one["to"], one["confidence"]) == (1.5, 2.0, 4.0, 0.9)
    assert [box[0] for box in one["boxes"]] == [2.0, 3.0, 4.0]
    assert (one["picture"], one["pictured"]) == ("kept", 3)


def test_zones_and_lines_are_marks_of_their_track() -> None:
    footage = seen(
        track("entered", 7, 2.0),
        track("updated", 7, 3.0, zone={"name": "Gate", "action": "entered", "inside_seconds": 0.0}),
        track("updated", 7, 4.0, line={"name": "Kerb", "direction": "to_left"}),
    )

    told = [(mark["at"], mark["track"], mark["kind"], mark["name"]) for mark in footage["marks"]]
    assert told == [(3.0, 7, "zone_entered", "Gate"), (4.0, 7, "line_to_left", "Kerb")]


def test_a_plate_is_kept_as_it_is_written_with_what_was_settled_and_why_it_has_no_picture() -> None:
    signs = [{"sign": "O", "confidence": 0.8, "read_as": "0"}, {"sign": "K", "confidence": 0.9}]
    data = {
        "plate": "OK",
        "written": "O K",
        "pts_seconds": 2.0,
        "signs": signs,
        "snapshot": {"missing": "disk_full"},
    }

    (plate,) = seen(("plate.read", data))["plates"]

    assert (plate["plate"], plate["signs"]) == ("O K", [["O", 0.8, "0"], ["K", 0.9, None]])
    assert (plate["picture"], plate["pictured"]) == ("disk_full", 1)


def test_another_attempt_begins_without_what_the_last_one_saw() -> None:
    assert seen(track("entered", 7, 2.0), ("run.retried", {"reason": "lost"}))["tracks"] == []


def test_spans_that_meet_are_one_and_the_nearest_are_joined_when_there_are_too_many() -> None:
    spans: list[list[float]] = []
    for number in range(41):
        spans = joined(spans, number * 10, number * 10 + (5 if number else 9.5))

    assert len(spans) == 40
    assert spans[0] == [0, 15]
    assert joined([[0, 1], [3, 4]], 1, 3) == [[0, 4]]


def a_long_clip() -> list[Told]:
    """Some 12,000 events: 2,000 objects of three classes, each told five times, and motion and plates without end."""
    told: list[Told] = []
    for number in range(2000):
        name, at = ("person", "car", "kite")[number % 3], number * 0.5
        told.append(track("entered", number, at, name=name))
        told += [track("updated", number, at + step, name=name) for step in (1, 2, 3)]
        told.append(track("left", number, at + 4, name=name, dwell_seconds=4.0))
        if number % 4 == 0:
            told += [motion("started", at), motion("ended", at + 1, duration_seconds=1.0)]
            told.append(("plate.read", {"plate": f"AB{number}", "pts_seconds": at, "doubt": "d" * 500}))
    told += [track("entered", 5000 + number, 1000.0, name=f"class {number}") for number in range(100)]
    return told


def test_however_much_happens_a_page_stays_small_and_nothing_goes_uncounted() -> None:
    state = fold(EMPTY, events(a_long_clip()))

    footage = state["footage"]
    assert len(json.dumps(state, separators=(",", ":"))) < PAGE_BYTES
    further = {(row["kind"], row["class"]): row["count"] for row in footage["rest"]}
    assert (
        len(footage["tracks"]) + sum(count for (kind, _), count in further.items() if kind == "track") == 2100
    )
    assert len(footage["spells"]) + further["motion", ""] == 500
    assert len(footage["plates"]) + further["plate", ""] == 500
    assert all(0 < len(row["spans"]) <= 40 for row in footage["rest"])


def test_too_many_boxes_thin_those_of_who_has_most_first_and_last_stay() -> None:
    long = [track("updated", 1, number / 10) for number in range(3000)]

    tracks = seen(*long, track("entered", 2, 300.0))["tracks"]

    assert [len(one["boxes"]) for one in tracks] == [1501, 1]
    assert (tracks[0]["boxes"][0][0], tracks[0]["boxes"][-1][0]) == (0.0, 299.9)


def test_the_browser_keeps_the_same_of_a_long_clip() -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    history = events([*a_long_clip()[:4000], *[track("updated", 1, number / 10) for number in range(3500)]])
    program = (
        "import {readFileSync} from 'node:fs';"
        f"const {{EMPTY, fold}} = await import({json.dumps(str(RUN_STATE_JS))});"
        "process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).reduce(fold, EMPTY)));"
    )

    answer = subprocess.run(
        ["node", "--input-type=module", "-e", program],
        input=json.dumps(history), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip

    assert json.loads(answer.stdout)["footage"] == fold(EMPTY, history)["footage"]
