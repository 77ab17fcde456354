"""The footage record and its statistics, as OpenAPI describes them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from analysis.models import Sighting

_NUMBER = {"type": "number", "nullable": True}
_SHARE = {"type": "number", "minimum": 0, "maximum": 1, "nullable": True}
_TEXT = {"type": "string", "nullable": True}


def _object(*, nullable: bool = False, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "nullable": nullable,
        "required": list(properties),
        "properties": properties,
    }


_TRACKING = _object(
    track_id={"oneOf": [{"type": "integer"}, {"type": "string"}], "nullable": True},
    tracking_action={"type": "string", "enum": ["entered", "updated", "left"]},
    class_name=_TEXT,
    confidence=_SHARE,
    bounding_box=_object(nullable=True, x=_SHARE, y=_SHARE, width=_SHARE, height=_SHARE),
    dwell_time_seconds=_NUMBER,
    model_info=_object(model_type=_TEXT, version=_TEXT),
)
_MOTION = _object(
    motion_action={"type": "string", "enum": ["started", "ended"]},
    motion_intensity=_SHARE,
    affected_area_percentage={"type": "number", "minimum": 0, "maximum": 100, "nullable": True},
)
_ANPR = _object(anpr_result=_object(license_plate=_TEXT, confidence=_SHARE, region=_TEXT))


@extend_schema_field({"oneOf": [_TRACKING, _MOTION, _ANPR]})
class EventDataField(serializers.JSONField):
    """What was seen; its keys follow from `event_type`."""


class FootageRecordSerializer(serializers.Serializer[Any]):
    """A footage event. What is not known is null."""

    id = serializers.IntegerField()
    event_type = serializers.ChoiceField(Sighting.EventType.choices)
    camera_id = serializers.CharField(help_text="media:<uuid> for an uploaded file")
    timestamp = serializers.DateTimeField()
    frame_number = serializers.IntegerField(allow_null=True)
    snapshot_path = serializers.CharField(allow_null=True)
    event_data = EventDataField()
    created_at = serializers.DateTimeField()
    pts_seconds = serializers.FloatField(allow_null=True, help_text="Media time, from the start of the file")
    topic = serializers.UUIDField()
    seq = serializers.IntegerField()


class DateRangeSerializer(serializers.Serializer[Any]):
    """The first and the last event there is."""

    start = serializers.DateTimeField(allow_null=True)
    end = serializers.DateTimeField(allow_null=True)


class FootageStatsSerializer(serializers.Serializer[Any]):
    """Counts of footage events."""

    total = serializers.IntegerField()
    by_type = serializers.DictField(child=serializers.IntegerField())
    by_camera = serializers.DictField(child=serializers.IntegerField(), help_text="The 100 with most events")
    by_class = serializers.DictField(
        child=serializers.IntegerField(), help_text="Events of tracks; the 100 classes with most"
    )
    plates = serializers.IntegerField(help_text="How many different plates were read")
    date_range = DateRangeSerializer()
