"""What a worker says of itself in the database: its row, and the cards of its detectors."""

import dataclasses
import os
import socket
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from analysis.engine.registry import CardState
from analysis.models import DetectorCard, Worker
from analysis.worker.child import Child
from analysis.worker.plan import Plan


def sign_on(worker: UUID, plan: Plan, device: str) -> None:
    """Enters the worker once its first slot is up; it counts as live from now on."""
    Worker.objects.create(
        id=worker, host=socket.gethostname(), pid=os.getpid(), device=device, queues=list(plan.queues)
    )


def beat(worker: UUID, children: Iterable[Child], *, on_demand: bool = False) -> None:
    """Heartbeat and slots. Without any slot that is up the worker is silent, and so counts as lost.

    on_demand: it is well without slots, as long as nobody needs one.
    """
    slots = [_slot(child) for child in children if child.report.ready]
    if slots or on_demand:
        Worker.objects.filter(pk=worker).update(slots=slots, heartbeat=timezone.now())


def sign_off(worker: UUID) -> None:
    """The worker has stopped, in order."""
    Worker.objects.filter(pk=worker).update(slots=[], stopped=timezone.now())


def publish_cards(states: Iterable[CardState]) -> None:
    """Tells the web which detectors there are, which of them can run and why the others cannot."""
    now = timezone.now()
    rows = [
        DetectorCard(
            name=state.card.name,
            card=_fields(state.card),
            available=state.available,
            reason=state.reason,
            updated=now,
        )
        # one order for everybody, so that two workers that start together do not lock each other out
        for state in sorted(states, key=lambda state: state.card.name)
    ]
    with transaction.atomic():
        DetectorCard.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["name"],
            update_fields=["card", "available", "reason", "updated"],
        )
        others = Worker.objects.examining().filter(stopped=None, heartbeat__gt=now - Worker.LOST_AFTER)
        if not others.exists():
            DetectorCard.objects.exclude(name__in=[row.name for row in rows]).delete()


def _slot(child: Child) -> dict[str, Any]:
    report = child.report
    return {
        "slot": child.number,
        "pid": child.process.pid,
        "device": report.device,
        "run": str(report.run) if report.run else None,
        "attempt": report.attempt,
        "memory_bytes": child.memory_bytes(),
    }


def _fields(card: Any) -> dict[str, Any]:
    fields = dataclasses.asdict(card)
    fields["kinds"] = sorted(kind.value for kind in card.kinds)
    fields["consumes"] = card.consumes.value
    fields["links"] = list(card.links)
    return fields
