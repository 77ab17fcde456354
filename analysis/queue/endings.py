"""How an attempt ends: the event and the state in one transaction, by whoever still holds the lease."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from analysis.engine.types import Outcome
from analysis.errors import LeaseLost
from analysis.models import Evidence, Run, Trace
from analysis.queue.leases import Claim
from analysis.queue.locks import Held, lock
from analysis.queue.watches import (
    claims_of,
    forgive,
    hangs_too_often,
    note_hang,
    pause_after,
    wake_next,
    was_well,
)
from realtime.log import Draft


def succeed(claim: Claim, outcome: Outcome, stress: Mapping[str, Any] | None = None) -> None:
    """The examination came to an outcome, unless its cancel was asked for: then it is cancelled.

    stress: how the verdict bore being stressed, where that was asked for.

    Once written, writing it again changes nothing.

    Raises LeaseLost.
    """
    with transaction.atomic():
        held = _hold(claim, Run.State.SUCCEEDED)
        if held is None:
            return
        if held.lease.cancel_requested_at:
            # asked for before it was over: whoever pressed cancel is not answered with an outcome
            end_cancelled(held)
            return
        said = {
            "outcome": outcome.name.value,
            "sentence": outcome.sentence,
            "why": outcome.why,
            "limit": outcome.limit,
            "seen": outcome.seen,
        }
        _end(held, Run.State.SUCCEEDED, **said, stress=stress)
        _tell(held, "run.succeeded", outcome.told, said | {"rule": outcome.rule, "stress": stress})


def answer(
    claim: Claim,
    said: Mapping[str, Any],
    *,
    sentence: str,
    told: Mapping[str, Any],
    evidence: Sequence[Evidence],
) -> None:
    """The question about a score is answered, unless its cancel was asked for. `told` goes into the event.

    Once written, writing it again changes nothing. Raises LeaseLost.
    """
    with transaction.atomic():
        held = _hold(claim, Run.State.SUCCEEDED)
        if held is None:
            return
        if held.lease.cancel_requested_at:
            end_cancelled(held)
            return
        Evidence.objects.bulk_create(evidence)
        Trace.objects.filter(pk=claim.run).update(answer=dict(said))
        _end(held, Run.State.SUCCEEDED, sentence=sentence)
        _tell(held, "run.succeeded", sentence, {"sentence": sentence} | dict(told))


def watched(claim: Claim, sentence: str, counts: Mapping[str, int]) -> None:
    """A recorded file was watched to its end; cancelled instead when that was asked for. Raises LeaseLost."""
    with transaction.atomic():
        held = _hold(claim, Run.State.SUCCEEDED)
        if held is None:
            return
        if held.lease.cancel_requested_at:
            end_cancelled(held)
            return
        _end(held, Run.State.SUCCEEDED, sentence=sentence)
        _tell(held, "run.succeeded", sentence, {"sentence": sentence, "counts": dict(counts)})


def fail(claim: Claim, *, code: str, error: str) -> None:
    """The examination could not be done. Raises LeaseLost."""
    with transaction.atomic():
        held = _hold(claim, Run.State.FAILED)
        if held is not None:
            end_failed(held, code=code, error=error)


def cancelled(claim: Claim) -> None:
    """The examination was stopped because somebody asked for it. Raises LeaseLost."""
    with transaction.atomic():
        held = _hold(claim, Run.State.CANCELLED)
        if held is not None:
            end_cancelled(held)


def release(claim: Claim) -> None:
    """Gives the lease back: the run waits for the next worker, and this claim is not counted.

    Raises LeaseLost.
    """
    with transaction.atomic():
        held = _hold(claim, Run.State.QUEUED)
        if held is not None:
            end_released(held)


def end_failed(held: Held, *, code: str, error: str) -> None:
    """Ends a locked run as failed."""
    _end(held, Run.State.FAILED, error_code=code, error_message=error)
    _tell(held, "run.failed", error, {"code": code, "error": error, "filename": held.run.title})


def end_cancelled(held: Held) -> None:
    """Ends a locked run as cancelled."""
    by = held.lease.cancel_requested_by or "this desk"
    _end(held, Run.State.CANCELLED)
    _tell(held, "run.cancelled", f"Cancelled by {by}.", {"by": by})


def end_released(held: Held) -> None:
    """Puts a locked run back; if its cancel was asked for, it is cancelled instead."""
    if held.lease.cancel_requested_at:
        end_cancelled(held)
        return
    held.lease.claims = max(0, held.lease.claims - 1)
    if held.run.camera_id and was_well(held.lease):
        forgive(held.lease)
    wait_again(held, "The worker was stopped; the next free worker goes on.")


def end_lost(held: Held, reason: str, *, blamed: str | None = None, unstressed: bool = False) -> None:
    """Puts a locked run back whose attempt was lost; ends it when it was asked to, or was lost too often.

    blamed: the detector that hung; it is left out from now on, and such an attempt is not counted. Of a camera that
    was watched well before nobody is blamed, and who was left out is tried again, except who hangs too often.
    unstressed: lost over altered copies; none are made from now on, and such an attempt is not counted either.
    """
    lease = held.lease
    pause_seconds = 0.0
    if held.run.camera_id:
        if blamed:
            note_hang(lease, blamed)
        if was_well(lease):
            # one stall in days is no reason to look without it from now on, one every few minutes is
            forgive(lease)
            blamed = blamed if blamed and hangs_too_often(lease, blamed) else None
        lease.claims = claims_of(lease)
        pause_seconds = pause_after(lease.claims)
    if lease.cancel_requested_at:
        end_cancelled(held)
    elif unstressed and held.run.stress_seconds is not None and held.run.stress is None:
        held.run.stress = _unstressed(held.run.stress_seconds, reason)
        held.run.save(update_fields=["stress"])
        lease.claims = max(0, lease.claims - 1)
        wait_again(held, reason)
    elif blamed and blamed not in lease.excluded:
        lease.excluded = {**lease.excluded, blamed: reason}
        lease.claims = max(0, lease.claims - 1)
        wait_again(held, reason)
    elif lease.claims >= settings.MAX_CLAIMS:
        end_failed(held, code="poison_job", error=_poisoned(held, reason))
    else:
        wait_again(held, reason, after_seconds=pause_seconds)


def wait_again(held: Held, reason: str, *, after_seconds: float = 0.0) -> None:
    """Queues a locked run whose attempt is over without an ending; not before `after_seconds` is it taken again."""
    held.run.state = Run.State.QUEUED
    held.run.save(update_fields=["state"])
    held.clear()
    held.lease.save()
    held.dispatch(after_seconds=after_seconds)
    data = {"run": str(held.run.pk), "attempt": held.lease.attempt + 1, "reason": reason}
    if after_seconds:
        data["retry_seconds"] = after_seconds
        reason = f"{reason} Tried again in {after_seconds:g} s."
    held.tell(Draft("run.retried", reason, data))


def _hold(claim: Claim, wanted: Run.State) -> Held | None:
    """The locked run; None when this very attempt has brought it to `wanted` before. Raises LeaseLost."""
    held = lock(claim.run)
    if held and held.has(claim.worker, claim.slot, claim.attempt):
        return held
    # A commit whose answer was lost is asked for again: it is done, not lost.
    if held and held.lease.attempt == claim.attempt and held.run.state == wanted:
        return None
    raise LeaseLost(f"Attempt {claim.attempt} of run {claim.run} is over; another has it, or it has ended.")


def _end(held: Held, state: Run.State, **fields: Any) -> None:
    held.run.state = state
    held.run.finished = timezone.now()
    for name, value in fields.items():
        setattr(held.run, name, value)
    held.run.save()
    held.clear()
    held.lease.save()
    if held.run.camera_id:
        wake_next(held.run)


def _tell(held: Held, kind: str, message: str, data: dict[str, Any]) -> None:
    base = {"run": str(held.run.pk), "attempt": held.lease.attempt}
    held.tell(Draft(kind, message, base | data, ending=True), attempt=held.lease.attempt or None)


def _unstressed(budget_seconds: int, reason: str) -> dict[str, Any]:
    """As recorder.altering writes a stress test that was not done."""
    return {
        "sentence": f"Not stressed: {reason[:1].lower()}{reason[1:]}",
        "budget_seconds": budget_seconds,
        "portion_seconds": None,
        "flipped": False,
        "held": 0,
        "variants": [],
        "left_out": [],
        "not_run": reason[:1].lower() + reason[1:].rstrip("."),
    }


def _poisoned(held: Held, reason: str) -> str:
    if held.run.camera_id:
        return (
            f"{held.run.title}: given up after {held.lease.claims} attempts that each ended soon after they began. "
            f"The last one: {reason} Enable the camera again with fewer detectors, or look into the "
            "worker's log."
        )
    return (
        f"{held.run.title}: given up after {held.lease.claims} attempts that each ended with their "
        f"worker. The last one: {reason} Try again with fewer detectors, or look into the worker's log."
    )
