"""Deleting media: rows in chunks, files last, a tombstone in their place."""

import shutil

from django.db import transaction

from accounts.models import User
from analysis import snapshots
from analysis.models import Media, Run, Sighting, Tombstone, Upload
from analysis.retention import holds
from analysis.uploads.places import evidence_of, media_root
from realtime.erasing import erase
from realtime.models import Event, Topic

_ENDED = (Run.State.SUCCEEDED, Run.State.FAILED, Run.State.CANCELLED)


class StillExamined(Exception):
    """A run of the media has not ended; cancel it first."""

    code = "still_examined"


def remove(media: Media, *, by: User, reason: str = "") -> Tombstone:
    """Deletes a media with its runs, their logs and evidence, and the stored files.

    The tombstone and the rows go in one transaction; files are unlinked after it, so that a crash in
    between leaves files without rows (the sweep removes those) and never rows without files.
    Raises StillExamined while a run is queued or running, Held while it is under a legal hold.
    """
    with transaction.atomic():
        runs = _locked_runs(media)
        tombstone = _bury(media, runs, by=by, reason=reason)
    (media_root() / media.path).unlink(missing_ok=True)
    for run in runs:
        # whole: an attempt that was lost left pictures that never came on record
        shutil.rmtree(evidence_of(run.pk), ignore_errors=True)
        shutil.rmtree(snapshots.folder_of(run.pk), ignore_errors=True)
    return tombstone


def _locked_runs(media: Media) -> list[Run]:
    # The media first, so that nobody starts another run of it meanwhile. Then runs before topics, each in
    # id order: the order every writer locks in.
    holds.refuse_removal(Media.objects.select_for_update(of=("self",)).get(pk=media.pk))
    runs = list(Run.objects.select_for_update(of=("self",)).filter(media=media).order_by("pk"))
    going = [run for run in runs if run.state not in _ENDED]
    if any(run.purpose == Run.Purpose.EXAMINATION for run in going):
        raise StillExamined("This file is being examined. Cancel the run first, then delete the file.")
    if going:
        asked = ", ".join(str(run.pk) for run in going[:5])
        raise StillExamined(
            f"A question about a score of this file is being answered ({asked}). Cancel it first, or wait."
        )
    return runs


def _bury(media: Media, runs: list[Run], *, by: User, reason: str) -> Tombstone:
    latest = max((run for run in runs if run.outcome), key=lambda run: run.created, default=None)
    tombstone = Tombstone.objects.create(
        id=media.pk,
        sha256=media.sha256,
        size_bytes=media.size_bytes,
        outcome=latest.outcome if latest else None,
        owner=media.owner,
        removed_by=by,
        reason=reason,
    )
    topics = [run.topic_id for run in runs]
    list(Topic.objects.select_for_update().filter(pk__in=topics).order_by("pk"))
    for topic in topics:
        erase(Sighting.objects.filter(topic=topic))
        erase(Event.objects.filter(topic=topic))
    Upload.objects.filter(media=media).delete()
    media.delete()
    Topic.objects.filter(pk__in=topics).delete()
    return tombstone
