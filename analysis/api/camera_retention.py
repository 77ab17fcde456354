"""REST of retention: how long footage of a camera is kept, and what would go."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.strict import StrictSerializer, known_query
from analysis.api.camera_serializers import LONGEST_RETENTION_DAYS
from analysis.api.cameras import CameraView, still_there
from analysis.cameras import keeping
from analysis.models import Camera
from analysis.retention import previews


class DaysSerializer(StrictSerializer):
    """For how many days footage is kept; null: for ever."""

    days = serializers.IntegerField(min_value=1, max_value=LONGEST_RETENTION_DAYS, allow_null=True)


class PreviewSerializer(serializers.Serializer[Any]):
    """What would go at once: events before `before` that nothing holds. `held`: how many older ones stay."""

    retention_days = serializers.IntegerField(allow_null=True, help_text="As it is set now.")
    days = serializers.IntegerField(allow_null=True, help_text="As it was asked for.")
    before = serializers.DateTimeField(allow_null=True)
    total = serializers.IntegerField()
    by_type = serializers.DictField(child=serializers.IntegerField())
    oldest = serializers.DateTimeField(allow_null=True)
    newest = serializers.DateTimeField(allow_null=True)
    snapshots = serializers.IntegerField()
    snapshot_bytes = serializers.IntegerField()
    alerts = serializers.IntegerField(help_text="Raised by these events; they go too.")
    summaries = serializers.IntegerField(help_text="What detectors summed up of runs that ended before.")
    held = serializers.IntegerField()


class CameraRetentionView(CameraView):
    """How long footage of a camera is kept."""

    serializer_class = PreviewSerializer

    @extend_schema(
        operation_id="camera_retention",
        parameters=[OpenApiParameter("days", int, description="Instead of what is set.")],
        responses=PreviewSerializer,
    )
    def get(self, request: Request, camera_id: UUID) -> Response:
        """What would go if footage were kept so many days; nothing goes by asking."""
        asked = known_query(request, "days")
        camera = self.camera(camera_id)
        if "days" not in asked:
            return Response(_said(camera, camera.retention_days))
        form = DaysSerializer(data={"days": asked["days"]})
        form.is_valid(raise_exception=True)
        if form.validated_data["days"] is None:
            raise ValidationError({"days": ["A whole number is required."]})
        return Response(_said(camera, form.validated_data["days"]))

    @extend_schema(operation_id="camera_retention_set", request=DaysSerializer, responses=PreviewSerializer)
    def post(self, request: Request, camera_id: UUID) -> Response:
        """Keep footage so many days from now on; what is older goes within minutes. The answer says what that is."""
        known_query(request)
        camera = self.own(camera_id)
        form = DaysSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        days = form.validated_data["days"]
        with still_there():
            camera = keeping.change(camera, {"retention_days": days}, by=self.user)
        return Response(_said(camera, days))


def _said(camera: Camera, days: int | None) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        "days": None,
        "before": None,
        "total": 0,
        "by_type": {},
        "oldest": None,
        "newest": None,
        **dict.fromkeys(("snapshots", "snapshot_bytes", "alerts", "summaries", "held"), 0),
    }
    said = previews.preview(camera, days) if days else nothing
    return dict(PreviewSerializer({"retention_days": camera.retention_days, **said}).data)
