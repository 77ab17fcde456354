"""Legal holds, which keep what they are about whatever the rules say, and how many bytes snapshots take."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from analysis.cameras.models import Camera

if TYPE_CHECKING:
    from accounts.models import User


class LegalHoldQuerySet(models.QuerySet["LegalHold"]):
    """Holds, narrowed by who asks."""

    def owned_by(self, user: "User") -> Self:
        """Those about what `user` may see; everything for admins."""
        from analysis.models import Media

        if user.is_superuser:
            return self
        cameras, media = (kind.objects.owned_by(user).values("pk") for kind in (Camera, Media))
        return self.filter(models.Q(about__in=cameras) | models.Q(about__in=media))

    def active(self) -> Self:
        """Not released."""
        return self.filter(released=None)


class LegalHold(models.Model):
    """That a camera, a time of it, or a media must stay; who said so and why. Written by analysis.retention.holds.

    While it is active, `camera` or `media` keeps the row from being deleted, whoever tries. Once released it refers to
    neither, and `about` and `subject` say what it was about: the record of it stays when that goes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    camera = models.ForeignKey(Camera, null=True, blank=True, on_delete=models.PROTECT, related_name="holds")
    media = models.ForeignKey("Media", null=True, blank=True, on_delete=models.PROTECT, related_name="holds")
    about = models.UUIDField(db_index=True)
    subject = models.CharField(max_length=110)
    # of a camera: from when to when, both included; null: without an end on that side
    start = models.DateTimeField(null=True, blank=True)
    end = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500)
    placed = models.DateTimeField(default=timezone.now, editable=False)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="holds_placed"
    )
    placed_email = models.CharField(max_length=254)
    released = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="holds_released",
    )
    released_email = models.CharField(max_length=254, blank=True)
    release_reason = models.CharField(max_length=500, blank=True)

    objects = LegalHoldQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(released__isnull=False)
                | models.Q(camera__isnull=False, media__isnull=True)
                | models.Q(camera__isnull=True, media__isnull=False),
                name="hold_of_one_thing",
            )
        ]

    def __str__(self) -> str:
        return f"hold on {self.subject}"


class SnapshotTally(models.Model):
    """How many bytes the snapshots of a topic take; kept by analysis.retention.quota."""

    topic = models.OneToOneField(
        "realtime.Topic", on_delete=models.CASCADE, primary_key=True, related_name="snapshot_tally"
    )
    size_bytes = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.size_bytes} bytes of snapshots in {self.topic_id}"
