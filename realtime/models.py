"""The log: topics, their numbered events, and how far each was announced."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone

from realtime.envelope import GENESIS

PROGRESS_TYPES = ("run.progressed", "visualization.progressed", "score.measured")


def this_minute() -> datetime:
    """Now, without its seconds."""
    return timezone.now().replace(second=0, microsecond=0)


class Topic(models.Model):
    """An ordered log with one owner. Narrow on purpose: its row is locked and rewritten by every append.

    `touched` is the time of the last append. It stands in no index, so that an append stays a HOT update;
    `touched_minute` does: how a process that lost an announcement finds the topics of its users that moved,
    without reading all they ever had. It changes once a minute at most, and only then an append is not HOT.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=32)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="topics")
    head = models.BigIntegerField(default=0)
    head_hash = models.BinaryField(max_length=32, default=GENESIS)
    created = models.DateTimeField(default=timezone.now, editable=False)
    touched = models.DateTimeField(default=timezone.now, editable=False)
    touched_minute = models.DateTimeField(default=this_minute, editable=False)

    class Meta:
        indexes = [models.Index(fields=["owner", "touched_minute"], name="topic_owner_minute")]

    def __str__(self) -> str:
        return f"{self.kind} topic {self.id}"


class Mark(models.Model):
    """The last seq of a topic that is known to have been announced through Redis."""

    topic = models.OneToOneField(Topic, on_delete=models.CASCADE, primary_key=True)
    published = models.BigIntegerField(default=0)


class Event(models.Model):
    """One numbered line of a topic.

    `body` is the canonical text (RFC 8785) of the whole CloudEvents object, as it is sent; empty once
    retention has emptied the line. `data` is a copy of its data for queries, never the truth.
    """

    id = models.BigAutoField(primary_key=True)
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="events", db_index=False)
    seq = models.BigIntegerField()
    type = models.CharField(max_length=64)
    subject = models.CharField(max_length=200, blank=True)
    message = models.TextField(blank=True)
    run = models.UUIDField(null=True)
    attempt = models.IntegerField(null=True)
    time = models.DateTimeField()
    body = models.TextField()
    data = models.JSONField(null=True)
    digest = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["topic", "seq"], name="event_topic_seq")]
        indexes = [
            models.Index(
                "type", "time", name="event_type_time", condition=~models.Q(type__in=PROGRESS_TYPES)
            ),
            models.Index("run", "seq", name="event_run_seq", condition=~models.Q(type__in=PROGRESS_TYPES)),
        ]

    def __str__(self) -> str:
        return f"{self.topic_id}/{self.seq} {self.type}"


class Job(models.Model):
    """Somebody else's work that reports here; only `realtime.jobs` changes it.

    `job_id` is the owner's own name for it. `shown`: whether the channels of Redis that are named after
    a job id speak of this one; an id belongs there to whoever used it first.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        PROCESSING = "processing"
        STALLED = "stalled"
        COMPLETED = "completed"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job_id = models.CharField(max_length=128)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs")
    topic = models.OneToOneField(Topic, on_delete=models.CASCADE, related_name="job")
    shown = models.BooleanField(default=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    stage = models.CharField(max_length=64, default="queued")
    progress = models.FloatField(default=0.0)
    message = models.TextField(blank=True)
    metadata = models.JSONField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)
    silent_seconds = models.FloatField()
    created = models.DateTimeField(default=timezone.now, editable=False)
    reported = models.DateTimeField(default=timezone.now)
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "job_id"], name="job_of_owner")]
        indexes = [
            models.Index(fields=["owner", "-created"], name="job_owner_created"),
            models.Index("job_id", name="job_by_id"),
            models.Index("reported", name="job_open_reported", condition=models.Q(ended=None)),
        ]

    def __str__(self) -> str:
        return f"job {self.job_id} ({self.state})"


class JobTombstone(models.Model):
    """What is left of a deleted job: that it was here, how it ended, where its log stood, who removed it and why.

    `id` and `topic` are the job's; `hash` is that of its last line, which proves a copy of the log.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    job_id = models.CharField(max_length=128, db_index=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="job_tombstones"
    )
    topic = models.UUIDField()
    state = models.CharField(max_length=12, choices=Job.State.choices)
    head = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="job_removals"
    )
    reason = models.CharField(max_length=500, blank=True)
    removed = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"job {self.job_id}, removed"

    @property
    def last_hash(self) -> str:
        return bytes(self.hash).hex()


# At the end: they refer to the log by name. Django finds models through this module alone.
from realtime.webhooks.models import Webhook, WebhookDelivery, WebhookPlace  # noqa: E402

__all__ = [
    "PROGRESS_TYPES",
    "Event",
    "Job",
    "JobTombstone",
    "Mark",
    "Topic",
    "Webhook",
    "WebhookDelivery",
    "WebhookPlace",
    "this_minute",
]
