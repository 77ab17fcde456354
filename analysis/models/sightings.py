"""What people search footage by, and who searched for plates."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from analysis.models.runs import Run

if TYPE_CHECKING:
    from accounts.models import User


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
    # null: from before this was counted; analysis.retention.counting makes up for it
    snapshot_bytes = models.BigIntegerField(default=0, null=True)
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
            models.Index(
                fields=["topic"], name="sighting_uncounted", condition=models.Q(snapshot_bytes=None)
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
