"""Canonical events in the progress dialect, field for field."""

from typing import Any
from uuid import UUID

import pytest

from analysis.dialects.progress import spoken

MEDIA, USER = UUID(int=1), UUID(int=2)
VERDICT = {"kind": "verdict", "score": 0.93, "band": "strong_signs", "calibrated": True}


def said(kind: str, data: dict[str, Any]) -> dict[str, Any] | None:
    event = {"type": kind, "message": "A sentence.", "data": data}
    spoken_event = spoken(event, media_id=MEDIA, user_id=USER)
    return spoken_event.as_json() if spoken_event else None


def test_progress_has_every_key() -> None:
    data = {"detector": "meso4", "done": 3, "total": 9, "fps": 25.0, "faces": 2, "unit": "frames"}

    assert said("run.progressed", data) == {
        "media_id": str(MEDIA),
        "user_id": str(USER),
        "event": "FRAME_ANALYSIS_PROGRESS",
        "message": "A sentence.",
        "data": {
            "model_name": "meso4",
            "progress": 3,
            "total": 9,
            "details": {"phase": "frame_processing", "current_frame_faces": 2, "fps": 25.0},
        },
    }


@pytest.mark.parametrize(
    ("kind", "data", "event", "model", "details"),
    [
        ("run.queued", {}, "ANALYSIS_QUEUED", "run", {}),
        ("run.started", {"attempt": 1}, "PROCESSING_STARTED", "run", {}),
        ("detector.started", {"detector": "meso4"}, "ANALYSIS_STARTED", "meso4", {}),
        (
            "visualization.progressed",
            {"detector": "meso4", "done": 1, "total": 2},
            "VISUALIZATION_GENERATION_PROGRESS",
            "meso4",
            {},
        ),
        (
            "stage.started",
            {"stage": "audio_extraction"},
            "AUDIO_EXTRACTION_START",
            "run",
            {"phase": "audio_extraction"},
        ),
        (
            "stage.finished",
            {"stage": "audio_extraction"},
            "AUDIO_EXTRACTION_COMPLETE",
            "run",
            {"phase": "audio_extraction_complete"},
        ),
        (
            "stage.started",
            {"stage": "spectrogram_generation"},
            "SPECTROGRAM_GENERATION_START",
            "run",
            {"phase": "spectrogram_generation"},
        ),
        (
            "stage.finished",
            {"stage": "spectrogram_generation"},
            "SPECTROGRAM_GENERATION_COMPLETE",
            "run",
            {"phase": "spectrogram_complete"},
        ),
        (
            "detector.finished",
            {"detector": "meso4", "assessment": VERDICT, "seconds": 1.5},
            "ANALYSIS_COMPLETE",
            "meso4",
            {"prediction": "FAKE", "confidence": 0.93, "processing_time": 1.5},
        ),
        (
            "detector.finished",
            {"detector": "meso4", "assessment": {**VERDICT, "band": "uncalibrated", "calibrated": False}},
            "ANALYSIS_COMPLETE",
            "meso4",
            {"prediction": "INCONCLUSIVE", "confidence": 0.93},
        ),
        (
            "detector.abstained",
            {"detector": "meso4", "assessment": {"kind": "not_assessed", "reason": "no_face"}},
            "ANALYSIS_COMPLETE",
            "meso4",
            {"prediction": "NOT_ASSESSABLE"},
        ),
        (
            "detector.failed",
            {"detector": "meso4", "error": "It broke.", "error_type": "ValueError", "seconds": 2.0},
            "ANALYSIS_FAILED",
            "meso4",
            {"error": "It broke.", "error_type": "ValueError", "processing_time": 2.0},
        ),
        (
            "run.succeeded",
            {"outcome": "disagree"},
            "ANALYSIS_COMPLETE",
            "run",
            {"scope": "run", "prediction": "INCONCLUSIVE"},
        ),
        (
            "run.failed",
            {"code": "reader_lost", "error": "It died."},
            "ANALYSIS_FAILED",
            "run",
            {"scope": "run", "error": "It died.", "error_type": "reader_lost"},
        ),
        (
            "run.cancelled",
            {"by": "ana"},
            "ANALYSIS_FAILED",
            "run",
            {"scope": "run", "error": "cancelled", "error_type": "cancelled"},
        ),
    ],
)
def test_each_type_has_its_word(
    kind: str, data: dict[str, Any], event: str, model: str, details: dict[str, Any]
) -> None:
    frame = said(kind, data)

    assert frame is not None
    assert (frame["event"], frame["data"]["model_name"]) == (event, model)
    assert frame["data"]["details"] == details


@pytest.mark.parametrize("kind", ["score.measured", "run.retried", "stage.started"])
def test_types_without_a_word_are_silent(kind: str) -> None:
    assert said(kind, {"stage": "model_inference", "detector": "meso4", "points": []}) is None


@pytest.mark.parametrize("odd", [{"done": 0.5}, {"total": "9"}, {"detector": 7}], ids=str)
def test_a_line_the_dialect_has_no_place_for_is_left_out(odd: dict[str, Any]) -> None:
    data = {"detector": "meso4", "done": 3, "total": 9}
    assert said("run.progressed", data)

    assert said("run.progressed", data | odd) is None
