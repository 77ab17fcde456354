"""An external job on its owner's `/ws/user/` sockets: the progress dialect, as of a run of one detector.

A job that is fed by the dialect itself (`progress_event` in its metadata or result) is told in the words
it was fed with.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from realtime.lines import Line
from realtime.models import Job
from realtime.topics import UserFrame, compact

Event = Mapping[str, Any]
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
            said = [_progress(job, line, event), *_ended(job, line, event)]
            made += [UserFrame(line.seq, _numbered(frame, line)) for frame in said]
    return made


def _progress(job: Job, line: Line, event: Event) -> dict[str, Any]:
    original = _original(line, event["data"])
    name, message, data = original or (_name(line, event), event["message"], _data(line, event["data"]))
    return {
        "type": "progress_update",
        "mediaId": job.job_id,
        "jobId": job.job_id,
        "event": name,
        "message": message,
        "data": data,
        "timestamp": event["time"],
    }


def _original(line: Line, data: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]] | None:
    """What the job was fed with; None where that is not a progress event, whatever it is called."""
    holder = data.get("result" if line.type in ENDINGS else "metadata")
    said = holder.get("progress_event") if isinstance(holder, Mapping) else None
    if not isinstance(said, Mapping):
        return None
    name, message, inner = said.get("event"), said.get("message"), said.get("data")
    if not isinstance(name, str) or name not in _ORIGINALS.get(line.type, ()):
        return None
    if not isinstance(message, str) or not isinstance(inner, Mapping) or inner.keys() != _DATA:
        return None
    details = inner["details"] if isinstance(inner["details"], Mapping) else {}
    return name, message, {**inner, "details": {**details, **_scope(line)}}


def _name(line: Line, event: Event) -> str:
    if line.type in ENDINGS:
        return ENDINGS[line.type]
    return QUEUED if line.seq == 1 and event["data"].get("stage") == "queued" else PROGRESS


def _data(line: Line, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"model_name": RUN, "progress": _percent(data), "total": 100, "details": _details(line, data)}


def _details(line: Line, data: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: data[name] for name in ("metadata", "result", "error") if data.get(name) is not None}
    if line.type in ENDINGS:
        return {**told, **_scope(line)}
    return {"phase": "stalled" if line.type == "job.stalled" else data.get("stage", ""), **told}


def _scope(line: Line) -> dict[str, str]:
    return {"scope": RUN} if line.type in ENDINGS else {}


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
