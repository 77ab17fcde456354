"""What is different with runs that watch cameras: they go on for days, and one waits for the other to stop.

A file that ended its worker MAX_CLAIMS times is given up. A camera's attempts count only when they ended soon after
they began: in days of watching, workers are lost for many reasons that are not the camera's.
"""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from analysis.models import Run, RunLease
from analysis.queue.locks import lock

WELL_AFTER = timedelta(minutes=2)
HANGS_WITHIN, MOST_HANGS = timedelta(hours=1), 3
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 5.0, 600.0


def was_well(lease: RunLease) -> bool:
    """Whether the attempt that ends went well for long."""
    return lease.claimed is not None and timezone.now() - lease.claimed >= WELL_AFTER


def note_hang(lease: RunLease, detector: str) -> None:
    """Remembers that it hung now, and forgets what was long ago."""
    now = timezone.now()
    hangs = {**lease.hangs, detector: [*lease.hangs.get(detector, ()), now.isoformat()]}
    recent = {
        name: [at for at in times if now - datetime.fromisoformat(at) < HANGS_WITHIN][-MOST_HANGS:]
        for name, times in hangs.items()
    }
    lease.hangs = {name: times for name, times in recent.items() if times}


def hangs_too_often(lease: RunLease, detector: str) -> bool:
    """Whether it hung so often lately that it is not tried again, however well it went in between."""
    now = timezone.now()
    times = [datetime.fromisoformat(at) for at in lease.hangs.get(detector, ())]
    return sum(now - at < HANGS_WITHIN for at in times) >= MOST_HANGS


def forgive(lease: RunLease) -> None:
    """Whoever was left out is tried again, after an attempt that went well."""
    lease.excluded = {name: why for name, why in lease.excluded.items() if hangs_too_often(lease, name)}


def claims_of(lease: RunLease) -> int:
    """How many attempts in a row count as lost by the camera's own doing."""
    return 0 if was_well(lease) else lease.claims


def pause_after(claims: int) -> float:
    """How long a camera rests, in seconds, that was lost so often in a row: longer each time."""
    return min(FIRST_PAUSE_SECONDS * 6.0 ** (claims - 1), LONGEST_PAUSE_SECONDS) if claims else 0.0


def wake_next(ended: Run) -> None:
    """Has a worker woken, once the caller's transaction commits, for the run that waited for this one to stop."""
    following = Run.objects.filter(camera=ended.camera_id, state=Run.State.QUEUED).exclude(pk=ended.pk)
    for run_id in following.values_list("pk", flat=True):
        # not within the transaction: it holds a run, and runs are locked in the order of their ids
        transaction.on_commit(partial(dispatch_again, run_id), robust=True)


def dispatch_again(run_id: UUID) -> None:
    """Has a worker woken for a run that waits."""
    with transaction.atomic():
        held = lock(run_id)
        if held and held.run.state == Run.State.QUEUED:
            held.dispatch()
