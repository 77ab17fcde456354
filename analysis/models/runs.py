"""Examinations and watches, and who does them."""

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from analysis.cameras.models import visible_cameras
from analysis.engine.sentences import nothing_to_judge
from analysis.errors import NotAnExamination
from analysis.models.media import Media, visible_media

if TYPE_CHECKING:
    from accounts.models import User


class RunQuerySet(models.QuerySet["Run"]):
    """Runs, narrowed by who asks."""

    def owned_by(self, user: "User") -> Self:
        """Runs of the media and the cameras that `user` may see."""
        if user.is_superuser:
            return self
        return self.filter(visible_media(user, "media__") | visible_cameras(user, "camera__"))

    def examinations(self) -> Self:
        """Without those that only compute a score of another run once more, or watch a camera."""
        return self.filter(purpose=Run.Purpose.EXAMINATION)


class Run(models.Model):
    """One examination of one source by named detectors; only `queue` changes its state.

    With another `purpose` it answers a question about a score of another run (see Trace), or watches a camera, and has
    no outcome. Its source is a media or a camera; the runs of a camera share the camera's topic.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    class Purpose(models.TextChoices):
        EXAMINATION = "examination"
        RECOMPUTE = "recompute"
        HEATMAP = "heatmap"
        WATCH = "watch"

    class Outcome(models.TextChoices):
        STRONG_SIGNS = "strong_signs"
        SOME_SIGNS = "some_signs"
        NO_SIGNS = "no_signs"
        DISAGREE = "disagree"
        NOT_ASSESSABLE = "not_assessable"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    media = models.ForeignKey(Media, null=True, blank=True, on_delete=models.CASCADE, related_name="runs")
    camera = models.ForeignKey("Camera", null=True, blank=True, on_delete=models.CASCADE, related_name="runs")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="runs")
    topic = models.ForeignKey("realtime.Topic", on_delete=models.CASCADE, related_name="runs")
    detectors = models.JSONField(default=list)
    purpose = models.CharField(max_length=12, choices=Purpose.choices, default=Purpose.EXAMINATION)
    # asked for when set: the seconds that altered copies may take; `stress` is what came of them
    stress_seconds = models.IntegerField(null=True, blank=True)
    stress = models.JSONField(null=True, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    outcome = models.CharField(max_length=20, choices=Outcome.choices, null=True, blank=True)
    sentence = models.TextField(blank=True)
    why = models.TextField(blank=True)
    limit = models.TextField(blank=True)
    # counts of what footage detectors saw, no part of the outcome
    seen = models.TextField(blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    created = models.DateTimeField(default=timezone.now, editable=False)
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-created"], name="run_owner_created"),
            models.Index(fields=["state", "-created"], name="run_state_created"),
        ]
        constraints = [
            models.CheckConstraint(
                name="run_media_or_camera",
                condition=models.Q(media__isnull=True, camera__isnull=False, purpose="watch")
                | (models.Q(media__isnull=False, camera__isnull=True) & ~models.Q(purpose="watch")),
            ),
            models.UniqueConstraint(
                fields=["topic"], condition=models.Q(media__isnull=False), name="run_topic_of_media"
            ),
            # one that runs and one that waits for it to stop; never two at the same source
            models.UniqueConstraint(
                fields=["camera", "state"],
                condition=models.Q(state__in=("queued", "running")),
                name="run_once_per_camera",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.id} ({self.state})"

    @property
    def only_watched(self) -> bool:
        """Whether nobody was asked to judge the file: not assessable by name, and no failure to people."""
        return self.outcome == self.Outcome.NOT_ASSESSABLE and nothing_to_judge(self.sentence)

    @property
    def file(self) -> Media:
        """The media; only runs that watch a camera have none. Raises NotAnExamination for those."""
        if self.media is None:
            raise NotAnExamination("This run watches a camera; there is no file.")
        return self.media

    @property
    def title(self) -> str:
        """The name of its source, for people."""
        return self.camera.key if self.camera else self.file.filename

    @property
    def kind(self) -> str:
        """The kind of its media, or "camera"."""
        return "camera" if self.camera_id else self.file.kind


class WorkerQuerySet(models.QuerySet["Worker"]):
    """Workers, narrowed by what they do."""

    def examining(self) -> Self:
        """Those that examine files; others watch cameras, and an upload waits for them in vain."""
        return self.exclude(queues=["camera"])


class Worker(models.Model):
    """One `manage.py runworker` supervisor that is, or was, alive: lost when silent for `LOST_AFTER`."""

    LOST_AFTER = timedelta(seconds=15)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    host = models.CharField(max_length=255)
    pid = models.IntegerField()
    device = models.CharField(max_length=32)
    queues = models.JSONField(default=list)
    slots = models.JSONField(default=list)
    started = models.DateTimeField(default=timezone.now)
    heartbeat = models.DateTimeField(default=timezone.now, db_index=True)
    stopped = models.DateTimeField(null=True, blank=True)

    objects = WorkerQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


class RunLease(models.Model):
    """Who may write for a run. `attempt` is the fencing number: every write of a worker checks it.

    `claims` counts the attempts that ended without the worker giving the lease back (the poison-job
    limit); `excluded` maps detectors that hung or killed their worker to the reason. `hangs`: of a camera, when
    each detector hung in the last hour, in ISO 8601.
    """

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="lease")
    attempt = models.IntegerField(default=0)
    claims = models.IntegerField(default=0)
    worker = models.ForeignKey(Worker, null=True, blank=True, on_delete=models.SET_NULL)
    slot = models.IntegerField(null=True, blank=True)
    expires = models.DateTimeField(null=True, blank=True, db_index=True)
    claimed = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_by = models.CharField(max_length=254, blank=True)
    excluded = models.JSONField(default=dict)
    hangs = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"lease of {self.run_id}, attempt {self.attempt}"
