"""What a run looks like after some of its events: a fold, the same on the page and here.

Its twin in the browser is static/js/run_state.js; both answer alike for every prefix of a log.

The state at k with the events after k folded in equals the fold of the whole history, for every k; so a
page can be drawn at any seq and go on from there. States are plain JSON and are never changed in place.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from analysis import live_footage
from realtime import log

State = dict[str, Any]
Event = Mapping[str, Any]
PAGE = 1000

EMPTY: State = {
    "seq": 0,
    "time": None,
    "state": "queued",
    "attempt": 0,
    "filename": None,
    "order": [],
    "detectors": {},
    "stages": [],
    "outcome": None,
    "error": None,
    "retried": None,
    "footage": live_footage.EMPTY,
}
NEW_DETECTOR: State = {
    "unit": "frames",
    "state": "waiting",
    "done": 0,
    "total": None,
    "fps": None,
    "seconds_left": None,
    "pts_seconds": 0,
    "faces": None,
    "pictures": None,
    "points": [],
    "assessment": None,
    "seconds": None,
    "error": None,
}
_FRESH: State = {
    "order": [],
    "detectors": {},
    "stages": [],
    "outcome": None,
    "error": None,
    "footage": live_footage.EMPTY,
}


def fold(state: State, events: Iterable[Event]) -> State:
    """The state after `events`, in order; events the state has seen already are passed over."""
    for event in events:
        if event["seq"] > state["seq"]:
            seen = {**state, "seq": event["seq"], "time": event["time"]}
            step = _STEPS.get(event["type"])
            state = step(seen, event["data"]) if step else seen
    return state


def of_topic(topic_id: UUID) -> State:
    """The state at the head of a topic, read in pages."""
    state = EMPTY
    while lines := log.read(topic_id, after=state["seq"], limit=PAGE):
        state = fold(state, [json.loads(line.body) for line in lines if line.body])
        state = {**state, "seq": lines[-1].seq}
    return state


def _queued(state: State, data: Event) -> State:
    fresh = {**state, **_FRESH, "state": "queued", "filename": data.get("filename")}
    return _with_detectors(fresh, data.get("detectors") or [])


def _started(state: State, data: Event) -> State:
    fresh = {**state, **_FRESH, "state": "running", "attempt": data["attempt"]}
    return _with_detectors(fresh, data.get("detectors") or [])


def _retried(state: State, data: Event) -> State:
    return {**state, **_FRESH, "state": "queued", "retried": data.get("reason")}


def _stage_started(state: State, data: Event) -> State:
    others = [stage for stage in state["stages"] if stage["stage"] != data["stage"]]
    return {**state, "stages": [*others, {"stage": data["stage"], "state": "running", "seconds": None}]}


def _stage_finished(state: State, data: Event) -> State:
    done = {"state": "finished", "seconds": data.get("seconds")}
    stages = [{**stage, **done} if stage["stage"] == data["stage"] else stage for stage in state["stages"]]
    return {**state, "stages": stages}


def _detector_started(state: State, data: Event) -> State:
    known = {name: data[name] for name in ("title", "unit") if data.get(name) is not None}
    return _with_detector(state, data["detector"], {"state": "running", **known})


def _progressed(state: State, data: Event) -> State:
    name = data["detector"]
    if data["done"] < state["detectors"].get(name, NEW_DETECTOR)["done"]:
        return _with_detector(state, name, {})
    known = {field: data.get(field) for field in ("total", "fps", "seconds_left", "faces")}
    place = {"done": data["done"], "unit": data["unit"], "pts_seconds": data.get("pts_seconds") or 0}
    return _with_detector(state, name, {**known, **place, "state": "running"})


def _measured(state: State, data: Event) -> State:
    before = state["detectors"].get(data["detector"], NEW_DETECTOR)["points"]
    return _with_detector(state, data["detector"], {"points": [*before, *data["points"]]})


def _drawing(state: State, data: Event) -> State:
    pictures = {"done": data["done"], "total": data["total"]}
    return _with_detector(state, data["detector"], {"pictures": pictures})


def _detector_ended(how: str) -> Callable[[State, Event], State]:
    def step(state: State, data: Event) -> State:
        title = {"title": data["title"]} if data.get("title") is not None else {}
        said = {name: data.get(name) for name in ("assessment", "seconds", "error")}
        ended = {"state": how, "seconds_left": None, "fps": None, **title, **said}
        return _with_detector(state, data["detector"], ended)

    return step


def _with_detector(state: State, name: str, change: State) -> State:
    known = name in state["detectors"]
    before = state["detectors"].get(name) or {"name": name, "title": name, **NEW_DETECTOR}
    order = state["order"] if known else [*state["order"], name]
    return {**state, "order": order, "detectors": {**state["detectors"], name: {**before, **change}}}


def _with_detectors(state: State, names: Iterable[str]) -> State:
    for name in names:
        state = _with_detector(state, name, {})
    return state


def _succeeded(state: State, data: Event) -> State:
    outcome = {name: data.get(name) for name in ("sentence", "why", "limit")}
    # every detector ends before its run does: whose ending is not read was emptied
    kept = _halted(state, "emptied")
    return {**kept, "state": "succeeded", "outcome": {"name": data.get("outcome"), **outcome}}


def _failed(state: State, data: Event) -> State:
    error = {"code": data.get("code"), "message": data.get("error"), "filename": data.get("filename")}
    return {**_halted(state, "stopped"), "state": "failed", "error": error}


def _cancelled(state: State, data: Event) -> State:
    return {**_halted(state, "stopped"), "state": "cancelled"}


def _halted(state: State, how: str) -> State:
    halt = {"state": how, "seconds_left": None, "fps": None}
    rows = state["detectors"].items()
    halted = {n: {**row, **halt} if row["state"] in ("waiting", "running") else row for n, row in rows}
    return {**state, "detectors": halted}


def _seen(step: live_footage.Step) -> Callable[[State, Event], State]:
    return lambda state, data: {**state, "footage": step(state["footage"], data, state["seq"])}


_STEPS: dict[str, Callable[[State, Event], State]] = {
    "run.queued": _queued,
    "run.started": _started,
    "run.retried": _retried,
    "stage.started": _stage_started,
    "stage.finished": _stage_finished,
    "detector.started": _detector_started,
    "run.progressed": _progressed,
    "score.measured": _measured,
    "visualization.progressed": _drawing,
    "detector.finished": _detector_ended("finished"),
    "detector.abstained": _detector_ended("abstained"),
    "detector.failed": _detector_ended("failed"),
    "run.succeeded": _succeeded,
    "run.failed": _failed,
    "run.cancelled": _cancelled,
    **{kind: _seen(step) for kind, step in live_footage.STEPS.items()},
}
