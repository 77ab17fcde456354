"""Whether a camera gives pictures, as its log last said: kept in the transaction that writes the line."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from analysis.cameras.models import Camera, CameraState
from analysis.models import Run
from realtime.lines import Line

_ONLINE = {"camera.online": True, "camera.offline": False}
# Where these stand, nobody has looked yet, or nobody looks any more.
_UNKNOWN = ("run.queued", "run.retried", "run.succeeded", "run.failed", "run.cancelled")
_ENDED: Mapping[str, str] = {Run.State.FAILED: "failed", Run.State.SUCCEEDED: "ended"}
TYPES = frozenset({*_ONLINE, *_UNKNOWN})


@dataclass(frozen=True)
class Status:
    """How watching a camera is going: off, waiting, connecting, online, offline, ended or failed; `said` explains."""

    state: str
    said: str
    since: datetime | None
    run: UUID | None


def note(topic_id: UUID, lines: Sequence[Line]) -> None:
    """Keeps what the newest of the lines says."""
    line = next((line for line in reversed(lines) if line.type in TYPES), None)
    if line is None or not line.body:
        return
    event = json.loads(line.body)
    CameraState.objects.filter(camera__topic=topic_id).update(
        online=_ONLINE.get(line.type), since=datetime.fromisoformat(event["time"]), said=event["message"]
    )


def statuses(cameras: Iterable[Camera]) -> Mapping[UUID, Status]:
    """How each camera is doing; two queries. Cameras need their state."""
    newest = Run.objects.filter(camera__in=[camera.pk for camera in cameras])
    newest = newest.select_related("lease").order_by("camera", "-created", "-pk").distinct("camera")
    runs = {run.camera_id: run for run in newest}
    return {camera.pk: _status(camera, runs.get(camera.pk)) for camera in cameras}


def _status(camera: Camera, run: Run | None) -> Status:
    if not camera.enabled or run is None or run.state == Run.State.CANCELLED:
        return Status("off", "Nobody watches it.", camera.updated, run.pk if run else None)
    if run.state in _ENDED:
        return Status(_ENDED[run.state], run.error_message or run.sentence, run.finished, run.pk)
    kept = camera.state
    if run.state == Run.State.QUEUED:
        return Status("waiting", kept.said, kept.since, run.pk)
    if kept.online is None:
        return Status("connecting", _with_left_out("A worker connects to it.", run), run.started, run.pk)
    said = _with_left_out(kept.said, run)
    return Status("online" if kept.online else "offline", said, kept.since, run.pk)


def _with_left_out(said: str, run: Run) -> str:
    """What was said, and which detectors it is watched without."""
    return " ".join([said, *run.lease.excluded.values()])
