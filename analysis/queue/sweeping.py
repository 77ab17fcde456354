"""The periodic sweep: whatever fell between the queue, the engine and dead workers is picked up."""

from datetime import timedelta

from django.db.models.functions import Now

from analysis.models import Run, RunLease, Worker
from analysis.queue import engine
from analysis.queue.losses import take_back_lapsed
from analysis.queue.watches import dispatch_again

WORKERS_KEPT = timedelta(days=7)


def sweep() -> None:
    """Puts runs back whose lease ran out and queued runs no job stands for; removes dead jobs.

    Safe to run in several workers at once: every run is looked at again under its lock.
    """
    lapsed = RunLease.objects.filter(run__state=Run.State.RUNNING, expires__lt=Now())
    for run_id in list(lapsed.order_by("pk").values_list("pk", flat=True)):
        take_back_lapsed(run_id)
    engine.clean()
    for run_id in engine.undispatched():
        dispatch_again(run_id)
    Worker.objects.filter(heartbeat__lt=Now() - WORKERS_KEPT).delete()
