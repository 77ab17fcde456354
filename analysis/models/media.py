"""Uploaded files, and who may see them."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import User


def visible_media(user: "User", prefix: str = "") -> models.Q:
    """Their own and those shared with their teams."""
    # not by a join: that would make PostgreSQL sort out whole rows that several teams share
    return models.Q(**{f"{prefix}owner": user}) | models.Q(**{f"{prefix}team__in": user.teams.values("pk")})


class MediaQuerySet(models.QuerySet["Media"]):
    """Media, narrowed by who asks."""

    def owned_by(self, user: "User") -> Self:
        """What `user` may see: their own, what is shared with their teams, everything for admins."""
        if user.is_superuser:
            return self
        return self.filter(visible_media(user))


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
