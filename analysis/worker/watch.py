"""When a slot has to be killed: it hangs, it needs too much memory, or it does not heed a cancel."""

from django.conf import settings

from analysis.queue import Loss
from analysis.worker.child import Child

# With the killing and the writing of the ending this makes the two seconds a person waits at most.
CANCEL_SECONDS = 1.5
START_SECONDS = 120.0


def verdict(child: Child) -> Loss | None:
    """Why this slot is to be killed now; None while it is well."""
    if child.ignores_cancel():
        return Loss("It did not stop in time.")
    if not child.report.ready and child.still_seconds() > START_SECONDS:
        return Loss("Its worker did not start.")
    if child.still_seconds() > settings.STALL_SECONDS and child.run:
        return _stalled(child)
    limit_bytes = settings.SLOT_MEMORY_BYTES
    if limit_bytes and child.run and child.memory_bytes() > limit_bytes:
        return Loss(f"It needed more than the {limit_bytes // 2**20} MB of memory a slot may use.")
    return None


def _stalled(child: Child) -> Loss:
    name = child.report.in_feed
    if not name:
        return Loss(f"There was no progress for {settings.STALL_SECONDS:g} s.")
    return Loss(f"{name} made no progress for {settings.STALL_SECONDS:g} s and is left out.", blamed=name)
