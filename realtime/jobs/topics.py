"""The kind of topic an external job has: who may watch it, and what its owner's sockets say of it."""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.db import connection

from realtime import outside, topics
from realtime.dialects import Channel
from realtime.jobs import KIND
from realtime.jobs import states as job_states
from realtime.jobs.frames import JobProgressVoice, frames
from realtime.jobs.voice import JobVoice
from realtime.models import Job
from realtime.topics import Found, Pair, Snapshot, TopicKind

# Who asks, and the job id as they have it.
Name = tuple[UUID, str]


def register() -> None:
    """Makes the kind known; called when the application is ready."""
    voices = {"jobs": lambda _topic: JobVoice()}
    topics.register(
        KIND,
        TopicKind(watchable=watchable, snapshot=snapshot, frames=frames, voices=voices, channels=channels),
    )


def named(names: Sequence[Name]) -> dict[Name, Found]:
    """Of names those of a job the user has; one query."""
    users, job_ids = [user for user, _ in names], [job_id for _, job_id in names]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT j.owner_id, j.job_id, t.id, t.kind, t.head FROM unnest(%s::uuid[], %s::text[])"
            " AS n(user_id, job_id) JOIN realtime_job j ON j.owner_id = n.user_id AND j.job_id = n.job_id"
            " JOIN realtime_topic t ON t.id = j.topic_id",
            [users, job_ids],
        )
        return {(user, job_id): Found(*topic) for user, job_id, *topic in cursor.fetchall()}


def watchable(pairs: Sequence[Pair]) -> set[Pair]:
    """Of pairs (user, topic) those where the job is the user's, or the user an admin; one query."""
    users, watched = [user for user, _ in pairs], [topic for _, topic in pairs]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT u.id, j.topic_id FROM unnest(%s::uuid[], %s::uuid[]) AS p(user_id, topic_id)"
            " JOIN realtime_job j ON j.topic_id = p.topic_id"
            " JOIN accounts_user u ON u.id = p.user_id AND u.is_active"
            " WHERE u.is_superuser OR j.owner_id = u.id",
            [users, watched],
        )
        return set(cursor.fetchall())


def channels(topic_id: UUID) -> Sequence[Channel]:
    """What programs outside hear of a job: nothing under an id that is somebody else's.

    The channel of its own belongs to the job that was first. The one of everybody's progress, where a job
    looks like a media, belongs to the owner of whatever goes by the id.
    """
    job = Job.objects.filter(topic_id=topic_id).only("job_id", "owner_id", "shown").first()
    if job is None:
        return ()
    told = [outside.job_channel(job.job_id, JobVoice())] if job.shown else []
    if topics.claimed(job.job_id, job.owner_id):
        return told
    progress = JobProgressVoice(job.job_id, job.owner_id)
    return [Channel(outside.public(settings.PROGRESS_CHANNEL), progress), *told]


def snapshot(user_id: UUID) -> Snapshot:
    """What a user's sockets are told of jobs first: the open ones and those that ended lately."""
    shown = job_states.shown(user_id)
    said = [job_states.in_snapshot(job) for job in shown]
    return Snapshot({"jobs": said}, {job.topic_id: job.topic.head for job in shown})
