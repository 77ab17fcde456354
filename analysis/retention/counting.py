"""Counts snapshots that were on record before their bytes were: some hundred at a time, until none is left."""

from itertools import groupby
from operator import itemgetter
from uuid import UUID

from django.db import transaction

from analysis import snapshots
from analysis.models import Sighting
from analysis.retention import quota

CHUNK = 300


def count_old() -> int:
    """Counts one portion; how many. There is more while it is not 0, unless somebody else is at it."""
    # by topic, as the index of them is: whoever waits for the oldest of all would read all
    rows = Sighting.objects.filter(snapshot_bytes=None).order_by("topic")
    found = list(rows.values_list("topic", "pk")[:CHUNK])
    by_topic = groupby(found, key=itemgetter(0))
    return sum(_count(topic, [pk for _, pk in some]) for topic, some in by_topic)


def _count(topic: UUID, pks: list[int]) -> int:
    with transaction.atomic():
        if not quota.locked(topic):
            return 0
        # asked again: who removes snapshots holds the same lock, and has counted them as 0
        rows = Sighting.objects.filter(pk__in=pks, snapshot_bytes=None).only(
            "snapshot_path", "snapshot_bytes"
        )
        found = list(rows)
        for sighting in found:
            sighting.snapshot_bytes = snapshots.size_bytes(sighting.snapshot_path)
        Sighting.objects.bulk_update(found, ["snapshot_bytes"])
        quota.count(topic, sum(sighting.snapshot_bytes or 0 for sighting in found))
    return len(found)
