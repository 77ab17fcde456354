"""State at k plus the replay after k equals the full history, for every k."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import live_state
from analysis.live_state import EMPTY, fold
from realtime import log
from realtime.feeds import replay
from realtime.lines import Line
from tests.factories import make_run
from tests.realtime.conftest import progress, stage

FOLD_JS = Path(__file__).resolve().parents[1] / "static" / "fold_every_prefix.mjs"
DETECTORS = st.sampled_from(["meso4", "spectrum", "aasist-l"])
SCORES = st.none() | st.floats(0, 1)
POINTS = st.lists(st.tuples(st.floats(0, 9), SCORES, st.none(), st.none()).map(list), max_size=3)
VERDICT = {"kind": "verdict", "score": 0.5, "band": "uncalibrated"}
SIDES = st.sampled_from([0.0, 0.25, 0.5, 0.625, 1.0])
SEEN = st.fixed_dictionaries(
    {"detector": st.sampled_from(["motion", "tracking"])},
    optional={
        "pts_seconds": st.sampled_from([None, 0.0, 0.48, 1.5, 3.25, 9.0]),
        "track": st.sampled_from([1, 2, "gate-3", None, True]),
        "class": st.sampled_from(["person", "car", "", None]),
        "confidence": st.none() | st.floats(0, 1),
        "box": st.none() | st.lists(SIDES, min_size=3, max_size=4),
        "dwell_seconds": st.floats(0, 9),
        "duration_seconds": st.none() | st.floats(0, 9),
        "intensity": st.none() | st.floats(0, 1),
        "area": st.floats(0, 1),
        "zone": st.just({"name": "Gate 𝔘", "action": "left", "inside_seconds": 2.5}) | st.just("Gate"),
        "line": st.just({"name": "Kerb", "direction": "to_left"}),
        "plate": st.just("AB12CDE"),
        "written": st.just("AB12 CDE"),
        "region": st.none() | st.just("GB"),
        "signs": st.just([{"sign": "0", "confidence": 0.5, "read_as": "O"}, "x"]),
        "candidates": st.just([{"plate": "AB12C0E", "weight": 0.1}] * 5),
        "snapshot": st.sampled_from([{"path": "a/1/b.jpg"}, {"missing": "disk_full"}, {}, None]),
        "from_seconds": st.floats(0, 9),
        "to_seconds": st.floats(0, 9),
    },
)
FOOTAGE = st.tuples(
    st.sampled_from(
        [
            "motion.started",
            "motion.ended",
            "track.entered",
            "track.updated",
            "track.left",
            "plate.read",
            "camera.gap",
        ]
    ),
    SEEN,
)
BODIES = st.one_of(
    st.fixed_dictionaries({"detectors": st.lists(DETECTORS, unique=True), "filename": st.text()}).map(
        lambda data: ("run.queued", data)
    ),
    st.fixed_dictionaries({"attempt": st.integers(1, 3), "detectors": st.lists(DETECTORS, unique=True)}).map(
        lambda data: ("run.started", data)
    ),
    st.just(("run.retried", {"reason": "The worker died.", "attempt": 2})),
    st.sampled_from(["initializing", "model_inference"]).map(lambda name: ("stage.started", {"stage": name})),
    st.sampled_from(["initializing", "model_inference"]).map(
        lambda name: ("stage.finished", {"stage": name, "seconds": 1.5})
    ),
    DETECTORS.map(lambda name: ("detector.started", {"detector": name, "title": name, "unit": "frames"})),
    st.tuples(DETECTORS, st.integers(0, 99)).map(
        lambda pair: ("run.progressed", {"detector": pair[0], "done": pair[1], "total": 99, "unit": "frames"})
    ),
    st.tuples(DETECTORS, POINTS).map(
        lambda pair: ("score.measured", {"detector": pair[0], "points": pair[1]})
    ),
    st.tuples(DETECTORS, st.integers(0, 9)).map(
        lambda pair: ("visualization.progressed", {"detector": pair[0], "done": pair[1], "total": 9})
    ),
    DETECTORS.map(lambda name: ("detector.finished", {"detector": name, "assessment": VERDICT})),
    DETECTORS.map(lambda name: ("detector.failed", {"detector": name, "assessment": None, "error": "x"})),
    st.just(("run.succeeded", {"outcome": "some_signs", "sentence": "s", "why": "w", "limit": "l"})),
    st.just(("run.failed", {"code": "reader_lost", "error": "It died.", "filename": "a.mp4"})),
    st.just(("run.cancelled", {"by": "ana"})),
    st.just(("camera.online", {})),
    FOOTAGE,
    FOOTAGE,
)
HISTORIES = st.lists(BODIES, max_size=25).map(
    lambda bodies: [
        {"seq": seq, "type": kind, "time": f"2026-11-21T08:00:{seq:02d}Z", "data": data}
        for seq, (kind, data) in enumerate(bodies, start=1)
    ]
)


def stored(state: dict[str, Any]) -> dict[str, Any]:
    """The state after a way through a page, a cache or a socket."""
    loaded: dict[str, Any] = json.loads(json.dumps(state))
    return loaded


@given(HISTORIES)
def test_state_at_k_and_replay_after_k_equal_the_full_history(history: list[dict[str, Any]]) -> None:
    full = fold(EMPTY, history)

    for k in range(len(history) + 1):
        assert fold(stored(fold(EMPTY, history[:k])), history[k:]) == full


@given(HISTORIES, st.integers(0, 25))
def test_lines_sent_twice_change_nothing(history: list[dict[str, Any]], overlap: int) -> None:
    assert fold(fold(EMPTY, history), history[-overlap:]) == fold(EMPTY, history)


@given(HISTORIES)
def test_a_fold_leaves_the_state_it_started_from(history: list[dict[str, Any]]) -> None:
    half = fold(EMPTY, history[: len(history) // 2])
    before = stored(half)

    fold(half, history)

    assert stored(half) == before


def test_outdated_progress_left_out_leads_to_the_same_state() -> None:
    started = {"detector": "meso4", "title": "Meso-4", "unit": "frames"}
    bodies: list[tuple[str, dict[str, Any]]] = [("detector.started", started)]
    for done in range(1, 6):
        bodies.append(("run.progressed", {**started, "done": done, "total": 9, "pts_seconds": done / 25}))
    events = [
        {"seq": seq, "type": kind, "time": "2026-11-21T08:00:00Z", "data": data}
        for seq, (kind, data) in enumerate(bodies, start=1)
    ]
    topic = live_state.UUID(int=0)
    lines = [Line(topic, e["seq"], e["type"], json.dumps(e), "meso4") for e in events]

    sent = [json.loads(frame) for frame, _ in replay(lines, thin=True)]

    kept = [frame for frame in sent if frame["type"] != "thinned"]
    assert [frame["seq"] for frame in kept] == [1, 6]
    assert fold(EMPTY, kept) == fold(EMPTY, events)


@pytest.mark.django_db
def test_a_topic_is_folded_to_its_head() -> None:
    run = make_run()
    log.append(run.topic_id, [stage(), *[progress(done) for done in range(60)]])

    state = live_state.of_topic(run.topic_id)

    assert state["seq"] == log.head(run.topic_id)
    assert state["stages"] == [{"stage": "model_inference", "state": "running", "seconds": None}]


@settings(max_examples=15, deadline=None)
@given(HISTORIES)
def test_the_browser_folds_alike(history: list[dict[str, Any]]) -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    answer = subprocess.run(
        ["node", str(FOLD_JS)],
        input=json.dumps(history),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )

    assert json.loads(answer.stdout)[-1] == stored(fold(EMPTY, history))
