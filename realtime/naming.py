"""What people call a log by in a terminal: its own id, that of a run it tells of, or a job's id."""

from uuid import UUID

from realtime.models import PROGRESS_TYPES, Event, Job, Topic

JOBS_LIMIT = 10


def named(of: str) -> set[UUID]:
    """The topics that go by `of`: several where users have jobs of the same id."""
    found = {*Job.objects.filter(job_id=of).values_list("topic_id", flat=True)[:JOBS_LIMIT]}
    try:
        key = UUID(of)
    except ValueError:
        return found
    told = Event.objects.filter(run=key).exclude(type__in=PROGRESS_TYPES).order_by("seq")
    found |= {*told.values_list("topic_id", flat=True)[:1]}
    return found | {*Topic.objects.filter(pk=key).values_list("id", flat=True)}
