"""What detectors summed up of footage goes as the footage does: plates read, times of motion, tracks counted.

It stands in the result and in the line that ended the detector; both lose it, together with evidence where a detector
left any of a camera. That the detector ran, and the sentence of the run, which only counts, stay. The time of a summary
is when its run ended, but it tells of the whole run: a hold of any part of that keeps it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import reduce
from itertools import groupby
from operator import or_
from pathlib import Path
from typing import get_args
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q, QuerySet, Value
from django.utils import timezone

from analysis.cameras.watching import Detector
from analysis.models import Camera, Evidence, LegalHold, Result
from analysis.retention import holds, quota
from analysis.uploads.places import evidence_root
from realtime import log
from realtime.models import Event

CHUNK = 100
GONE = "What it saw was kept long enough, and is gone."
_ENDINGS = ("detector.finished", "detector.abstained", "detector.failed")
_OF_FOOTAGE = get_args(Detector)


def due(camera: Camera, before: datetime) -> QuerySet[Result]:
    """Of runs of the camera that ended before then, and that nothing holds any part of."""
    free = holds.free(camera, before)
    if not free:
        return Result.objects.none()
    within = [
        Q(run__finished__lt=ends) & (Q(run__created__gt=begins) if begins else Q()) for begins, ends in free
    ]
    return _telling().filter(reduce(or_, within), run__camera=camera)


def expire() -> int:
    """Removes one portion of what is due; how many went. There is more while it is not 0.

    Safe in several workers at once: what a summary is of is locked, and passed over where it is.
    """
    found = [*_of_cameras(), *_of_files()]
    return sum(_expire(topic, list(some)) for topic, some in groupby(found, key=lambda one: one.run.topic_id))


def _telling() -> QuerySet[Result]:
    return Result.objects.exclude(facts={})


def _of_cameras() -> Iterable[Result]:
    age = ExpressionWrapper(F("run__camera__retention_days") * Value(timedelta(days=1)), DateTimeField())
    old = _telling().filter(run__camera__retention_days__isnull=False)
    old = old.filter(run__finished__lt=Value(timezone.now()) - age)
    for camera in Camera.objects.filter(pk__in=old.values("run__camera")):
        yield from due(camera, _cutoff(camera.retention_days)).select_related("run")[:CHUNK]


def _of_files() -> Iterable[Result]:
    if settings.FOOTAGE_DAYS:
        yield from _free_of_files().select_related("run").order_by("run__topic")[:CHUNK]


def _free_of_files() -> QuerySet[Result]:
    """What judges a file is no footage, and stays."""
    old = _telling().filter(detector__in=_OF_FOOTAGE, run__finished__lt=_cutoff(settings.FOOTAGE_DAYS))
    held = LegalHold.objects.active().exclude(media=None)
    return old.filter(run__camera=None).exclude(run__media__in=held.values("media"))


def _cutoff(days: int | None) -> datetime:
    return timezone.now() - timedelta(days=days or 0)


def _expire(topic: UUID, found: list[Result]) -> int:
    with transaction.atomic():
        if not quota.locked(topic):
            return 0
        # asked again: a hold may have been placed, or the days changed, since we looked
        camera = Camera.objects.filter(topic=topic).first()
        if camera is None:
            still = _free_of_files()
        elif camera.retention_days is None:
            return 0
        else:
            still = due(camera, _cutoff(camera.retention_days))
        going = list(still.filter(pk__in=[one.pk for one in found]).select_related("run"))
        for result in going:
            _remove(result)
    return len(going)


def _remove(result: Result) -> None:
    """Its words and numbers, the line that told them, and what it left of a camera."""
    of_it = {"run": result.run_id, "attempt": result.attempt}
    lines = Event.objects.filter(
        topic=result.run.topic_id, subject=result.detector, type__in=_ENDINGS, **of_it
    )
    log.empty_some(result.run.topic_id, list(lines.values_list("seq", flat=True)))
    Result.objects.filter(pk=result.pk).update(facts={}, detail=GONE if result.reason else "")
    if result.run.camera_id is None:
        return
    left = Evidence.objects.filter(detector=result.detector, **of_it)
    paths = [evidence_root() / path for path in left.values_list("path", flat=True)]
    left.delete()
    transaction.on_commit(lambda: _unlink(paths), robust=True)


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
