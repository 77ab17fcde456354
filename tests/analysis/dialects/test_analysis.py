"""A run in the analysis dialect, field for field."""

from typing import Any

import pytest

from analysis.dialects.analysis import RunAnalysis
from realtime.dialects import Frame
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

NAMES = {"task_id": str(RUN), "analysis_id": str(RUN)}
SUCCEEDED = ("run.succeeded", {"outcome": "strong_signs", "sentence": "Strong signs.", "seen": "1 car"})


def told(*bodies: tuple[str, dict[str, Any]]) -> list[Frame]:
    return heard(RunAnalysis(RUN), events(*bodies))


def result_of(*bodies: tuple[str, dict[str, Any]]) -> Frame:
    return told(*bodies)[-1]


def scored(detector: str, *points: list[Any]) -> tuple[str, dict[str, Any]]:
    return "score.measured", {"detector": detector, "points": list(points)}


def test_a_status_has_every_field() -> None:
    frame = told(*begun("a"), progressed("a", 25, seconds_left=90.5))[-1]

    assert frame == {
        "type": "status_update",
        "event_type": "status_update",
        **NAMES,
        "progress": 0.25,
        "current_stage": "initializing",
        "message": "run.progressed happened.",
        "estimated_completion": "2026-11-21T08:01:33.500000Z",
        "error": None,
        "timestamp": "2026-11-21T08:00:03.000000Z",
        "topic": str(TOPIC),
        "seq": 3,
    }


def test_the_slowest_detector_says_when_it_ends_and_nobody_says_it_afterwards() -> None:
    frames = told(
        *begun("a", "b"),
        progressed("a", 25, seconds_left=10),
        progressed("b", 5, seconds_left=40),
        finished("b", 0.1, "no_signs"),
        finished("a", 0.1, "no_signs"),
        SUCCEEDED,
    )

    assert [frame.get("estimated_completion") for frame in frames] == [
        None,
        None,
        "2026-11-21T08:00:13.000000Z",
        "2026-11-21T08:00:44.000000Z",
        "2026-11-21T08:00:13.000000Z",
        None,
        None,
        None,
    ]


def test_a_time_that_has_passed_is_now() -> None:
    frames = told(
        *begun("a"), progressed("a", 25, seconds_left=0.5), ("stage.started", {"stage": "visualization"})
    )

    assert frames[-1]["estimated_completion"] == "2026-11-21T08:00:04.000000Z"


@pytest.mark.parametrize("seconds", [-1, 1e300, "soon"])
def test_a_time_nobody_waits_is_unknown(seconds: Any) -> None:
    assert told(progressed("a", 25, seconds_left=seconds))[-1]["estimated_completion"] is None


@pytest.mark.parametrize(
    ("kind", "data", "stage"),
    [
        ("run.queued", {}, "initializing"),
        ("run.retried", {}, "initializing"),
        ("stage.started", {"stage": "model_inference"}, "model_inference"),
        ("stage.started", {"stage": "evidence_sealing"}, "blockchain_submission"),
        ("run.succeeded", {"outcome": "disagree"}, "completed"),
        ("run.failed", {"error": "It died."}, "failed"),
        ("run.cancelled", {"by": "ana"}, "failed"),
    ],
)
def test_every_stage_has_its_word(kind: str, data: dict[str, Any], stage: str) -> None:
    assert told((kind, data))[0]["current_stage"] == stage


def test_a_result_has_every_field() -> None:
    status, result = told(
        *begun("a"),
        progressed("a", 25, total=30),
        scored("a", [0.0, 0.2, 1, None, [0.1, 0.2, 0.3, 0.5]], [0.5, 0.8, 1, None, [0.1, 0.2, 0.3, 0.5]]),
        finished("a", 0.9, "strong_signs"),
        SUCCEEDED,
    )[-2:]

    assert (status["progress"], status["current_stage"]) == (1.0, "completed")
    assert result == {
        "type": "result_update",
        "event_type": "result_update",
        **NAMES,
        "confidence_score": 0.9,
        "is_fake": True,
        "outcome": "strong_signs",
        "sentence": "Strong signs.",
        "seen": "1 car",
        "frames_processed": 25,
        "total_frames": 30,
        "suspicious_regions": [
            {
                "frame_number": 1,
                "x": 0.1,
                "y": 0.2,
                "width": 0.2,
                "height": 0.3,
                "confidence": 0.8,
                "region_type": "face",
            }
        ],
        "blockchain_hash": f"{6:064x}",
        "processing_time_ms": 4000,
        "timestamp": "2026-11-21T08:00:06.000000Z",
        "topic": str(TOPIC),
        "seq": 6,
    }


@pytest.mark.parametrize(
    ("outcome", "is_fake"),
    [
        ("strong_signs", True),
        ("no_signs", False),
        ("some_signs", None),
        ("disagree", None),
        ("not_assessable", None),
    ],
)
def test_only_strong_signs_and_none_are_yes_and_no(outcome: str, is_fake: bool | None) -> None:
    assert result_of(("run.succeeded", {"outcome": outcome}))["is_fake"] is is_fake


def test_the_highest_calibrated_score_counts() -> None:
    result = result_of(
        finished("a", 0.3, "no_signs"),
        finished("b", 0.6, "some_signs"),
        finished("c", 0.95, "uncalibrated"),
        abstained("d"),
        SUCCEEDED,
    )

    assert result["confidence_score"] == 0.6


def test_without_a_calibrated_score_there_is_none() -> None:
    result = result_of(finished("c", 0.95, "uncalibrated"), abstained("d"), SUCCEEDED)

    assert result["confidence_score"] is None


@pytest.mark.parametrize("ending", [abstained("a"), finished("a", 0.1, "no_signs")])
def test_regions_of_a_detector_that_saw_no_signs_are_none(ending: tuple[str, dict[str, Any]]) -> None:
    seen = scored("a", [0.0, 0.9, 1, None, [0.1, 0.2, 0.3, 0.5]])

    assert result_of(seen, ending, SUCCEEDED)["suspicious_regions"] == []


def test_regions_are_the_highest_few_in_the_order_of_their_frames() -> None:
    points = [[n / 10, 0.5 + n % 100 / 200, 1, None, [0.1, 0.2, 0.3, 0.5]] for n in range(100)]

    regions = result_of(scored("a", *points), finished("a", 0.9, "strong_signs"), SUCCEEDED)[
        "suspicious_regions"
    ]

    assert [region["frame_number"] for region in regions] == list(range(80, 100))


def test_two_faces_of_one_frame_have_its_number() -> None:
    box = [0.1, 0.2, 0.3, 0.5]
    seen = (
        scored("a", [0.0, None, None, "no_face"], [0.4, 0.9, 1, None, box]),
        scored("a", [0.4, 0.8, 2, None, box]),
    )

    regions = result_of(*seen, finished("a", 0.9, "strong_signs"), SUCCEEDED)["suspicious_regions"]

    assert [region["frame_number"] for region in regions] == [1, 1]


@pytest.mark.parametrize(
    ("ending", "code", "message", "details"),
    [
        (
            ("run.failed", {"attempt": 1, "code": "reader_lost", "error": "It died.", "filename": "a.mp4"}),
            "reader_lost",
            "It died.",
            {"attempt": 1, "filename": "a.mp4"},
        ),
        (
            ("run.cancelled", {"attempt": 1, "by": "ana"}),
            "cancelled",
            "cancelled",
            {"attempt": 1, "by": "ana"},
        ),
    ],
)
def test_a_run_without_an_outcome_ends_with_an_error(
    ending: tuple[str, dict[str, Any]], code: str, message: str, details: dict[str, Any]
) -> None:
    status, error = told(*begun("a"), progressed("a", 40), ending)[-2:]

    assert (status["current_stage"], status["progress"], status["error"]) == ("failed", 0.4, message)
    assert error == {
        "type": "error",
        "event_type": "error",
        **NAMES,
        "error_code": code,
        "error_message": message,
        "error_details": details,
        "timestamp": "2026-11-21T08:00:04.000000Z",
        "topic": str(TOPIC),
        "seq": 4,
    }


def test_a_retry_takes_the_error_back() -> None:
    frames = told(("run.failed", {"error": "It died."}), ("run.retried", {"attempt": 2}))

    assert (frames[-1]["error"], frames[-1]["current_stage"]) == (None, "initializing")


def test_the_time_of_a_run_begins_with_its_first_attempt() -> None:
    lost = ("run.retried", {"attempt": 2, "reason": "Its worker stopped answering."})

    result = result_of(*begun("a"), lost, ("run.started", {"attempt": 2, "detectors": ["a"]}), SUCCEEDED)

    assert result["processing_time_ms"] == 3000
