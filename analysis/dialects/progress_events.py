"""The values of the progress dialect. They are checked when they are made: a wrong one never gets further."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

ID_LIMIT = 128
MESSAGE_LIMIT = 8192  # what a line of the log may hold
_FIELDS = ("model_name", "progress", "total", "details")


class BadProgressEvent(ValueError):
    """A value no progress event has; `code` is stable. Nothing has happened."""

    code = "bad_progress_event"


class EventType(StrEnum):
    """What a progress event may be called."""

    ANALYSIS_QUEUED = "ANALYSIS_QUEUED"
    PROCESSING_STARTED = "PROCESSING_STARTED"
    ANALYSIS_STARTED = "ANALYSIS_STARTED"
    FRAME_ANALYSIS_PROGRESS = "FRAME_ANALYSIS_PROGRESS"
    VISUALIZATION_GENERATION_PROGRESS = "VISUALIZATION_GENERATION_PROGRESS"
    AUDIO_EXTRACTION_START = "AUDIO_EXTRACTION_START"
    AUDIO_EXTRACTION_COMPLETE = "AUDIO_EXTRACTION_COMPLETE"
    SPECTROGRAM_GENERATION_START = "SPECTROGRAM_GENERATION_START"
    SPECTROGRAM_GENERATION_COMPLETE = "SPECTROGRAM_GENERATION_COMPLETE"
    ANALYSIS_COMPLETE = "ANALYSIS_COMPLETE"
    ANALYSIS_FAILED = "ANALYSIS_FAILED"


@dataclass(frozen=True)
class EventData:
    """How far which detector is, in its own units. Raises BadProgressEvent."""

    model_name: str
    progress: int | None = None
    total: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "details", {} if self.details is None else self.details)
        if not _is_text(self.model_name, ID_LIMIT):
            raise BadProgressEvent(f"model_name is a text of 1 to {ID_LIMIT} printable characters.")
        for name in ("progress", "total"):
            _refuse_uncounted(name, getattr(self, name))
        if not isinstance(self.details, Mapping) or not all(isinstance(key, str) for key in self.details):
            raise BadProgressEvent("details is an object: names and values.")

    def as_json(self) -> dict[str, Any]:
        return {
            "model_name": self.model_name,
            "progress": self.progress,
            "total": self.total,
            "details": dict(self.details),
        }


@dataclass(frozen=True, kw_only=True)
class ProgressEvent:
    """One event of the dialect. Without media or user it is about nobody's work. Raises BadProgressEvent.

    event and data may be given as the plain text and the plain object they are in JSON.
    """

    media_id: str | UUID | None = None
    user_id: str | UUID | None = None
    event: EventType
    message: str
    data: EventData

    def __post_init__(self) -> None:
        object.__setattr__(self, "media_id", _media_id(self.media_id))
        object.__setattr__(self, "user_id", _user_id(self.user_id))
        object.__setattr__(self, "event", _event(self.event))
        object.__setattr__(self, "data", _data(self.data))
        if not isinstance(self.message, str) or len(self.message) > MESSAGE_LIMIT:
            raise BadProgressEvent(f"message is a text of at most {MESSAGE_LIMIT} characters.")

    def as_json(self) -> dict[str, Any]:
        return {
            "media_id": str(self.media_id),
            "user_id": str(self.user_id),
            "event": self.event.value,
            "message": self.message,
            "data": self.data.as_json(),
        }


def _media_id(given: object) -> str | UUID | None:
    if given is None or given == "":
        return None
    if isinstance(given, UUID) or (isinstance(given, str) and _is_text(given, ID_LIMIT)):
        return given
    raise BadProgressEvent(f"media_id is a UUID, or a text of 1 to {ID_LIMIT} printable characters.")


def _user_id(given: object) -> UUID | None:
    if given is None or given == "":
        return None
    try:
        return given if isinstance(given, UUID) else UUID(given)  # type: ignore[arg-type]  # refused below
    except (ValueError, TypeError, AttributeError) as error:
        raise BadProgressEvent("user_id is the UUID of a user.") from error


def _event(given: object) -> EventType:
    try:
        return EventType(given)  # type: ignore[arg-type]  # refused below
    except ValueError as error:
        raise BadProgressEvent(f"event is one of {', '.join(EventType)}.") from error


def _data(given: object) -> EventData:
    if isinstance(given, EventData):
        return given
    if not isinstance(given, Mapping) or not {"model_name"} <= given.keys() <= set(_FIELDS):
        raise BadProgressEvent(f"data is an EventData, or an object of {', '.join(_FIELDS)}.")
    return EventData(**given)


def _is_text(given: object, limit: int) -> bool:
    return isinstance(given, str) and 1 <= len(given) <= limit and given.isprintable()


def _refuse_uncounted(name: str, given: object) -> None:
    if given is not None and (isinstance(given, bool) or not isinstance(given, int) or given < 0):
        raise BadProgressEvent(f"{name} is a whole number from 0, or None.")
