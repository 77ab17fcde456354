"""What detectors said, what they left, what was asked of it, and what their scores are worth."""

import uuid

from django.db import models
from django.utils import timezone

from analysis.models.runs import Run


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
