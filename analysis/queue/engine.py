"""The job engine (Procrastinate) as the queue uses it: it wakes a worker for a run and knows nothing else.

A job carries the run's id only. Its queueing lock is the run's id too: one waiting job per run at most.
"""

import math
from uuid import UUID

from django.db import connection
from procrastinate.contrib.django import app

TASK = "analysis.examine"
QUEUE = "media"
# Of their own: a camera is watched for days, and no upload waits for it.
CAMERA_QUEUE = "camera"
# Slots beat every ENGINE_BEAT_SECONDS; a job whose slot was silent for longer belongs to nobody.
ENGINE_BEAT_SECONDS = 4
ENGINE_SILENT_SECONDS = 14


def dispatch(run_id: UUID, *, queue: str = QUEUE, after_seconds: float = 0.0) -> None:
    """Has a worker woken for the run when the caller's transaction commits; nothing if one will be already.

    after_seconds: not before. The caller holds the run's lock, or two jobs could be made at once.
    """
    if not _waiting(run_id):
        # Synchronous on purpose: defer_async would leave the transaction's thread.
        job = app.configure_task(
            TASK,
            queue=queue,
            queueing_lock=str(run_id),
            schedule_in={"seconds": math.ceil(after_seconds)} if after_seconds else None,
        )
        job.defer(run_id=str(run_id))


def waiting(queue: str) -> int:
    """How many runs wait in a queue for a slot now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE queue_name = %s AND status = 'todo'"
            " AND (scheduled_at IS NULL OR scheduled_at <= now())",
            [queue],
        )
        [(count,)] = cursor.fetchall()
        return int(count)


def forget(run_id: UUID) -> None:
    """Takes the run's waiting job out of the engine."""
    _execute("DELETE FROM procrastinate_jobs WHERE queueing_lock = %s AND status = 'todo'", str(run_id))


def clean() -> None:
    """Removes jobs that ended and jobs in the hands of slots that died."""
    _execute("DELETE FROM procrastinate_jobs WHERE status NOT IN ('todo', 'doing')")
    _execute(
        "DELETE FROM procrastinate_jobs j WHERE j.status = 'doing' AND NOT EXISTS (SELECT 1 FROM"
        " procrastinate_workers w WHERE w.id = j.worker_id"
        " AND w.last_heartbeat > now() - make_interval(secs => %s))",
        ENGINE_SILENT_SECONDS,
    )


def undispatched() -> list[UUID]:
    """Queued runs no job of the engine stands for, in id order."""
    return _column(
        "SELECT r.id FROM analysis_run r WHERE r.state = 'queued' AND NOT EXISTS (SELECT 1 FROM"
        " procrastinate_jobs j WHERE j.queueing_lock = r.id::text AND j.status IN ('todo', 'doing'))"
        " ORDER BY r.id"
    )


def _waiting(run_id: UUID) -> bool:
    return bool(
        _column("SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = %s AND status = 'todo'", str(run_id))
    )


def _execute(sql: str, *arguments: str | int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)


def _column(sql: str, *arguments: str | int) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return [value for (value,) in cursor.fetchall()]
