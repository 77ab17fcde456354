"""Media, the runs that examine them, and what came of it."""

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from analysis.alerts.models import Alert, AlertCursor, AlertRule, WatchedPlate
from analysis.cameras.models import Camera, CameraState, visible_cameras
from analysis.errors import NotAnExamination
from analysis.retention.models import LegalHold, SnapshotTally

if TYPE_CHECKING:
    from accounts.models import User


def _visible_media(user: "User", prefix: str = "") -> models.Q:
    # not by a join: that would make PostgreSQL sort out whole rows that several teams share
    return models.Q(**{f"{prefix}owner": user}) | models.Q(**{f"{prefix}team__in": user.teams.values("pk")})


class MediaQuerySet(models.QuerySet["Media"]):
    """Media, narrowed by who asks."""

    def owned_by(self, user: "User") -> Self:
        """What `user` may see: their own, what is shared with their teams, everything for admins."""
        if user.is_superuser:
            return self
        return self.filter(_visible_media(user))


class Media(models.Model):
    """One uploaded file, kept byte for byte."""

    class Kind(models.TextChoices):
        VIDEO = "video"
        IMAGE = "image"
        AUDIO = "audio"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="media")
    team = models.ForeignKey("accounts.Team", null=True, blank=True, on_delete=models.SET_NULL)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    filename = models.CharField(max_length=255)
    media_type = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    size_bytes = models.BigIntegerField()
    path = models.CharField(max_length=255, unique=True)
    facts = models.JSONField(null=True, blank=True)
    created = models.DateTimeField(default=timezone.now, editable=False)

    objects = MediaQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "media"
        indexes = [models.Index(fields=["owner", "-created"], name="media_owner_created")]

    def __str__(self) -> str:
        return self.filename


class RunQuerySet(models.QuerySet["Run"]):
    """Runs, narrowed by who asks."""

    def owned_by(self, user: "User") -> Self:
        """Runs of the media and the cameras that `user` may see."""
        if user.is_superuser:
            return self
        return self.filter(_visible_media(user, "media__") | visible_cameras(user, "camera__"))

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
    limit); `excluded` maps detectors that hung or killed their worker to the reason.
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

    def __str__(self) -> str:
        return f"lease of {self.run_id}, attempt {self.attempt}"


class Result(models.Model):
    """A detector's assessment on record. Either a verdict with a score, or a reason and no score at all.

    `plan` is the way the file was examined, as `analysis.engine.plan` writes it; null where nothing was examined.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="results")
    attempt = models.IntegerField()
    detector = models.CharField(max_length=64)
    version = models.CharField(max_length=32)
    family = models.CharField(max_length=64)
    weights_sha256 = models.CharField(max_length=64, null=True, blank=True)
    score = models.FloatField(null=True, blank=True)
    band = models.CharField(max_length=20, blank=True)
    scored = models.IntegerField(null=True, blank=True)
    sampled = models.IntegerField(null=True, blank=True)
    unit = models.CharField(max_length=16, blank=True)
    reason = models.CharField(max_length=64, blank=True)
    detail = models.TextField(blank=True)
    facts = models.JSONField(default=dict, blank=True)
    seconds = models.FloatField()
    plan = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "attempt", "detector"], name="result_once_per_attempt"),
            models.CheckConstraint(
                name="result_score_or_reason",
                condition=models.Q(score__gte=0, score__lte=1, reason="")
                | (models.Q(score__isnull=True) & ~models.Q(reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.detector} of {self.run_id}"


class Trace(models.Model):
    """A question about one score on record, and its answer: the run that computes it once more is `run`.

    `pts_seconds` and `track` say which score of the detector's curve; without a time it is that of the file as a
    whole. `recorded` is what stood on record when it was asked. `answer` is written once and stays.
    """

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="trace")
    result = models.ForeignKey(Result, on_delete=models.CASCADE, related_name="traces")
    pts_seconds = models.FloatField(null=True, blank=True)
    track = models.IntegerField(null=True, blank=True)
    recorded = models.FloatField()
    answer = models.JSONField(null=True, blank=True)

    def __str__(self) -> str:
        return f"trace of {self.result_id}"


class Evidence(models.Model):
    """A picture or document a detector left, lying under `ASSAY_HOME/evidence`.

    `data` is what it was drawn from, in the form that `plot` names (analysis.engine.plots); "" where it is the picture
    alone. `begins_seconds`, `ends_seconds` and `box` (xyxy in 0–1 of the frame) say which part of the file it is of.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="evidence")
    attempt = models.IntegerField()
    detector = models.CharField(max_length=64)
    kind = models.CharField(max_length=32)
    title = models.CharField(max_length=200)
    caption = models.TextField(blank=True)
    media_type = models.CharField(max_length=64)
    path = models.CharField(max_length=255, unique=True)
    sha256 = models.CharField(max_length=64)
    plot = models.CharField(max_length=16, blank=True)
    data = models.JSONField(null=True, blank=True)
    begins_seconds = models.FloatField(null=True, blank=True)
    ends_seconds = models.FloatField(null=True, blank=True)
    box = models.JSONField(null=True, blank=True)
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "evidence"
        indexes = [models.Index(fields=["run", "attempt"], name="evidence_run_attempt")]

    def __str__(self) -> str:
        return f"{self.title} of {self.run_id}"


class SightingQuerySet(models.QuerySet["Sighting"]):
    """Sightings, narrowed by who asks."""

    def owned_by(self, user: "User") -> Self:
        """Sightings in the topics that `user` may watch."""
        if user.is_superuser:
            return self
        return self.filter(topic__in=Run.objects.owned_by(user).values("topic"))


class Sighting(models.Model):
    """What people search footage by: one line of a topic in which something was seen, and no second copy of it.

    Kept by `analysis.sightings` in the transaction that writes the line. `id` is the number that the
    footage dialect calls the event by. `camera_id` is "media:<uuid>" for an uploaded file. `plate` is the normalised
    text, or "" where `plate_hash` and `plate_sealed` stand for it; only `analysis.plates` makes and searches them.
    """

    class EventType(models.TextChoices):
        MOTION = "motion"
        TRACKING = "tracking"
        ANPR = "anpr"

    topic = models.ForeignKey(
        "realtime.Topic", on_delete=models.CASCADE, related_name="sightings", db_index=False
    )
    seq = models.BigIntegerField()
    camera_id = models.CharField(max_length=100)
    event_type = models.CharField(max_length=8, choices=EventType.choices)
    object_class = models.CharField(max_length=64, blank=True)
    plate = models.CharField(max_length=32, blank=True)
    plate_hash = models.CharField(max_length=64, blank=True)
    plate_sealed = models.TextField(blank=True)
    confidence = models.FloatField(null=True, blank=True)
    time = models.DateTimeField()
    frame_number = models.BigIntegerField(null=True, blank=True)
    snapshot_path = models.CharField(max_length=255, blank=True)
    snapshot_bytes = models.BigIntegerField(default=0)
    # when its pictures went to make room for others; the event stays
    snapshot_removed = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(default=timezone.now, editable=False)

    objects = SightingQuerySet.as_manager()

    class Meta:
        # no reference to the event's own row: lines are written by COPY, which tells no ids
        constraints = [models.UniqueConstraint(fields=["topic", "seq"], name="sighting_topic_seq")]
        indexes = [
            models.Index(fields=["camera_id", "time"], name="sighting_camera_time"),
            models.Index(fields=["event_type", "time"], name="sighting_type_time"),
            # what retention looks for: the oldest of a camera, and of all files
            models.Index(fields=["topic", "time"], name="sighting_topic_time"),
            models.Index(
                fields=["time"],
                name="sighting_media_time",
                condition=models.Q(camera_id__startswith="media:"),
            ),
            models.Index(
                fields=["snapshot_path"], name="sighting_snapshot", condition=~models.Q(snapshot_path="")
            ),
            models.Index(
                fields=["time"], name="sighting_picture_time", condition=~models.Q(snapshot_path="")
            ),
            models.Index(fields=["plate"], name="sighting_plate", condition=~models.Q(plate="")),
            models.Index(
                fields=["plate_hash"], name="sighting_plate_hash", condition=~models.Q(plate_hash="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} at {self.topic_id}/{self.seq}"


class PlateSearch(models.Model):
    """That somebody searched for a plate: written once, by `analysis.plate_searches`, and deleted after a time.

    `asked` is the pattern, or "" where `asked_hash` and `asked_sealed` stand for it. `filters` is what else the search
    was narrowed by. `found` is null where it was refused. `email` stays when the user goes.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="plate_searches"
    )
    email = models.CharField(max_length=254)
    asked = models.CharField(max_length=64, blank=True)
    asked_hash = models.CharField(max_length=64, blank=True)
    asked_sealed = models.TextField(blank=True)
    filters = models.JSONField(default=dict)
    found = models.IntegerField(null=True)
    created = models.DateTimeField(default=timezone.now, editable=False, db_index=True)

    class Meta:
        verbose_name_plural = "plate searches"

    def __str__(self) -> str:
        return f"search by {self.email} at {self.created:%Y-%m-%d %H:%M}"


class DetectorCard(models.Model):
    """What the workers last said of one detector; the web reads this and never loads the detector."""

    name = models.CharField(primary_key=True, max_length=64)
    card = models.JSONField()
    available = models.BooleanField()
    reason = models.TextField(blank=True)
    updated = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class Calibration(models.Model):
    """What the scores of one detector version are worth, as `manage.py calibrate` told; the latest stored counts.

    `body` is its JSON as the engine writes and checks it; older ones are kept, since results name them by digest.
    """

    digest = models.CharField(primary_key=True, max_length=64)
    detector = models.CharField(max_length=64)
    version = models.CharField(max_length=32)
    weights_sha256 = models.CharField(max_length=64, null=True, blank=True)
    body = models.TextField()
    stored = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["detector", "-stored"], name="calibration_latest")]

    def __str__(self) -> str:
        return f"calibration of {self.detector} {self.version}"


class Upload(models.Model):
    """A resumable upload (tus 1.0) that is not a Media yet."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads")
    filename = models.CharField(max_length=255)
    metadata = models.JSONField(default=dict)
    metadata_as_sent = models.TextField(blank=True)
    length = models.BigIntegerField()
    offset = models.BigIntegerField(default=0)
    path = models.CharField(max_length=255, unique=True)
    media = models.OneToOneField(
        Media, null=True, blank=True, on_delete=models.SET_NULL, related_name="upload"
    )
    run = models.OneToOneField(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="upload")
    created = models.DateTimeField(default=timezone.now, editable=False)
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"upload of {self.filename}"


class Tombstone(models.Model):
    """What is left of a deleted Media or Camera: that it was here, what was said of it, who removed it and why.

    A camera has a key, and neither bytes nor a hash of them.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    camera_key = models.CharField(max_length=100, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    size_bytes = models.BigIntegerField(default=0)
    outcome = models.CharField(max_length=20, choices=Run.Outcome.choices, null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="tombstones"
    )
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="removals"
    )
    reason = models.CharField(max_length=500, blank=True)
    removed = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"camera {self.camera_key}, removed" if self.camera_key else f"media {self.id}, removed"


__all__ = [
    "Alert",
    "AlertCursor",
    "AlertRule",
    "Calibration",
    "Camera",
    "CameraState",
    "DetectorCard",
    "Evidence",
    "LegalHold",
    "Media",
    "Result",
    "Run",
    "RunLease",
    "Sighting",
    "SnapshotTally",
    "Tombstone",
    "Trace",
    "Upload",
    "WatchedPlate",
    "Worker",
]
