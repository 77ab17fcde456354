"""Room for snapshots: when there are more bytes of them than allowed, the oldest go. Their events stay.

How many bytes there are is counted where snapshots come on record and go (SnapshotTally), so that a look at it costs a
sum over topics. What is held stays, also where nothing else is left that could go.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from analysis import snapshots
from analysis.models import Camera, Media, Sighting, SnapshotTally
from analysis.retention import holds

logger = logging.getLogger(__name__)
CHUNK = 300
# Nothing locks a topic here: whoever adds to it has locked it, and this only takes away.
_ADD = (
    "INSERT INTO analysis_snapshottally (topic_id, size_bytes) VALUES (%s, %s)"
    " ON CONFLICT (topic_id) DO UPDATE SET size_bytes = analysis_snapshottally.size_bytes + excluded.size_bytes"
)


def count(topic_id: UUID, size_bytes: int) -> None:
    """Counts bytes of snapshots that came on record, or (below 0) went, in the transaction that did it."""
    if size_bytes:
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [topic_id, size_bytes])


def used() -> int:
    """Bytes of all snapshots on record."""
    return SnapshotTally.objects.aggregate(all=Sum("size_bytes"))["all"] or 0


def make_room() -> int:
    """Removes one portion of the oldest snapshots where there are too many; how many went."""
    return _for_desk() + sum(map(_for_camera, _full_cameras()))


def _for_desk() -> int:
    over = used() - settings.SNAPSHOT_BYTES if settings.SNAPSHOT_BYTES else 0
    return _remove(Sighting.objects.all(), over) if over > 0 else 0


def _full_cameras() -> list[tuple[UUID, int]]:
    """Topics of cameras with more bytes than theirs, and how many more."""
    limit = F("topic__camera__snapshot_bytes")
    full = SnapshotTally.objects.filter(size_bytes__gt=limit)
    return list(full.order_by("topic").values_list("topic", F("size_bytes") - limit))


def _for_camera(full: tuple[UUID, int]) -> int:
    topic, over = full
    return _remove(Sighting.objects.filter(topic=topic), over)


def _remove(found: QuerySet[Sighting], over_bytes: int) -> int:
    """The oldest of them until so many bytes are free, at most CHUNK."""
    oldest = found.exclude(snapshot_path="").exclude(holds.covered()).order_by("time", "pk")
    by_topic: Mapping[UUID, list[int]] = defaultdict(list)
    for pk, topic, size_bytes in oldest.values_list("pk", "topic", "snapshot_bytes")[:CHUNK]:
        if over_bytes <= 0:
            break
        by_topic[topic].append(pk)
        over_bytes -= size_bytes or 0
    if not by_topic:
        logger.info("snapshots take %d bytes more than allowed, and all that are left are held", over_bytes)
    return sum(_take_away(topic, pks) for topic, pks in by_topic.items())


def _take_away(topic: UUID, pks: Iterable[int]) -> int:
    with transaction.atomic():
        if not locked(topic):
            return 0
        # asked again: a hold may have been placed since we looked
        rows = Sighting.objects.filter(pk__in=pks).exclude(snapshot_path="").exclude(holds.covered())
        gone = list(rows.values_list("pk", "snapshot_path", "snapshot_bytes"))
        going = Sighting.objects.filter(pk__in=[pk for pk, _, _ in gone])
        going.update(snapshot_path="", snapshot_bytes=0, snapshot_removed=timezone.now())
        count(topic, -sum(size_bytes or 0 for _, _, size_bytes in gone))
        paths = [path for _, path, _ in gone]
        transaction.on_commit(lambda: snapshots.remove(paths), robust=True)
    return len(gone)


def locked(topic: UUID) -> bool:
    """Locks what the topic is of until the transaction ends; False where somebody else has."""
    cameras = Camera.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    if cameras.filter(topic=topic).first():
        return True
    media = Media.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    named = Media.objects.filter(runs__topic=topic).values("pk")
    return media.filter(pk__in=named).first() is not None
