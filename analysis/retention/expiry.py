"""Footage that was kept long enough: which events go, and how they do, some hundred at a time.

An event goes as one: the content of its line, its sighting, its pictures. Number, type and hashes of the line stay in
the chain. What is held stays.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import (
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.utils import timezone

from analysis.models import Camera, LegalHold, Media, Sighting
from analysis.retention import holds
from analysis.sightings import MEDIA
from realtime import log

CHUNK = 300


def cutoff(days: int, now: datetime | None = None) -> datetime:
    """Events written down before this are older than so many days."""
    return (now or timezone.now()) - timedelta(days=days)


def due(camera: Camera, before: datetime) -> QuerySet[Sighting]:
    """The camera's events from before then that nothing holds."""
    free = holds.free(camera, before)
    if not free:
        return Sighting.objects.none()
    within = [Q(time__lt=ends) & (Q(time__gt=begins) if begins else Q()) for begins, ends in free]
    return Sighting.objects.filter(reduce(or_, within), topic=camera.topic_id)


def expire() -> int:
    """Removes one portion of what is due; how many events went. There is more while it is not 0.

    Safe in several workers at once: each camera and media is locked, and one that is locked is passed over.
    """
    return sum(map(_expire_camera, _cameras())) + _expire_uploads()


def _cameras() -> list[UUID]:
    """Those that have footage older than theirs is kept."""
    kept = ExpressionWrapper(
        Value(timezone.now()) - F("retention_days") * Value(timedelta(days=1)), DateTimeField()
    )
    old = Sighting.objects.filter(topic=OuterRef("topic"), time__lt=OuterRef("kept_from"))
    found = Camera.objects.filter(retention_days__isnull=False).annotate(kept_from=kept)
    return list(found.filter(Exists(old)).order_by("pk").values_list("pk", flat=True))


def _expire_camera(camera_id: UUID) -> int:
    with transaction.atomic():
        rows = Camera.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        camera = rows.filter(pk=camera_id, retention_days__isnull=False).first()
        if camera is None or camera.retention_days is None:
            return 0
        found = due(camera, cutoff(camera.retention_days)).order_by("time", "pk")
        return log.empty_some(camera.topic_id, list(found.values_list("seq", flat=True)[:CHUNK]))


def _expire_uploads() -> int:
    """The same for footage of uploaded files, whose results (without what they summed up of it) and evidence stay."""
    if not settings.FOOTAGE_DAYS:
        return 0
    held = [
        f"{MEDIA}{pk}"
        for pk in LegalHold.objects.active().exclude(media=None).values_list("media", flat=True)
    ]
    old = Sighting.objects.filter(camera_id__startswith=MEDIA, time__lt=cutoff(settings.FOOTAGE_DAYS))
    found = old.exclude(camera_id__in=held).order_by("time", "pk").values_list("camera_id", "topic", "seq")
    by_media: dict[str, dict[UUID, list[int]]] = defaultdict(lambda: defaultdict(list))
    for source, topic, seq in found[:CHUNK]:
        by_media[source][topic].append(seq)
    return sum(_expire_media(UUID(source.removeprefix(MEDIA)), lines) for source, lines in by_media.items())


def _expire_media(media_id: UUID, lines: dict[UUID, list[int]]) -> int:
    with transaction.atomic():
        rows = Media.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        media = rows.filter(pk=media_id).first()
        # placed since we looked
        if media is None or media.holds.exists():
            return 0
        return sum(log.empty_some(topic, seqs) for topic, seqs in lines.items())
