"""Placing and releasing legal holds, and refusing to remove what is held.

Whoever removes locks the camera or the media first and asks then; whoever places a hold locks it too. So nothing goes
after a hold was placed.
"""

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from analysis.errors import AnalysisError
from analysis.models import Camera, LegalHold, Media, Sighting

logger = logging.getLogger(__name__)
Subject = Camera | Media
# Times after the first and before the second; None: from the beginning.
Free = tuple[datetime | None, datetime]


class Held(AnalysisError):
    """It is under a legal hold, and stays."""

    code = "held"


class AlreadyReleased(AnalysisError):
    """The hold was released before."""

    code = "already_released"


def place(
    subject: Subject, *, by: User, reason: str, start: datetime | None = None, end: datetime | None = None
) -> LegalHold:
    """Has all of a media, or a time of a camera, stay from now on. Raises DoesNotExist where it is gone."""
    is_camera = isinstance(subject, Camera)
    with transaction.atomic():
        _locked(subject)
        hold = LegalHold.objects.create(
            camera=subject if isinstance(subject, Camera) else None,
            media=subject if isinstance(subject, Media) else None,
            about=subject.pk,
            subject=f"camera:{subject.key}" if isinstance(subject, Camera) else f"media:{subject.pk}",
            start=start if is_camera else None,
            end=end if is_camera else None,
            reason=reason,
            placed_by=by,
            placed_email=by.email,
        )
    logger.info("hold %s placed on %s by %s", hold.pk, hold.subject, by.pk)
    return hold


def release(hold: LegalHold, *, by: User, reason: str) -> LegalHold:
    """Lets it go; the record of the hold stays. Raises AlreadyReleased."""
    with transaction.atomic():
        hold.refresh_from_db(from_queryset=LegalHold.objects.select_for_update(of=("self",)))
        if hold.released:
            raise AlreadyReleased(f"This hold was released at {hold.released:%Y-%m-%d %H:%M} UTC.")
        hold.camera = hold.media = None
        hold.released, hold.release_reason = timezone.now(), reason
        hold.released_by, hold.released_email = by, by.email
        hold.save()
    logger.info("hold %s on %s released by %s", hold.pk, hold.subject, by.pk)
    return hold


def refuse_removal(subject: Subject) -> None:
    """Raises Held where anything of it is held; its row must be locked."""
    if hold := subject.holds.order_by("placed").first():
        raise Held(_sentence(hold, "It cannot be deleted."))


def refuse_event(sighting: Sighting) -> None:
    """Locks what the event is of, and raises Held where it is held."""
    subject = _subject(sighting)
    if subject is None:
        return
    _locked(subject)
    for hold in subject.holds.order_by("placed"):
        if (hold.start is None or hold.start <= sighting.time) and (
            hold.end is None or sighting.time <= hold.end
        ):
            raise Held(_sentence(hold, "Its events cannot be deleted."))


def free(camera: Camera, until: datetime) -> list[Free]:
    """The times before `until` that no hold of the camera covers, in order."""
    stretches: list[Free] = []
    begins: datetime | None = None
    held = list(camera.holds.values_list("start", "end"))
    for start, end in sorted(held, key=lambda hold: (hold[0] is not None, hold[0] or until)):
        if start is not None and (begins is None or begins < start):
            stretches.append((begins, min(start, until)))
        if end is None:
            return _before(stretches, until)
        begins = end if begins is None else max(begins, end)
    return _before([*stretches, (begins, until)], until)


def covered() -> Q:
    """Sightings that some hold covers; of none where there are no holds."""
    held = Q(pk__in=[])
    for hold in LegalHold.objects.active().select_related("camera"):
        if hold.camera is None:
            held |= Q(camera_id=f"media:{hold.about}")
            continue
        within = Q(topic=hold.camera.topic_id)
        within &= Q(time__gte=hold.start) if hold.start else Q()
        within &= Q(time__lte=hold.end) if hold.end else Q()
        held |= within
    return held


def _before(stretches: list[Free], until: datetime) -> list[Free]:
    return [(begins, ends) for begins, ends in stretches if begins is None or begins < min(ends, until)]


def _locked(subject: Subject) -> None:
    kind = type(subject)
    kind._default_manager.select_for_update(of=("self",), no_key=True).get(pk=subject.pk)


def _subject(sighting: Sighting) -> Subject | None:
    camera = Camera.objects.filter(topic=sighting.topic_id).first()
    return camera or Media.objects.filter(runs__topic=sighting.topic_id).first()


def _sentence(hold: LegalHold, then: str) -> str:
    return f"This is under a legal hold since {hold.placed:%Y-%m-%d} ({hold.reason}). {then}"
