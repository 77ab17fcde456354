"""When a slot has to be killed: it hangs, it needs too much memory, or it does not heed a cancel."""

from django.conf import settings

from analysis.queue import Loss
from analysis.worker.child import Child

# With the killing and the writing of the ending this makes the two seconds a person waits at most.
CANCEL_SECONDS = 1.5
START_SECONDS = 120.0
DIED = Loss("Its worker process died; another one goes on.")


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
        return _lost(child, f"It needed more than the {limit_bytes // 2**20} MB of memory a slot may use")
    return None


def died(child: Child) -> Loss:
    """What is lost with a slot that ended by itself."""
    if child.report.stressing:
        return _lost(child, "Its worker process died")
    return DIED


def _lost(child: Child, what: str) -> Loss:
    """Where only copies were looked at, the outcome must not suffer from what they do."""
    if child.report.stressing:
        return Loss(
            f"{what} while altered copies were looked at; the run is repeated without them.", unstressed=True
        )
    return Loss(f"{what}.")


def _stalled(child: Child) -> Loss:
    name = child.report.in_feed
    if not name or child.report.stressing:
        return _lost(child, f"There was no progress for {settings.STALL_SECONDS:g} s")
    return Loss(f"{name} made no progress for {settings.STALL_SECONDS:g} s and is left out.", blamed=name)
