"""The analysis dialect of a media run: its status, and at the end a result or an error."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from analysis.dialects.memory import BEGINNINGS, FIRST_STAGE, QUEUED, RunMemory, assessment_in
from analysis.dialects.regions import Regions
from realtime.dialects import Event, Frame, Voice
from realtime.envelope import rfc3339

_STAGES = {QUEUED: FIRST_STAGE, "evidence_sealing": "blockchain_submission"}
_CONCLUSIONS = frozenset({"detector.finished", "detector.abstained", "detector.failed"})
_IS_FAKE = {"strong_signs": True, "no_signs": False}


class RunAnalysis(Voice):
    """`status_update` for every step, then `result_update` or `error`; `analysis_id` and `task_id` are the run."""

    def __init__(self, run: UUID) -> None:
        self._memory = RunMemory(run)
        self._regions = Regions()
        self._last: Sequence[Frame] = ()

    def hear(self, event: Event) -> Sequence[Frame]:
        self._look(event)
        if not self._memory.take(event):
            return ()
        self._last = self._frames(event)
        return self._last

    def last(self) -> Sequence[Frame]:
        return self._last

    def _look(self, event: Event) -> None:
        kind, data = event["type"], event["data"]
        if kind in BEGINNINGS:
            self._regions = Regions()
        elif kind == "score.measured":
            self._regions.see(data["detector"], data["points"])
        elif kind in _CONCLUSIONS:
            assessment = assessment_in(data)
            signs = assessment.get("kind") == "verdict" and assessment.get("band") != "no_signs"
            self._regions.conclude(data["detector"], keep=signs)

    def _frames(self, event: Event) -> Sequence[Frame]:
        # A seq says that everything up to it was told: with two frames of one line only the second may.
        run, place = self._memory, {"topic": event["topic"], "seq": event["seq"]}
        if not run.ended:
            return (_status(run) | place,)
        ending = _error(run, event) if run.error else _result(run, self._regions, event)
        return _status(run) | {"topic": event["topic"]}, ending | place


def named(kind: str, run: str) -> dict[str, Any]:
    """How every frame of the dialect begins."""
    return {"type": kind, "event_type": kind, "task_id": run, "analysis_id": run}


def _status(run: RunMemory) -> dict[str, Any]:
    ends = run.estimate()
    return named("status_update", run.run) | {
        "progress": run.progress,
        "current_stage": _STAGES.get(run.stage, run.stage),
        "message": run.message,
        "estimated_completion": rfc3339(ends) if ends else None,
        "error": run.error,
        "timestamp": run.time,
    }


def _result(run: RunMemory, regions: Regions, event: Event) -> dict[str, Any]:
    data = event["data"]
    frames_processed, total_frames = run.advance.frames
    return named("result_update", run.run) | {
        "confidence_score": run.highest_score(),
        "is_fake": _IS_FAKE.get(data.get("outcome") or ""),
        "outcome": data.get("outcome"),
        "sentence": data.get("sentence"),
        "seen": data.get("seen"),
        "frames_processed": frames_processed,
        "total_frames": total_frames,
        "suspicious_regions": regions.kept(),
        "blockchain_hash": event["hash"],
        "processing_time_ms": round(run.seconds() * 1000),
        "timestamp": run.time,
    }


def _error(run: RunMemory, event: Event) -> dict[str, Any]:
    details: Mapping[str, Any] = {
        name: event["data"][name] for name in ("attempt", "filename", "by") if name in event["data"]
    }
    return named("error", run.run) | {
        "error_code": run.error_code,
        "error_message": run.error,
        "error_details": details,
        "timestamp": run.time,
    }
