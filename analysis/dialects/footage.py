"""The footage dialect: what was seen in footage, as existing clients expect it.

All keys are always there. What the data of an event does not say, or says in a form nobody can read, is
null: a program that writes lines may be wrong, and no reader of the dialect stumbles over it.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from analysis import plates
from analysis.models import Sighting
from realtime.dialects import Event, Frame, Voice
from realtime.envelope import LARGEST_INTEGER, rfc3339
from realtime.lines import Line

NAME = "footage"
_Type = Sighting.EventType
TYPES: Mapping[str, Sighting.EventType] = {
    "motion.started": _Type.MOTION,
    "motion.ended": _Type.MOTION,
    "track.entered": _Type.TRACKING,
    "track.updated": _Type.TRACKING,
    "track.left": _Type.TRACKING,
    "plate.read": _Type.ANPR,
}
TEXT_LIMIT = 64


@dataclass(frozen=True)
class Seen:
    """What an event is searched by; the plate is normalised."""

    event_type: Sighting.EventType
    time: datetime
    object_class: str
    plate: str
    confidence: float | None
    frame_number: int | None


def seen(event: Mapping[str, Any]) -> Seen:
    """The searchable part of a canonical event; its type must be one of TYPES."""
    kind = TYPES[event["type"]]
    data = plates.opened(event["data"]) if kind == _Type.ANPR else event["data"]
    return Seen(
        event_type=kind,
        time=datetime.fromisoformat(event["time"]),
        object_class=(_text(data.get("class")) or "") if kind == _Type.TRACKING else "",
        plate=plates.normalised(_text(data.get("plate")) or "") if kind == _Type.ANPR else "",
        confidence=None if kind == _Type.MOTION else _share(data.get("confidence")),
        frame_number=_count(data.get("frame")),
    )


def seen_in(line: Line) -> Seen:
    """The searchable part of a line that has not been emptied."""
    return seen(json.loads(line.body))


def spoken(event: Mapping[str, Any], sighting: Sighting) -> dict[str, Any]:
    """The footage record of a canonical event."""
    data = event["data"]
    return {
        "id": sighting.pk,
        "event_type": sighting.event_type,
        "camera_id": sighting.camera_id,
        "timestamp": event["time"],
        "frame_number": sighting.frame_number,
        "snapshot_path": sighting.snapshot_path or None,
        "event_data": _DATA[TYPES[event["type"]]](event, data),
        "created_at": rfc3339(sighting.created),
        "pts_seconds": _seconds(data.get("pts_seconds")),
        "topic": event["topic"],
        "seq": event["seq"],
    }


class FootageVoice(Voice):
    """A topic told in the footage dialect."""

    remembers = False

    def __init__(self, topic_id: UUID) -> None:
        self._topic = topic_id

    def hear(self, event: Event) -> Sequence[Frame]:
        """The record of an event in which something was seen; nothing once it was taken away."""
        if event["type"] not in TYPES:
            return ()
        sighting = Sighting.objects.filter(topic_id=self._topic, seq=event["seq"]).first()
        return (spoken(event, sighting),) if sighting else ()


def _motion(event: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    area = _share(data.get("area"))
    return {
        "motion_action": event["type"].partition(".")[2],
        "motion_intensity": _share(data.get("intensity")),
        "affected_area_percentage": None if area is None else round(100 * area, 4),
    }


def _tracking(event: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    action = event["type"].partition(".")[2]
    model = data.get("model")
    model = model if isinstance(model, Mapping) else {}
    return {
        "track_id": _track(data.get("track"), event.get("subject", "")),
        "tracking_action": action,
        "class_name": _text(data.get("class")),
        "confidence": _share(data.get("confidence")),
        "bounding_box": _box(data.get("box")),
        "dwell_time_seconds": _seconds(data.get("dwell_seconds", 0.0 if action == "entered" else None)),
        "model_info": {"model_type": _text(model.get("type")), "version": _text(model.get("version"))},
    }


def _anpr(_event: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    data = plates.opened(data)
    read = {
        "license_plate": _text(data.get("plate")),
        "confidence": _share(data.get("confidence")),
        "region": _text(data.get("region")),
    }
    return {"anpr_result": read}


_DATA = {_Type.MOTION: _motion, _Type.TRACKING: _tracking, _Type.ANPR: _anpr}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _share(value: object) -> float | None:
    number = _number(value)
    return None if number is None else min(1.0, max(0.0, number))


def _seconds(value: object) -> float | None:
    number = _number(value)
    return None if number is None else max(0.0, number)


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_INTEGER:
        return None
    return value


def _text(value: object) -> str | None:
    return value.strip()[:TEXT_LIMIT] or None if isinstance(value, str) else None


def _track(value: object, subject: str) -> int | str | None:
    """The track's number or name; where the data has none, that of the subject `track/15`."""
    named = _count(value) if not isinstance(value, str) else _text(value)
    if named is not None:
        return named
    after = subject.removeprefix("track/") if subject.startswith("track/") else ""
    return int(after) if after.isascii() and after.isdecimal() and len(after) <= 15 else _text(after)


def _box(value: object) -> dict[str, float] | None:
    """Corners to corner and size; None unless they are four numbers in order."""
    sides = [_share(side) for side in value] if isinstance(value, list) and len(value) == 4 else []
    if None in sides or not sides:
        return None
    x1, y1, x2, y2 = (side for side in sides if side is not None)
    if x2 < x1 or y2 < y1:
        return None
    # the difference of two decimals is none, and six places are finer than any pixel
    return {"x": x1, "y": y1, "width": round(x2 - x1, 6), "height": round(y2 - y1, 6)}
