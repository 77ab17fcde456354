"""An external job in the progress dialect, as of a run of one detector: on its owner's sockets and outside.

A job that is fed by the dialect itself (`progress_event` in its metadata or result) is told in the words
it was fed with.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from realtime.dialects import Event, Frame, Voice, standing
from realtime.lines import Line
from realtime.models import Job
from realtime.topics import UserFrame, compact

RUN = "run"
PROGRESS, QUEUED = "FRAME_ANALYSIS_PROGRESS", "ANALYSIS_QUEUED"
ENDINGS = {"job.succeeded": "ANALYSIS_COMPLETE", "job.failed": "ANALYSIS_FAILED"}
STATES = {"job.succeeded": "succeeded", "job.failed": "failed"}
_SPOKEN = frozenset({"job.reported", "job.stalled", *ENDINGS})
_ORIGINALS = {
    "job.reported": frozenset(
        {
            "ANALYSIS_QUEUED",
            "PROCESSING_STARTED",
            "ANALYSIS_STARTED",
            "FRAME_ANALYSIS_PROGRESS",
            "VISUALIZATION_GENERATION_PROGRESS",
            "AUDIO_EXTRACTION_START",
            "AUDIO_EXTRACTION_COMPLETE",
            "SPECTROGRAM_GENERATION_START",
            "SPECTROGRAM_GENERATION_COMPLETE",
            "ANALYSIS_COMPLETE",
            "ANALYSIS_FAILED",
        }
    ),
    "job.succeeded": frozenset({"ANALYSIS_COMPLETE"}),
    "job.failed": frozenset({"ANALYSIS_FAILED"}),
}
_DATA = frozenset({"model_name", "progress", "total", "details"})


def frames(topic_id: UUID, lines: Sequence[Line]) -> list[UserFrame]:
    """Progress for every line of a job; after an ending the job as a media, and the error if it failed."""
    job = Job.objects.filter(topic_id=topic_id).only("id", "job_id", "created").first()
    if job is None:
        return []
    made: list[UserFrame] = []
    for line in lines:
        if line.type in _SPOKEN:
            event = json.loads(line.body)
            said = [_progress(job, event), *_ended(job, line, event)]
            made += [UserFrame(line.seq, _numbered(frame, line)) for frame in said]
    return made


class JobProgressVoice(Voice):
    """A job in the progress dialect, as programs outside hear it."""

    remembers: ClassVar[bool] = False

    def __init__(self, job_id: str, owner: UUID) -> None:
        self._ids = {"media_id": job_id, "user_id": str(owner)}

    def hear(self, event: Event) -> Sequence[Frame]:
        if event["type"] not in _SPOKEN:
            return ()
        name, message, data = _words(event)
        return ({**self._ids, "event": name, "message": message, "data": data, **standing(event)},)


def _progress(job: Job, event: Event) -> dict[str, Any]:
    name, message, data = _words(event)
    return {
        "type": "progress_update",
        "mediaId": job.job_id,
        "jobId": job.job_id,
        "event": name,
        "message": message,
        "data": data,
        "timestamp": event["time"],
    }


def _words(event: Event) -> tuple[str, str, dict[str, Any]]:
    """What the event is called, its message and its data."""
    return _original(event) or (_name(event), event["message"], _data(event))


def _original(event: Event) -> tuple[str, str, dict[str, Any]] | None:
    """What the job was fed with; None where that is not a progress event, whatever it is called."""
    holder = event["data"].get("result" if event["type"] == "job.succeeded" else "metadata")
    said = holder.get("progress_event") if isinstance(holder, Mapping) else None
    if not isinstance(said, Mapping):
        return None
    name, message, inner = said.get("event"), said.get("message"), said.get("data")
    if not isinstance(name, str) or name not in _ORIGINALS.get(event["type"], ()):
        return None
    if not isinstance(message, str) or not isinstance(inner, Mapping) or inner.keys() != _DATA:
        return None
    details = inner["details"] if isinstance(inner["details"], Mapping) else {}
    return name, message, {**inner, "details": {**details, **_scope(event)}}


def _name(event: Event) -> str:
    if event["type"] in ENDINGS:
        return ENDINGS[event["type"]]
    return QUEUED if event["seq"] == 1 and event["data"].get("stage") == "queued" else PROGRESS


def _data(event: Event) -> dict[str, Any]:
    done = _percent(event["data"])
    return {"model_name": RUN, "progress": done, "total": 100, "details": _details(event)}


def _details(event: Event) -> dict[str, Any]:
    data = event["data"]
    told = {name: data[name] for name in ("metadata", "result", "error") if data.get(name) is not None}
    if event["type"] in ENDINGS:
        return {**told, **_scope(event)}
    return {"phase": "stalled" if event["type"] == "job.stalled" else data.get("stage", ""), **told}


def _scope(event: Event) -> dict[str, str]:
    return {"scope": RUN} if event["type"] in ENDINGS else {}


def _percent(data: Mapping[str, Any]) -> int:
    progress = data.get("progress")
    # rounded first: 0.29 * 100 is 28.999…
    return int(round(progress * 100, 6)) if isinstance(progress, int | float) else 0


def _ended(job: Job, line: Line, event: Event) -> list[dict[str, Any]]:
    if line.type not in ENDINGS:
        return []
    error = None
    if line.type == "job.failed":
        error = {"code": "job_failed", "message": event["data"].get("error", event["message"])}
    said = {"type": "processing_error", "mediaId": job.job_id, "jobId": job.job_id, "runId": str(job.id)}
    update = {"type": "media_update", "media": _media(job, line, event, error)}
    return [{**said, **error}, update] if error else [update]


def _media(job: Job, line: Line, event: Event, error: dict[str, str] | None) -> dict[str, Any]:
    """The job as existing clients know a media whose run has ended."""
    run = {
        "id": str(job.id),
        "topic": str(line.topic),
        "head": line.seq,
        "state": STATES[line.type],
        "outcome": None,
        "sentence": event["message"],
        "error": error,
        "created": job.created.isoformat(),
        "finished": event["time"],
    }
    named = {"id": job.job_id, "filename": job.job_id, "kind": "job", "created": job.created.isoformat()}
    return {**named, "run": run}


def _numbered(frame: Mapping[str, Any], line: Line) -> str:
    return compact({**frame, "topic": str(line.topic), "seq": line.seq})
