"""What people ask of the queue: examine this, stop that, try again."""

from collections.abc import Sequence

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from analysis.errors import AlreadyEnded, MediaDeleted, NotAnExamination, NotEnded, WatchesACamera
from analysis.models import Camera, Media, Run, RunLease
from analysis.queue import engine
from analysis.queue.endings import end_cancelled
from analysis.queue.leases import Attempt
from analysis.queue.locks import ENDED, Held, lock
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

    Asking twice is asking once. Raises AlreadyEnded when it succeeded or failed, WatchesACamera when it does.
    """
    with transaction.atomic():
        held = _lock(run)
        if held.run.camera_id:
            raise WatchesACamera("This run watches a camera. Disable the camera instead.")
        if held.run.state == Run.State.CANCELLED:
            return held.run
        if held.ended:
            raise AlreadyEnded(f"The run has ended ({held.run.state}); there is nothing to cancel.")
        _stop(held, by)
    return held.run


def watch(camera: Camera, *, by: User | None) -> Run:
    """A run that watches the camera, queued; the one before it is asked to stop, and has to before this one begins.

    The caller has locked the camera, and its transaction holds all of it.
    """
    before = unwatch(camera, by=by)
    detectors = list(camera.settings.get("detectors", ()))
    run = Run.objects.create(
        camera=camera,
        owner_id=camera.owner_id,
        topic_id=camera.topic_id,
        detectors=detectors,
        purpose=Run.Purpose.WATCH,
    )
    RunLease.objects.create(run=run)
    # not yet where one still runs: its ending wakes a worker, and no slot is started in vain
    if not any(held.run.state == Run.State.RUNNING for held in before):
        engine.dispatch(run.pk, queue=engine.CAMERA_QUEUE)
    data = {"run": str(run.pk), "camera": str(camera.pk), "camera_id": camera.key, "detectors": detectors}
    log.append(run.topic_id, [Draft("run.queued", "Waiting for a free slot.", data)], run=run.pk)
    return run


def unwatch(camera: Camera, *, by: User | None) -> list[Held]:
    """Stops what watches the camera, like `request_cancel`. The caller has locked the camera."""
    going = Run.objects.filter(camera=camera).exclude(state__in=ENDED).order_by("pk")
    # all of them before the first topic: that is the order everybody locks in
    held_ones = [held for pk in going.values_list("pk", flat=True) if (held := lock(pk)) and not held.ended]
    for held in held_ones:
        _stop(held, by)
    return held_ones


def _stop(held: Held, by: User | None) -> None:
    if not held.lease.cancel_requested_at:
        _note_request(held, by)
    if held.run.state == Run.State.RUNNING:
        tell_workers(held)
    # also one whose worker died: nobody else would end it before the next sweep, if there is a worker at all
    if not held.alive:
        engine.forget(held.run.pk)
        end_cancelled(held)


def retry(run: Run, *, by: User | None) -> Run:
    """Examines once more in the same topic; results of the attempts before stay as history.

    Raises NotEnded while the run is queued or running, NotAnExamination for the answer to a question, WatchesACamera.
    """
    with transaction.atomic():
        held = _lock(run)
        if held.run.camera_id:
            raise WatchesACamera("This run watched a camera. Enable the camera to have it watched again.")
        if held.run.purpose != Run.Purpose.EXAMINATION:
            raise NotAnExamination("An answer stays as it is. Ask about the score again instead.")
        if not held.ended:
            raise NotEnded(f"The run is {held.run.state}. Wait for its end, or cancel it first.")
        _reset(held)
        held.dispatch()
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


def tell_workers(held: Held) -> None:
    """Has the slot that has the run told to stop, when the transaction commits."""
    attempt = Attempt(held.run.pk, held.lease.attempt)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CANCEL_CHANNEL, str(attempt)])


def _reset(held: Held) -> None:
    run, lease = held.run, held.lease
    run.state = Run.State.QUEUED
    run.outcome = run.stress = run.started = run.finished = None
    run.sentence = run.why = run.limit = run.seen = run.error_code = run.error_message = ""
    run.save()
    lease.claims, lease.excluded, lease.hangs = 0, {}, {}
    lease.cancel_requested_at, lease.cancel_requested_by = None, ""
    held.clear()
    lease.save()


def _name(by: User | None) -> str:
    return str(by) if by else "this desk"
