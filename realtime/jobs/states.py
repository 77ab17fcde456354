"""What is said of an external job: in REST, by reporters, in snapshots."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from realtime.envelope import rfc3339
from realtime.models import Job

SHOWN = 50
SHOWN_SECONDS = 24 * 3600
MESSAGE_SHOWN = 500
# What a reporter says at length; lists go without.
LONG = ("metadata", "result")


def brief(job: Job) -> dict[str, Any]:
    """The state of a job in a list. It needs its topic."""
    said: dict[str, Any] = {
        "id": str(job.id),
        "job_id": job.job_id,
        "topic": str(job.topic_id),
        "head": job.topic.head,
        "status": job.state,
        "stage": job.stage,
        "progress": job.progress,
        "message": job.message,
        "timestamp": rfc3339(job.ended or job.reported),
        "created": rfc3339(job.created),
        "ended": rfc3339(job.ended) if job.ended else None,
    }
    return said | ({"error": job.error} if job.error else {})


def whole(job: Job) -> dict[str, Any]:
    """The same with the last metadata and the result, where there are any. It needs its topic."""
    told = {"metadata": job.metadata, "result": job.result}
    return brief(job) | {name: value for name, value in told.items() if value is not None}


def shown(user_id: UUID) -> list[Job]:
    """The newest open jobs of a user and those that ended within a day, newest first; two queries."""
    own = Job.objects.filter(owner=user_id).select_related("topic").defer(*LONG).order_by("-created", "-pk")
    newest = {job.pk: job for job in _lately(own)}
    newest |= {job.pk: job for job in own.filter(ended=None)[:SHOWN]}
    ordered = sorted(newest.values(), key=lambda job: (job.ended is None, job.created), reverse=True)
    return sorted(ordered[:SHOWN], key=lambda job: job.created, reverse=True)


def in_snapshot(job: Job) -> dict[str, Any]:
    """A job among the first things a socket is told; texts are cut, because there may be many."""
    return brief(job) | {"message": job.message[:MESSAGE_SHOWN]} | _cut_error(job)


def _cut_error(job: Job) -> dict[str, Any]:
    return {"error": job.error[:MESSAGE_SHOWN]} if job.error else {}


def _lately(own: QuerySet[Job]) -> list[Job]:
    # Of the newest: a filter by ending would read on through all a user ever had.
    now = timezone.now()
    return [job for job in own[:SHOWN] if job.ended and (now - job.ended).total_seconds() < SHOWN_SECONDS]
