"""The progress dialect: canonical events of a media run as existing clients expect them.

Every key is always there; what belongs to no detector has `model_name` "run".
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from analysis.dialects.progress_events import BadProgressEvent, EventData, EventType, ProgressEvent
from realtime.dialects import Event, Frame, Voice, standing

RUN = "run"
_NAMES = {
    "run.queued": EventType.ANALYSIS_QUEUED,
    "run.started": EventType.PROCESSING_STARTED,
    "detector.started": EventType.ANALYSIS_STARTED,
    "run.progressed": EventType.FRAME_ANALYSIS_PROGRESS,
    "visualization.progressed": EventType.VISUALIZATION_GENERATION_PROGRESS,
    "detector.finished": EventType.ANALYSIS_COMPLETE,
    "detector.abstained": EventType.ANALYSIS_COMPLETE,
    "detector.failed": EventType.ANALYSIS_FAILED,
    "run.succeeded": EventType.ANALYSIS_COMPLETE,
    "run.failed": EventType.ANALYSIS_FAILED,
    "run.cancelled": EventType.ANALYSIS_FAILED,
}
_STAGES = {
    ("stage.started", "audio_extraction"): (EventType.AUDIO_EXTRACTION_START, "audio_extraction"),
    ("stage.finished", "audio_extraction"): (
        EventType.AUDIO_EXTRACTION_COMPLETE,
        "audio_extraction_complete",
    ),
    ("stage.started", "spectrogram_generation"): (
        EventType.SPECTROGRAM_GENERATION_START,
        "spectrogram_generation",
    ),
    ("stage.finished", "spectrogram_generation"): (
        EventType.SPECTROGRAM_GENERATION_COMPLETE,
        "spectrogram_complete",
    ),
}
_PREDICTIONS = {
    "strong_signs": "FAKE",
    "no_signs": "NO_SIGNS",
    "not_assessable": "NOT_ASSESSABLE",
}


def spoken(event: Mapping[str, Any], *, media_id: UUID, user_id: UUID) -> ProgressEvent | None:
    """A canonical event in the dialect; None for what the dialect has no word for."""
    data = event["data"]
    name, phase = _name(event["type"], data)
    if name is None:
        return None
    detector = data.get("detector", RUN)
    details = _details(event["type"], data) | ({"phase": phase} if phase else {})
    try:
        progress = EventData(detector, data.get("done"), data.get("total"), details)
        return ProgressEvent(
            media_id=media_id, user_id=user_id, event=name, message=event["message"], data=progress
        )
    except BadProgressEvent:
        # A line another program appended: the log takes numbers and names that the dialect has no place for.
        return None


class ProgressVoice(Voice):
    """The dialect as programs outside hear it: the media by the id its client gave it, if it has one."""

    remembers = False

    def __init__(self, *, media: UUID, user: UUID, run: UUID, external_id: str = "") -> None:
        self._ids = {"media_id": media, "user_id": user}
        self._names = {"media_id": external_id or str(media), "media": str(media), "run_id": str(run)}

    def hear(self, event: Event) -> Sequence[Frame]:
        """One frame for every event the dialect has a word for; which line of which run it was made from."""
        said = spoken(event, **self._ids)
        return [{**said.as_json(), **self._names, **standing(event)}] if said else ()


def prediction(outcome: str) -> str:
    """The outcome of a run in the dialect's words."""
    return _PREDICTIONS.get(outcome, "INCONCLUSIVE")


def _name(kind: str, data: Mapping[str, Any]) -> tuple[EventType | None, str]:
    if kind == "run.progressed":
        return _NAMES[kind], "frame_processing"
    if kind in _NAMES:
        return _NAMES[kind], ""
    return _STAGES.get((kind, data.get("stage", "")), (None, ""))


def _details(kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    if kind == "run.progressed":
        return _present(current_frame_faces=data.get("faces"), fps=data.get("fps"))
    if kind in ("detector.finished", "detector.abstained"):
        return _conclusion(data) | _present(processing_time=data.get("seconds"))
    if kind == "detector.failed":
        return _present(
            error=data.get("error"), error_type=data.get("error_type"), processing_time=data.get("seconds")
        )
    return _ending(kind, data)


def _conclusion(data: Mapping[str, Any]) -> dict[str, Any]:
    """The prediction; a confidence only where there is a score."""
    assessment = data["assessment"]
    if assessment["kind"] != "verdict":
        return {"prediction": "NOT_ASSESSABLE"}
    band = assessment["band"] if assessment.get("calibrated", True) else "uncalibrated"
    return {"prediction": _PREDICTIONS.get(band, "INCONCLUSIVE"), "confidence": assessment["score"]}


def _ending(kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    if kind == "run.succeeded":
        return {"scope": "run", "prediction": prediction(data["outcome"])}
    if kind == "run.failed":
        return {"scope": "run"} | _present(error=data.get("error"), error_type=data.get("code"))
    if kind == "run.cancelled":
        return {"scope": "run", "error": "cancelled", "error_type": "cancelled"}
    return {}


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
