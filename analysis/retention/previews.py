"""What would go of a camera if its footage were kept some days: told before anything does."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, QuerySet, Sum
from django.db.models.functions import Coalesce

from analysis.models import Alert, Camera, Sighting
from analysis.retention import expiry, summaries


def preview(camera: Camera, days: int, before: datetime | None = None) -> dict[str, Any]:
    """What would go at once if the camera's footage were kept so many days, and what is held of it.

    before: from when on it stays, instead of so many days before now.
    """
    before = before or expiry.cutoff(days)
    going = expiry.due(camera, before)
    counted = dict.fromkeys(Sighting.EventType.values, 0)
    for kind, count in _by_type(going):
        counted[kind] = count
    old = Sighting.objects.filter(topic=camera.topic_id, time__lt=before)
    return {
        "days": days,
        "before": before,
        "total": sum(counted.values()),
        "by_type": counted,
        **going.aggregate(oldest=Min("time"), newest=Max("time")),
        **going.exclude(snapshot_path="").aggregate(
            snapshots=Count("pk"), snapshot_bytes=Coalesce(Sum("snapshot_bytes"), 0)
        ),
        "alerts": Alert.objects.filter(camera=camera, seq__in=going.values("seq")).count(),
        "summaries": summaries.due(camera, before).count(),
        "held": old.count() - sum(counted.values()),
    }


def _by_type(found: QuerySet[Sighting]) -> Iterator[tuple[str, int]]:
    yield from found.order_by().values_list("event_type").annotate(Count("pk"))
