"""What of a camera the desk did not keep up with, frames not looked at and events left out: by the hour."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from analysis.cameras.models import Camera
from realtime.models import Event

WITHIN = timedelta(hours=24)
# a day of a camera that tells something every few seconds
WITHIN_LINES = 20_000


@dataclass(frozen=True)
class Missed:
    """Of the hour from `hour` on. `detector` is "" where nobody looked; `events` were seen and left out."""

    hour: datetime
    detector: str
    times: int
    seconds: float
    frames: int
    events: int


def missed(camera: Camera) -> list[Missed]:
    """Of the last day, newest first, of each detector for itself."""
    lines = Event.objects.filter(
        topic=camera.topic_id,
        seq__gt=camera.topic.head - WITHIN_LINES,
        type="camera.gap",
        time__gte=timezone.now() - WITHIN,
    )
    return _by_hour(lines.order_by("seq").values_list("time", "data"))


def _by_hour(lines: Iterable[tuple[datetime, Mapping[str, Any] | None]]) -> list[Missed]:
    hours: dict[tuple[datetime, str], Missed] = {}
    for time, said in lines:
        hour, data = time.replace(minute=0, second=0, microsecond=0), said or {}
        detector = str(data.get("detector", ""))
        before = hours.get((hour, detector), Missed(hour, detector, 0, 0.0, 0, 0))
        hours[hour, detector] = _with(before, data)
    return sorted(hours.values(), key=lambda one: (one.hour, one.detector), reverse=True)


def _with(before: Missed, data: Mapping[str, Any]) -> Missed:
    if "events" in data:
        return replace(before, events=before.events + int(data["events"] or 0))
    seconds = float(data.get("to_seconds") or 0) - float(data.get("from_seconds") or 0)
    return replace(
        before,
        times=before.times + 1,
        seconds=round(before.seconds + max(0.0, seconds), 3),
        frames=before.frames + int(data.get("frames") or 0),
    )
