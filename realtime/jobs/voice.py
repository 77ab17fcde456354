"""The jobs dialect of an external job: every report as existing clients expect it."""

from collections.abc import Sequence
from typing import Any, ClassVar

from realtime.dialects import Event, Frame, Voice

_STATUS = {
    "job.reported": "processing",
    "job.stalled": "processing",
    "job.succeeded": "completed",
    "job.failed": "failed",
}


class JobVoice(Voice):
    """`{job_id, status, stage, progress, message, timestamp, metadata?, result?, error?}` and where it stands."""

    # Every report says everything there is to say: nothing before it matters.
    remembers: ClassVar[bool] = False

    def __init__(self) -> None:
        self._last: Frame | None = None

    def hear(self, event: Event) -> Sequence[Frame]:
        status = _STATUS.get(event["type"])
        if status is None:
            return ()
        self._last = _frame(event, status)
        return (self._last,)

    def last(self) -> Sequence[Frame]:
        return (self._last,) if self._last else ()


def _frame(event: Event, status: str) -> Frame:
    data = event["data"]
    stage = data.get("stage") or status
    frame: dict[str, Any] = {
        "job_id": data["job_id"],
        "status": status,
        "stage": stage,
        "progress": data["progress"],
        "message": event["message"] or stage,
        "timestamp": event["time"],
    }
    frame |= {name: data[name] for name in ("metadata", "result", "error") if name in data}
    return frame | {"topic": event["topic"], "seq": event["seq"]}
