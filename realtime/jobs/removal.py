"""Deleting an external job that has ended, with its log; a tombstone stays in its place."""

from django.db import transaction

from accounts.models import User
from realtime.erasing import erase
from realtime.jobs import JobRefused, is_id
from realtime.models import Event, Job, JobTombstone, Topic

REASON_LIMIT = 500


class JobOpen(JobRefused):
    """The job has not ended; whoever works on it would start it anew with the next report."""

    code = "job_open"


def remove(owner: User, job_id: str, *, by: User, reason: str = "") -> bool:
    """Deletes the owner's job with its topic and buries it; False when there is none. Raises JobOpen."""
    if not is_id(job_id):
        return False
    with transaction.atomic():
        job = Job.objects.select_for_update().filter(owner=owner, job_id=job_id).first()
        if job is None:
            return False
        if job.ended is None:
            raise JobOpen(f"Job {job_id!r} has not ended. Let it complete or fail first, then delete it.")
        topic = Topic.objects.select_for_update().get(pk=job.topic_id)
        _bury(job, topic, by=by, reason=reason)
        erase(Event.objects.filter(topic=topic))
        job.delete()
        topic.delete()
    return True


def _bury(job: Job, topic: Topic, *, by: User, reason: str) -> None:
    JobTombstone.objects.create(
        id=job.pk,
        job_id=job.job_id,
        owner=job.owner,
        topic=topic.pk,
        state=job.state,
        head=topic.head,
        hash=topic.head_hash,
        removed_by=by,
        reason=reason[:REASON_LIMIT],
    )
