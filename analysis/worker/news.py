"""What is said of workers on the channel `system:updates` of Redis: who came, who went, who fell silent.

Nothing of this stands in a log, and may be lost; the operations page and /health/ready read the rows.
"""

from typing import Any
from uuid import UUID

from django.utils import timezone

from analysis.models import Worker
from realtime import publisher


class News:
    """One worker's view of all; of many workers the one with the lowest id speaks of the others."""

    def __init__(self, worker: UUID) -> None:
        self._worker = worker
        self._alive: dict[UUID, Worker] | None = None

    def started(self) -> None:
        """This worker has signed on."""
        self._tell("worker.started", Worker.objects.get(pk=self._worker))
        self._tell_health(_examining())

    def stopped(self) -> None:
        """This worker has signed off."""
        self._tell("worker.stopped", Worker.objects.get(pk=self._worker))
        self._tell_health(_examining())

    def look(self) -> None:
        """Looks who is alive now, and tells what has changed since the last look; one query or two."""
        alive = {worker.pk: worker for worker in _alive()}
        known, self._alive = self._alive, alive
        if known is None or self._worker != min(alive, default=None):
            return
        if silent := known.keys() - alive.keys():
            for worker in Worker.objects.filter(pk__in=silent, stopped=None):
                self._tell("worker.lost", worker)
        for pk in alive.keys() - known.keys():
            if alive[pk].started < timezone.now() - Worker.LOST_AFTER:
                self._tell("worker.recovered", alive[pk])

    def _tell(self, kind: str, worker: Worker) -> None:
        fields: dict[str, Any] = {
            "worker": str(worker.pk),
            "host": worker.host,
            "pid": worker.pid,
            "device": worker.device,
            "queues": worker.queues,
        }
        publisher.tell_all({"type": kind, **fields, "timestamp": timezone.now().isoformat()})

    def _tell_health(self, workers: int) -> None:
        """Whether runs are examined at all; told when this worker was, or will be, the only one."""
        if workers <= 1:
            status = "ok" if workers else "not ready"
            told = {"type": "health.changed", "status": status, "workers": workers}
            publisher.tell_all({**told, "timestamp": timezone.now().isoformat()})


def _examining() -> int:
    return sum(worker.queues != ["camera"] for worker in _alive())


def _alive() -> list[Worker]:
    heard_since = timezone.now() - Worker.LOST_AFTER
    return list(Worker.objects.filter(stopped=None, heartbeat__gt=heard_since))
