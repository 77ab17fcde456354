"""Rules for alerts, the plates they wait for, what was raised, and how far each camera was looked through."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from analysis.cameras.models import Camera, visible_cameras

if TYPE_CHECKING:
    from accounts.models import User


def _shared_with(user: "User") -> models.Q:
    return models.Q(owner=user) | models.Q(team__in=user.teams.values("pk"))


class AlertRuleQuerySet(models.QuerySet["AlertRule"]):
    """Rules, narrowed by who asks."""

    def owned_by(self, user: "User") -> Self:
        """What `user` may see: their own, what is shared with their teams, everything for admins."""
        return self if user.is_superuser else self.filter(_shared_with(user))


class WatchedPlateQuerySet(models.QuerySet["WatchedPlate"]):
    """Watched plates, narrowed by who asks."""

    def owned_by(self, user: "User") -> Self:
        """What `user` may see: their own, what is shared with their teams, everything for admins."""
        return self if user.is_superuser else self.waited_for_by(user)

    def waited_for_by(self, user: "User") -> Self:
        """What the rules of `user` wait for: their own and what is shared with their teams, for admins too."""
        return self.filter(_shared_with(user))


class AlertRule(models.Model):
    """When its owner's cameras raise an alert. `conditions` are those of analysis.alerts.conditions.

    Without cameras it holds for all of its owner's, also those to come. Only events from `since` on count: a rule that
    was made, changed or switched on alarms of nothing that happened before.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="alert_rules")
    team = models.ForeignKey("accounts.Team", null=True, blank=True, on_delete=models.SET_NULL)
    name = models.CharField(max_length=200)
    enabled = models.BooleanField(default=True)
    cameras = models.ManyToManyField(Camera, blank=True, related_name="alert_rules")
    conditions = models.JSONField(default=dict)
    since = models.DateTimeField(default=timezone.now)
    created = models.DateTimeField(default=timezone.now, editable=False)

    objects = AlertRuleQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class WatchedPlate(models.Model):
    """A plate, or a pattern of plates, that rules of its owner and of those it is shared with wait for.

    Its text is kept as plates are.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watched_plates"
    )
    team = models.ForeignKey("accounts.Team", null=True, blank=True, on_delete=models.SET_NULL)
    name = models.CharField(max_length=200)
    note = models.TextField(blank=True)
    plate = models.CharField(max_length=64, blank=True)
    plate_hash = models.CharField(max_length=64, blank=True)
    plate_sealed = models.TextField(blank=True)
    created = models.DateTimeField(default=timezone.now, editable=False)

    objects = WatchedPlateQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class AlertQuerySet(models.QuerySet["Alert"]):
    """Alerts, narrowed by who asks."""

    def owned_by(self, user: "User") -> Self:
        """Those of cameras that `user` may see."""
        return self if user.is_superuser else self.filter(visible_cameras(user, "camera__"))


class Alert(models.Model):
    """That a rule was raised by an event: `seq` is the event's line, `alert_seq` that of the alert, in one topic."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    rule = models.ForeignKey(AlertRule, null=True, on_delete=models.SET_NULL, related_name="alerts")
    camera = models.ForeignKey(Camera, on_delete=models.CASCADE, related_name="alerts")
    seq = models.BigIntegerField()
    alert_seq = models.BigIntegerField()
    time = models.DateTimeField()

    objects = AlertQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "camera", "seq"], name="alert_once")]
        indexes = [
            models.Index(fields=["camera", "seq"], name="alert_camera_seq"),
            models.Index(fields=["camera", "rule", "-time"], name="alert_latest"),
        ]

    def __str__(self) -> str:
        return f"alert at {self.camera_id}/{self.seq}"


class AlertCursor(models.Model):
    """Up to which line a camera's log was looked through."""

    camera = models.OneToOneField(
        Camera, on_delete=models.CASCADE, primary_key=True, related_name="alert_cursor"
    )
    seq = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.camera_id} up to {self.seq}"
