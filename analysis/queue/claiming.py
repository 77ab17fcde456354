"""A slot takes a run: the next attempt begins."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from analysis.models import Run
from analysis.queue.leases import Claim
from analysis.queue.locks import Held, lock
from analysis.queue.losses import take_back
from realtime.log import Draft


def claim(
    run_id: UUID, *, worker: UUID, slot: int, defaults: Callable[[str], Sequence[str]] = lambda kind: ()
) -> Claim | None:
    """Takes a queued run: the next attempt, with run.started. None when there is nothing to take.

    That is when it ended, was deleted, or somebody else has it. A run whose lease ran out is taken over; if
    it was lost too often, it fails instead (see MAX_CLAIMS).
    defaults: the detectors for a file of that kind, when nobody named any.
    """
    with transaction.atomic():
        held = lock(run_id)
        if held is None or held.ended or (held.run.state == Run.State.RUNNING and held.alive):
            return None
        if held.run.state == Run.State.RUNNING:
            take_back(held)
            if held.ended:
                return None
        if _watched_by_another(held.run):
            return None
        names = tuple(held.run.detectors or defaults(held.run.kind))
        return _take(held, worker, slot, names)


def _watched_by_another(run: Run) -> bool:
    """Whether the run before it at the same camera has not stopped yet; its ending wakes a worker for this one."""
    others = Run.objects.filter(camera=run.camera_id, state=Run.State.RUNNING).exclude(pk=run.pk)
    return run.camera_id is not None and others.exists()


def _take(held: Held, worker: UUID, slot: int, detectors: tuple[str, ...]) -> Claim:
    run, lease = held.run, held.lease
    lease.attempt += 1
    lease.claims += 1
    lease.worker_id, lease.slot = worker, slot
    lease.expires = Now() + timedelta(seconds=settings.LEASE_SECONDS)
    lease.claimed = timezone.now()
    lease.save()
    run.state = Run.State.RUNNING
    run.started = run.started or timezone.now()
    run.save(update_fields=["state", "started"])
    data = {
        "run": str(run.pk),
        "attempt": lease.attempt,
        "worker": str(worker),
        "detectors": list(detectors),
    }
    held.tell(Draft("run.started", f"A worker looks at {run.title}.", data), attempt=lease.attempt)
    return Claim(
        run=run.pk,
        attempt=lease.attempt,
        topic=run.topic_id,
        kind=run.kind,
        filename=run.title,
        path="" if run.camera_id else run.file.path,
        detectors=detectors,
        excluded=dict(lease.excluded),
        worker=worker,
        slot=slot,
        purpose=run.purpose,
        stress_seconds=run.stress_seconds,
        unstressed=(run.stress or {}).get("not_run") or "",
        camera=run.camera_id,
    )
