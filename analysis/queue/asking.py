"""What people ask of the queue: examine this, stop that, try again."""

from collections.abc import Sequence

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from analysis.errors import AlreadyEnded, MediaDeleted, NotAnExamination, NotEnded
from analysis.models import Media, Run, RunLease
from analysis.queue import engine
from analysis.queue.endings import end_cancelled
from analysis.queue.leases import Attempt
from analysis.queue.locks import Held, lock
from realtime import log
from realtime.log import Draft

TOPIC_KIND = "media_run"
TRACE_TOPIC_KIND = "trace"
CANCEL_CHANNEL = "assay_cancel"


def enqueue(
    media: Media,
    *,
    owner: User,
    detectors: Sequence[str] = (),
    purpose: Run.Purpose = Run.Purpose.EXAMINATION,
    stress_seconds: int | None = None,
) -> Run:
    """A new run of `media`, queued. Empty `detectors`: those the worker uses for such a file.

    stress_seconds: the verdict is stressed, and altered copies may take that long.

    One transaction, the caller's if there is one: run, lease, topic, run.queued and the engine's job.
    Raises MediaDeleted.
    """
    with transaction.atomic():
        # Held until the end: whoever deletes the file waits, and then sees the run.
        if Media.objects.select_for_update().filter(pk=media.pk).values_list("pk").first() is None:
            raise MediaDeleted("The file was deleted.")
        kind = TOPIC_KIND if purpose == Run.Purpose.EXAMINATION else TRACE_TOPIC_KIND
        run = Run.objects.create(
            media=media,
            owner=owner,
            topic=log.create_topic(kind, owner),
            detectors=list(detectors),
            purpose=purpose,
            stress_seconds=stress_seconds,
        )
        RunLease.objects.create(run=run)
        data = {
            "run": str(run.pk),
            "media": str(media.pk),
            "filename": media.filename,
            "detectors": list(detectors),
            "stress_seconds": stress_seconds,
        }
        engine.dispatch(run.pk)
        log.append(run.topic_id, [Draft("run.queued", "Waiting for a worker.", data)], run=run.pk)
    return run


def request_cancel(run: Run, *, by: User | None) -> Run:
    """Stops a run: at once when nobody has it, or its worker died; else within seconds, by its worker.

    Asking twice is asking once. Raises AlreadyEnded when it succeeded or failed.
    """
    with transaction.atomic():
        held = _lock(run)
        if held.run.state == Run.State.CANCELLED:
            return held.run
        if held.ended:
            raise AlreadyEnded(f"The run has ended ({held.run.state}); there is nothing to cancel.")
        if not held.lease.cancel_requested_at:
            _note_request(held, by)
        if held.run.state == Run.State.RUNNING:
            _tell_workers(held)
        # also one whose worker died: nobody else would end it before the next sweep, if there is a worker at all
        if not held.alive:
            engine.forget(run.pk)
            end_cancelled(held)
    return held.run


def retry(run: Run, *, by: User | None) -> Run:
    """Examines once more in the same topic; results of the attempts before stay as history.

    Raises NotEnded while the run is queued or running, NotAnExamination for the answer to a question.
    """
    with transaction.atomic():
        held = _lock(run)
        if held.run.purpose != Run.Purpose.EXAMINATION:
            raise NotAnExamination("An answer stays as it is. Ask about the score again instead.")
        if not held.ended:
            raise NotEnded(f"The run is {held.run.state}. Wait for its end, or cancel it first.")
        _reset(held)
        engine.dispatch(run.pk)
        data = {
            "run": str(run.pk),
            "attempt": held.lease.attempt + 1,
            "reason": "asked for by a person",
            "by": _name(by),
        }
        held.tell(Draft("run.retried", "Asked for again. Waiting for a worker.", data))
    return held.run


def _lock(run: Run) -> Held:
    held = lock(run.pk)
    if held is None:
        raise AlreadyEnded("The run was deleted.")
    return held


def _note_request(held: Held, by: User | None) -> None:
    held.lease.cancel_requested_at = timezone.now()
    held.lease.cancel_requested_by = _name(by)
    held.lease.save(update_fields=["cancel_requested_at", "cancel_requested_by"])


def _tell_workers(held: Held) -> None:
    attempt = Attempt(held.run.pk, held.lease.attempt)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CANCEL_CHANNEL, str(attempt)])


def _reset(held: Held) -> None:
    run, lease = held.run, held.lease
    run.state = Run.State.QUEUED
    run.outcome = run.stress = run.started = run.finished = None
    run.sentence = run.why = run.limit = run.error_code = run.error_message = ""
    run.save()
    lease.claims, lease.excluded = 0, {}
    lease.cancel_requested_at, lease.cancel_requested_by = None, ""
    held.clear()
    lease.save()


def _name(by: User | None) -> str:
    return str(by) if by else "this desk"
