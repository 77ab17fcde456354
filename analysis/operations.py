"""What whoever runs this desk needs to see now: the queue, the workers, the sockets, what failed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count
from django.utils import timezone

from analysis.models import Run, Worker
from realtime import stats

SHOWN_FOR = timedelta(hours=24)
SHOWN_FAILURES = 20


@dataclass(frozen=True)
class SlotState:
    """One device slot and the run in its hands. `camera` is the key of what it watches; "" for a file."""

    slot: int | None
    run: UUID
    filename: str
    attempt: int
    camera: str


@dataclass(frozen=True)
class WorkerState:
    """One worker. `state` is live, lost (no heartbeat for 15 s) or stopped."""

    id: UUID
    host: str
    pid: int
    device: str
    queues: list[str]
    slots: list[object]
    state: str
    heartbeat: datetime
    silent_seconds: float
    runs: list[SlotState]


@dataclass(frozen=True)
class Failure:
    """An examination that failed: the file and the reason, never a bare count."""

    run: UUID
    media: UUID
    filename: str
    owner: str
    code: str
    reason: str
    finished: datetime | None


@dataclass(frozen=True)
class Overview:
    """Everything at one moment. `oldest_queued_seconds` is of files, and None when none waits: cameras may for days."""

    time: datetime
    queue: Mapping[str, int]
    oldest_queued_seconds: float | None
    workers: list[WorkerState]
    sockets: list[stats.ProcessSockets]
    failures: list[Failure]


def overview() -> Overview:
    """The desk as it is now, in a fixed number of queries."""
    now = timezone.now()
    files = Run.objects.filter(state=Run.State.QUEUED, camera=None)
    waiting = files.order_by("created").values_list("created", flat=True).first()
    return Overview(
        time=now,
        queue=_queue(),
        oldest_queued_seconds=None if waiting is None else (now - waiting).total_seconds(),
        workers=_workers(now),
        sockets=stats.everywhere(),
        failures=_failures(),
    )


def _queue() -> dict[str, int]:
    counted = dict(Run.objects.values_list("state").annotate(Count("pk")))
    return {state: counted.get(state, 0) for state in Run.State.values}


def _workers(now: datetime) -> list[WorkerState]:
    recent = Worker.objects.filter(heartbeat__gte=now - SHOWN_FOR)
    busy: dict[UUID | None, list[SlotState]] = {}
    running = Run.objects.filter(state=Run.State.RUNNING, lease__worker__in=recent)
    for run in running.select_related("lease", "media", "camera", "trace__result").order_by("lease__slot"):
        slot = SlotState(run.lease.slot, _shown_at(run), run.title, run.lease.attempt, _key(run))
        busy.setdefault(run.lease.worker_id, []).append(slot)
    return [_worker(worker, now, busy.get(worker.pk, [])) for worker in recent.order_by("-heartbeat")[:50]]


def _key(run: Run) -> str:
    return run.camera.key if run.camera else ""


def _shown_at(run: Run) -> UUID:
    """The run whose page shows it: a question about a score is shown where it was asked."""
    asks = run.purpose in (Run.Purpose.RECOMPUTE, Run.Purpose.HEATMAP)
    return run.trace.result.run_id if asks else run.pk


def _worker(worker: Worker, now: datetime, runs: list[SlotState]) -> WorkerState:
    silent = now - worker.heartbeat
    state = "stopped" if worker.stopped else "lost" if silent > Worker.LOST_AFTER else "live"
    return WorkerState(
        id=worker.pk,
        host=worker.host,
        pid=worker.pid,
        device=worker.device,
        queues=worker.queues,
        slots=worker.slots,
        state=state,
        heartbeat=worker.heartbeat,
        silent_seconds=round(silent.total_seconds(), 1),
        runs=runs,
    )


def _failures() -> list[Failure]:
    failed = Run.objects.examinations().filter(state=Run.State.FAILED).select_related("media", "owner")
    return [
        Failure(
            run=run.pk,
            media=run.file.pk,
            filename=run.title,
            owner=run.owner.email,
            code=run.error_code,
            reason=run.error_message,
            finished=run.finished,
        )
        for run in failed.order_by("-created")[:SHOWN_FAILURES]
    ]
