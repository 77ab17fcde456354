"""Uploads that are no media yet, and what is left of deleted media and cameras."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from analysis.models.media import Media
from analysis.models.runs import Run


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
