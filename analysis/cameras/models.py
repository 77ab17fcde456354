"""Cameras and what their log last said of them."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import User

KEY_PATTERN = r"[A-Za-z0-9._-]{1,100}"


def visible_cameras(user: "User", prefix: str = "") -> models.Q:
    """Their own cameras and those shared with their teams."""
    return models.Q(**{f"{prefix}owner": user}) | models.Q(**{f"{prefix}team__in": user.teams.values("pk")})


class CameraQuerySet(models.QuerySet["Camera"]):
    """Cameras, narrowed by who asks."""

    def owned_by(self, user: "User") -> Self:
        """What `user` may see: their own, what is shared with their teams, everything for admins."""
        return self if user.is_superuser else self.filter(visible_cameras(user))


class Camera(models.Model):
    """A source of footage; its runs, one after the other, share its topic.

    `key` is its camera_id in the footage dialect. `address` may be shown to whoever sees the camera; what may not,
    lies in `secret`, sealed (see analysis.cameras.secrets), and is made and read there alone.
    """

    class Source(models.TextChoices):
        RTSP = "rtsp"
        HTTP = "http"
        DEVICE = "device"
        FILE = "file"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=100, unique=True, validators=[RegexValidator(rf"\A{KEY_PATTERN}\Z")])
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="cameras")
    team = models.ForeignKey("accounts.Team", null=True, blank=True, on_delete=models.SET_NULL)
    name = models.CharField(max_length=200)
    notes = models.TextField(blank=True)
    source = models.CharField(max_length=8, choices=Source.choices)
    address = models.CharField(max_length=2000)
    secret = models.TextField(blank=True, editable=False)
    enabled = models.BooleanField(default=False)
    settings = models.JSONField(default=dict, blank=True)
    retention_days = models.PositiveIntegerField(null=True, blank=True)
    snapshot_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    topic = models.OneToOneField("realtime.Topic", on_delete=models.CASCADE, related_name="camera")
    created = models.DateTimeField(default=timezone.now, editable=False)
    updated = models.DateTimeField(default=timezone.now, editable=False)

    objects = CameraQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["owner", "key"], name="camera_owner_key")]

    def __str__(self) -> str:
        return self.key

    def may_be_changed_by(self, user: "User") -> bool:
        """Whether they may set it up; the role is another question."""
        return self.owner_id == user.pk or user.is_superuser

    @property
    def has_credentials(self) -> bool:
        """Whether there is something of its address that is not shown."""
        return bool(self.secret)


class CameraState(models.Model):
    """What the log last said of whether a camera gives pictures: None while nobody watches it.

    Kept by analysis.cameras.states in the transaction that writes the line. A row of its own: whoever writes it
    holds the topic, whoever changes a camera holds that first.
    """

    camera = models.OneToOneField(Camera, on_delete=models.CASCADE, primary_key=True, related_name="state")
    online = models.BooleanField(null=True)
    since = models.DateTimeField(null=True)
    said = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"state of {self.camera_id}"
