"""The jobs dialect of a media run: one status with a progress over all its detectors."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from analysis.dialects.memory import COMPLETED, FAILED, RunMemory
from realtime.dialects import Event, Frame, Voice

_SHOWN = ("detector", "done", "total", "unit", "fps", "seconds_left")


class RunJobs(Voice):
    """`{job_id, status, stage, progress, message, timestamp, metadata?, result?, error?}`; `job_id` is the run."""

    ignores: ClassVar[frozenset[str]] = frozenset({"score.measured"})

    def __init__(self, run: UUID) -> None:
        self._memory = RunMemory(run)
        self._last: Frame | None = None

    def hear(self, event: Event) -> Sequence[Frame]:
        if not self._memory.take(event):
            return ()
        self._last = _frame(self._memory, event)
        return (self._last,)

    def last(self) -> Sequence[Frame]:
        return (self._last,) if self._last else ()


def _frame(run: RunMemory, event: Event) -> Frame:
    return {
        "job_id": run.run,
        "status": run.status,
        "stage": _STAGES.get(run.stage, run.stage),
        "progress": run.progress,
        "message": f"Error: {run.error}" if run.error else run.message,
        "timestamp": run.time,
        "metadata": _metadata(event),
        **_ending(run, event),
        "topic": event["topic"],
        "seq": event["seq"],
    }


# The words of this dialect for how a job ends.
_STAGES = {COMPLETED: "complete", FAILED: "error"}


def _metadata(event: Event) -> Mapping[str, Any]:
    shown = {name: event["data"][name] for name in _SHOWN if event["data"].get(name) is not None}
    return {"event": event["type"], **shown}


def _ending(run: RunMemory, event: Event) -> Mapping[str, Any]:
    if run.status == COMPLETED:
        said = {name: event["data"].get(name) for name in ("outcome", "sentence", "seen")}
        return {"result": {"run": run.run, **said, "results": run.results}}
    return {"error": run.error} if run.error else {}
