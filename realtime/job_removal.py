"""Deleting an external job that has ended, with its log."""

import logging

from django.db import transaction

from accounts.models import User
from realtime.erasing import erase
from realtime.jobs import JobRefused, is_id
from realtime.models import Event, Job, Topic

logger = logging.getLogger(__name__)


class JobOpen(JobRefused):
    """The job has not ended; whoever works on it would start it anew with the next report."""

    code = "job_open"


def remove(owner: User, job_id: str) -> bool:
    """Deletes the owner's job with its topic; False when there is none. Raises JobOpen."""
    if not is_id(job_id):
        return False
    with transaction.atomic():
        job = Job.objects.select_for_update().filter(owner=owner, job_id=job_id).first()
        if job is None:
            return False
        if job.ended is None:
            raise JobOpen(f"Job {job_id!r} has not ended. Let it complete or fail first, then delete it.")
        topic = Topic.objects.select_for_update().get(pk=job.topic_id)
        erase(Event.objects.filter(topic=topic))
        job.delete()
        topic.delete()
    logger.info("job %s of user %s deleted, chain hash %s", job.id, owner.pk, topic.head_hash.hex())
    return True
