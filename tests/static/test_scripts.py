"""The scripts of the pages, tested by node where it is installed."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from analysis import live_state

HERE = Path(__file__).parent
FOLD = HERE / "fold_every_prefix.mjs"
TESTS = sorted(HERE.glob("*.test.mjs"))


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("node is not installed; `apt-get install nodejs` lets the scripts be tested")
    return found


@pytest.mark.parametrize("script", TESTS, ids=lambda path: path.name.removesuffix(".test.mjs"))
def test_script(node: str, script: Path) -> None:
    done = subprocess.run(
        [node, "--test", str(script)], check=False, capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 0, done.stdout + done.stderr


def event(seq: int, kind: str, **data: Any) -> dict[str, Any]:
    return {"seq": seq, "type": kind, "time": "2026-05-03T10:00:00.000000Z", "data": data}


def log_of_two_attempts() -> list[Mapping[str, Any]]:
    verdict = {"kind": "verdict", "score": 0.25, "band": "uncalibrated"}
    moving = {"total": 9, "unit": "frames", "fps": 2.5, "seconds_left": 1.5, "pts_seconds": 0.5, "faces": 1}
    told: Sequence[tuple[str, dict[str, Any]]] = [
        ("run.queued", {"filename": "a.mp4", "detectors": []}),
        ("run.started", {"attempt": 1, "detectors": ["meso4", "jpeg"]}),
        ("stage.started", {"stage": "initializing"}),
        ("run.progressed", {"detector": "meso4", "done": 4, **moving}),
        ("run.retried", {"attempt": 1, "reason": "the worker was lost"}),
        ("run.started", {"attempt": 2, "detectors": ["meso4", "jpeg"]}),
        ("stage.started", {"stage": "initializing"}),
        ("stage.finished", {"stage": "initializing", "seconds": 0.5}),
        ("detector.started", {"detector": "meso4", "title": "Meso-4", "unit": "frames"}),
        ("run.progressed", {"detector": "meso4", "done": 4, **moving}),
        ("run.progressed", {"detector": "meso4", "done": 3, **moving}),
        ("score.measured", {"detector": "meso4", "points": [[0, 0.5, 1, None], [1, None, None, "no_face"]]}),
        ("score.measured", {"detector": "meso4", "points": [[2, 0.25, 1, None]]}),
        ("visualization.progressed", {"detector": "meso4", "done": 1, "total": 2}),
        (
            "detector.finished",
            {"detector": "meso4", "title": "Meso-4", "assessment": verdict, "seconds": 2.5},
        ),
        ("plate.read", {"plate": "AB12"}),
        ("run.cancelled", {"by": "Ana"}),
        ("run.retried", {"reason": "asked for by a person"}),
        ("run.failed", {"code": "reader_lost", "error": "The reader was lost.", "filename": "a.mp4"}),
        ("run.succeeded", {"outcome": "no_signs", "sentence": "No signs.", "why": "w", "limit": "l"}),
    ]
    return [event(seq, kind, **data) for seq, (kind, data) in enumerate(told, start=1)]


def test_the_page_and_the_server_fold_every_prefix_of_a_log_alike(node: str) -> None:
    log = log_of_two_attempts()

    done = subprocess.run(
        [node, str(FOLD)], input=json.dumps(log), check=False, capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 0, done.stderr
    here = [live_state.fold(live_state.EMPTY, log[:count]) for count in range(len(log) + 1)]
    assert json.loads(done.stdout) == json.loads(json.dumps(here))
