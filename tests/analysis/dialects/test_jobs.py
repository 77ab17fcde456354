"""A run in the jobs dialect, field for field."""

from typing import Any

import pytest

from analysis.dialects.jobs import RunJobs
from tests.analysis.dialects.histories import (
    RUN,
    TOPIC,
    abstained,
    begun,
    events,
    finished,
    heard,
    progressed,
)


def progress_of(*bodies: tuple[str, dict[str, Any]]) -> list[float]:
    return [frame["progress"] for frame in heard(RunJobs(RUN), events(*bodies))]


def test_a_frame_has_every_field() -> None:
    frames = heard(RunJobs(RUN), events(*begun("meso4"), progressed("meso4", 25, fps=30.5, faces=1)))

    assert frames[-1] == {
        "job_id": str(RUN),
        "status": "processing",
        "stage": "initializing",
        "progress": 0.25,
        "message": "run.progressed happened.",
        "timestamp": "2026-11-21T08:00:03.000000Z",
        "metadata": {
            "event": "run.progressed",
            "detector": "meso4",
            "done": 25,
            "total": 100,
            "unit": "frames",
            "fps": 30.5,
        },
        "topic": str(TOPIC),
        "seq": 3,
    }


def test_progress_is_over_all_detectors() -> None:
    told = progress_of(*begun("a", "b"), progressed("a", 50), progressed("b", 100), finished("a", 0.1, "no"))

    assert told == [0, 0, 0.25, 0.75, 0.99]


def test_one_point_zero_is_kept_for_the_ending() -> None:
    succeeded = ("run.succeeded", {"outcome": "no_signs", "sentence": "No signs."})

    told = progress_of(*begun("a"), progressed("a", 100), finished("a", 0.1, "no_signs"), succeeded)

    assert told == [0, 0, 0.99, 0.99, 1.0]


def test_a_detector_nobody_named_and_a_growing_total_take_nothing_back() -> None:
    told = progress_of(
        *begun("a"),
        progressed("a", 50),
        progressed("a", 60, total=400),
        progressed("b", 1),
        progressed("a", 61),
    )

    assert told == [0, 0, 0.5, 0.5, 0.5, 0.5]


def test_a_lost_attempt_keeps_what_was_reached_and_a_persons_retry_starts_over() -> None:
    lost = ("run.retried", {"attempt": 2, "reason": "Its worker stopped answering."})
    again = ("run.started", {"attempt": 2, "detectors": ["a"]})

    told = progress_of(
        *begun("a"),
        progressed("a", 60),
        lost,
        again,
        progressed("a", 10),
        progressed("a", 70),
        ("run.failed", {"code": "reader_lost", "error": "It died."}),
        lost,
        again,
        progressed("a", 10),
    )

    assert told == [0, 0, 0.6, 0.6, 0.6, 0.6, 0.7, 0.7, 0, 0, 0.1]


@pytest.mark.parametrize(
    ("kind", "data", "stage"),
    [
        ("run.queued", {}, "queued"),
        ("run.started", {}, "initializing"),
        ("run.retried", {}, "queued"),
        ("stage.started", {"stage": "audio_extraction"}, "audio_extraction"),
        ("stage.finished", {"stage": "audio_extraction", "seconds": 1}, "audio_extraction"),
        ("run.succeeded", {"outcome": "disagree"}, "complete"),
        ("run.failed", {"error": "It died."}, "error"),
        ("run.cancelled", {"by": "ana"}, "error"),
    ],
)
def test_every_stage_has_its_word(kind: str, data: dict[str, Any], stage: str) -> None:
    assert heard(RunJobs(RUN), events((kind, data)))[0]["stage"] == stage


def test_when_a_stage_ends_the_one_that_still_runs_is_told() -> None:
    began = [("stage.started", {"stage": name}) for name in ("frame_extraction", "model_inference")]
    ends = [("stage.finished", {"stage": name}) for name in ("model_inference", "frame_extraction")]

    frames = heard(RunJobs(RUN), events(*began, *ends))

    stages = [frame["stage"] for frame in frames]
    assert stages == ["frame_extraction", "model_inference", "frame_extraction", "frame_extraction"]


def test_a_completed_run_has_its_result() -> None:
    succeeded = ("run.succeeded", {"outcome": "strong_signs", "sentence": "Strong signs.", "seen": "1 car"})

    last = heard(
        RunJobs(RUN), events(*begun("a", "b"), finished("a", 0.9, "strong_signs"), abstained("b"), succeeded)
    )[-1]

    about = {"version": "1", "family": "f", "weights_sha256": None, "seconds": 1.5}
    assert (last["status"], last["stage"], last["progress"]) == ("completed", "complete", 1.0)
    assert last["message"] == "run.succeeded happened."
    assert last["result"] == {
        "run": str(RUN),
        "outcome": "strong_signs",
        "sentence": "Strong signs.",
        "seen": "1 car",
        "results": [
            {
                "detector": "a",
                **about,
                "assessment": {"kind": "verdict", "score": 0.9, "band": "strong_signs", "calibrated": True},
            },
            {
                "detector": "b",
                **about,
                "assessment": {"kind": "not_assessed", "reason": "no_face", "detail": "No face."},
            },
        ],
    }


def test_results_of_a_lost_attempt_are_not_those_of_the_run() -> None:
    lost = ("run.retried", {"attempt": 2, "reason": "Its worker stopped answering."})
    succeeded = ("run.succeeded", {"outcome": "no_signs", "sentence": "No signs."})
    history = [*begun("a"), finished("a", 0.9, "strong_signs"), lost, *begun("a"), abstained("a"), succeeded]

    last = heard(RunJobs(RUN), events(*history))[-1]

    assert [one["assessment"]["kind"] for one in last["result"]["results"]] == ["not_assessed"]


@pytest.mark.parametrize(
    ("ending", "error"),
    [
        (("run.failed", {"code": "reader_lost", "error": "It died."}), "It died."),
        (("run.cancelled", {"by": "ana"}), "cancelled"),
    ],
)
def test_a_run_without_an_outcome_reads_as_failed_and_keeps_its_progress(
    ending: tuple[str, dict[str, Any]], error: str
) -> None:
    last = heard(RunJobs(RUN), events(*begun("a"), progressed("a", 40), ending))[-1]

    assert (last["status"], last["stage"], last["progress"]) == ("failed", "error", 0.4)
    assert (last["error"], last["message"]) == (error, f"Error: {error}")
    assert "result" not in last


def test_scores_are_no_progress() -> None:
    points = {"detector": "a", "points": [[0.0, 0.5, None, None]]}

    assert heard(RunJobs(RUN), events(("score.measured", points))) == []
