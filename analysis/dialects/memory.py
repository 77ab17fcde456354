"""What the jobs and the analysis dialect remember of a run: little, whatever its log has grown to.

Progress never falls from one ending to the next: an attempt that was lost is made up for by the one after
it, and until then what was reached stays. Only when a person asks for a run that has ended does it start over.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from analysis.dialects.advance import Advance
from realtime.dialects import Event

QUEUED, FIRST_STAGE = "queued", "initializing"
PROCESSING, COMPLETED, FAILED = "processing", "completed", "failed"
BEGINNINGS = frozenset({"run.queued", "run.retried", "run.started"})
_RESULT = ("detector", "version", "family", "weights_sha256", "assessment", "seconds")
_WORDS = {
    "run.queued": "Waiting for a worker.",
    "run.started": "A worker looks at the file.",
    "run.retried": "Waiting for another attempt.",
    "run.progressed": "Detectors are looking.",
    "visualization.progressed": "Drawing evidence.",
    "run.succeeded": "The examination is complete.",
    "run.failed": "The examination failed.",
    "run.cancelled": "The examination was cancelled.",
}


class RunMemory:
    """A run as far as it was heard of. `run`: its id, by which clients know it."""

    def __init__(self, run: UUID) -> None:
        self.run = str(run)
        self.status = PROCESSING
        self.stage = QUEUED
        self.message = ""
        self.time = ""
        self.error: str | None = None
        self.error_code = ""
        self.began: datetime | None = None
        self.advance = Advance()
        self.results: list[dict[str, Any]] = []
        self._running: list[str] = []

    def take(self, event: Event) -> bool:
        """Takes the next event; whether there is something to say of it."""
        kind = event["type"]
        step = _STEPS.get(kind)
        if step is None or (self.ended and kind not in BEGINNINGS):
            return False
        step(self, event["data"], event)
        self.time = event["time"]
        self.message = event.get("message") or _words(kind, event["data"])
        return True

    @property
    def ended(self) -> bool:
        return self.status != PROCESSING

    @property
    def progress(self) -> float:
        return self.advance.reached

    def estimate(self) -> datetime | None:
        """When the run is expected to end; None when nobody knows, or it has."""
        return None if self.ended or not self.time else self.advance.ends(moment(self.time))

    def highest_score(self) -> float | None:
        """Of the detectors whose scores are calibrated."""
        verdicts = [one["assessment"] for one in self.results if one["assessment"].get("calibrated")]
        return max((verdict["score"] for verdict in verdicts), default=None)

    def seconds(self) -> float:
        """From the first start since the run was asked for to the last event."""
        return (moment(self.time) - self.began).total_seconds() if self.began else 0.0

    def queued(self, data: Mapping[str, Any], _event: Event) -> None:
        self._wait(data.get("detectors") or ())

    def retried(self, _data: Mapping[str, Any], _event: Event) -> None:
        self._wait(())

    def started(self, data: Mapping[str, Any], event: Event) -> None:
        self._wait(data.get("detectors") or ())
        self.stage = FIRST_STAGE
        self.began = self.began or moment(event["time"])

    def stage_started(self, data: Mapping[str, Any], _event: Event) -> None:
        self.stage = str(data["stage"])
        self._running = [*(name for name in self._running if name != self.stage), self.stage]

    def stage_finished(self, data: Mapping[str, Any], _event: Event) -> None:
        self._running = [name for name in self._running if name != data["stage"]]
        self.stage = self._running[-1] if self._running else str(data["stage"])

    def detector_started(self, data: Mapping[str, Any], _event: Event) -> None:
        self.advance.name(data["detector"])

    def progressed(self, data: Mapping[str, Any], event: Event) -> None:
        self.advance.move(data, moment(event["time"]))

    def drawn(self, _data: Mapping[str, Any], _event: Event) -> None:
        """Drawing moves no progress: it is over all detectors, and they are done with looking."""

    def detector_ended(self, data: Mapping[str, Any], _event: Event) -> None:
        self.advance.finish(data["detector"])
        self.results.append({name: data.get(name) for name in _RESULT} | {"assessment": assessment_in(data)})

    def succeeded(self, _data: Mapping[str, Any], _event: Event) -> None:
        self.status = self.stage = COMPLETED
        self.advance.complete()

    def failed(self, data: Mapping[str, Any], event: Event) -> None:
        self.status = self.stage = FAILED
        self.error = data.get("error") or event.get("message") or _WORDS["run.failed"]
        self.error_code = data.get("code") or "failed"

    def cancelled(self, _data: Mapping[str, Any], _event: Event) -> None:
        self.status = self.stage = FAILED
        self.error = self.error_code = "cancelled"

    def _wait(self, detectors: Any) -> None:
        if self.ended:
            self.advance, self.began = Advance(), None
        self.status, self.stage, self.error, self.error_code = PROCESSING, QUEUED, None, ""
        self.advance.begin(detectors)
        self.results, self._running = [], []


def assessment_in(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """How a detector ended."""
    return data.get("assessment") or {}


def moment(time: str) -> datetime:
    """The time of an event."""
    return datetime.fromisoformat(time)


def _words(kind: str, data: Mapping[str, Any]) -> str:
    about = data.get("stage") or data.get("title") or data.get("detector") or ""
    return _WORDS.get(kind) or f"{about.replace('_', ' ')}: {kind.partition('.')[2]}."


_Step = Callable[[RunMemory, Mapping[str, Any], Event], None]
_STEPS: dict[str, _Step] = {
    "run.queued": RunMemory.queued,
    "run.retried": RunMemory.retried,
    "run.started": RunMemory.started,
    "stage.started": RunMemory.stage_started,
    "stage.finished": RunMemory.stage_finished,
    "detector.started": RunMemory.detector_started,
    "run.progressed": RunMemory.progressed,
    "visualization.progressed": RunMemory.drawn,
    "detector.finished": RunMemory.detector_ended,
    "detector.abstained": RunMemory.detector_ended,
    "detector.failed": RunMemory.detector_ended,
    "run.succeeded": RunMemory.succeeded,
    "run.failed": RunMemory.failed,
    "run.cancelled": RunMemory.cancelled,
}
