"""Attempts whose worker is gone: they are put back, or ended when that happened too often."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from analysis.models import Run, RunLease
from analysis.queue.endings import end_lost, end_released
from analysis.queue.leases import Claim
from analysis.queue.locks import Held, lock

SILENT = "Its worker stopped answering; another one goes on."


@dataclass(frozen=True)
class Loss:
    """Why a slot's attempt is lost, as a sentence, and the detector that hung, if one did.

    unstressed: the outcome was known, and it was lost over altered copies.
    """

    reason: str
    blamed: str | None = None
    unstressed: bool = False


def lose_slot(worker: UUID, slot: int, loss: Loss) -> None:
    """Takes back whatever a slot that died held. Its successor may claim only after this."""
    _each(worker, slot, lambda held: _end(held, loss))


def release_slot(worker: UUID, slot: int) -> None:
    """Gives back what a slot held that was ended by us, because the worker stops."""
    _each(worker, slot, end_released)


def put_back(claim: Claim, reason: str) -> None:
    """The attempt failed in a way that may pass: tries again, unless it did so too often."""
    with transaction.atomic():
        held = lock(claim.run)
        if held and held.has(claim.worker, claim.slot, claim.attempt):
            end_lost(held, reason)


def take_back(held: Held) -> None:
    """Ends the attempt of a locked run whose lease ran out."""
    end_lost(held, SILENT)


def take_back_lapsed(run_id: UUID) -> None:
    """The same for a run that is not locked yet; nothing if its worker lives after all."""
    with transaction.atomic():
        held = lock(run_id)
        if held and held.run.state == Run.State.RUNNING and not held.alive:
            take_back(held)


def _end(held: Held, loss: Loss) -> None:
    end_lost(held, loss.reason, blamed=loss.blamed, unstressed=loss.unstressed)


def _each(worker: UUID, slot: int, end: Callable[[Held], None]) -> None:
    leases = RunLease.objects.filter(worker=worker, slot=slot, run__state=Run.State.RUNNING)
    for run_id in leases.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            held = lock(run_id)
            if held and held.has(worker, slot):
                end(held)
