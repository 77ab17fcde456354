"""A run and its lease, locked in the order everybody locks them: run, lease, and only then the topic."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import BooleanField, Case, Q, Value, When
from django.db.models.functions import Now

from analysis.models import Run, RunLease
from analysis.queue import engine
from realtime import log
from realtime.log import Draft

ENDED = (Run.State.SUCCEEDED, Run.State.FAILED, Run.State.CANCELLED)


@dataclass(frozen=True)
class Held:
    """A locked run. `alive`: somebody's lease on it has not run out, by the database's clock."""

    run: Run
    lease: RunLease
    alive: bool

    @property
    def ended(self) -> bool:
        return self.run.state in ENDED

    def has(self, worker: UUID, slot: int, attempt: int | None = None) -> bool:
        """Whether this slot examines the run, in this attempt."""
        lease = self.lease
        in_hand = self.run.state == Run.State.RUNNING and (lease.worker_id, lease.slot) == (worker, slot)
        return in_hand and attempt in (None, lease.attempt)

    def tell(self, draft: Draft, *, attempt: int | None = None) -> None:
        """Appends to the run's topic: the last thing to do before the transaction ends."""
        log.append(self.run.topic_id, [draft], run=self.run.pk, attempt=attempt)

    def dispatch(self, *, after_seconds: float = 0.0) -> None:
        """Has a worker woken for it, in the queue of its kind of source."""
        queue = engine.CAMERA_QUEUE if self.run.camera_id else engine.QUEUE
        engine.dispatch(self.run.pk, queue=queue, after_seconds=after_seconds)

    def clear(self) -> None:
        """Nobody has the run any more."""
        self.lease.worker = self.lease.slot = self.lease.expires = None


def lock(run_id: UUID) -> Held | None:
    """Locks a run until the transaction ends; None when there is no such run."""
    # Not FOR UPDATE: that would wait for every insert of a result, whose foreign key shares the run's key.
    runs = Run.objects.select_for_update(of=("self",), no_key=True).select_related("media", "camera")
    run = runs.filter(pk=run_id).first()
    if run is None:
        return None
    alive = Case(
        When(Q(expires__gt=Now()), then=Value(True)), default=Value(False), output_field=BooleanField()
    )
    lease = RunLease.objects.select_for_update().annotate(alive=alive).get(pk=run_id)
    return Held(run, lease, lease.alive)
