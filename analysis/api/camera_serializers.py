"""How cameras are written in REST. What opens a camera is taken and never given back."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Team, User
from accounts.strict import StrictSerializer
from analysis.cameras.addresses import CREDENTIAL_LIMIT, LIMIT, for_others
from analysis.cameras.models import KEY_PATTERN, Camera
from analysis.cameras.states import Status
from analysis.cameras.watching import CameraSettings

MOST_AT_ONCE = 100
LONGEST_RETENTION_DAYS = 36_500


@extend_schema_field(CameraSettings)  # type: ignore[arg-type]  # it knows pydantic's models too
class SettingsField(serializers.JSONField):
    """How the camera is watched."""

    def to_internal_value(self, data: Any) -> Any:
        """An object; what is in it is looked at where it is kept."""
        if not isinstance(data, dict):
            raise serializers.ValidationError("Settings are an object.")
        return data


class StatusSerializer(serializers.Serializer[Any]):
    """How watching it is going; `said` explains, `since` when."""

    state = serializers.ChoiceField(
        ("off", "waiting", "connecting", "online", "offline", "ended", "failed"), read_only=True
    )
    said = serializers.CharField(read_only=True)
    since = serializers.DateTimeField(read_only=True, allow_null=True)
    run = serializers.UUIDField(read_only=True, allow_null=True)


class CameraSerializer(StrictSerializer):
    """A camera. `key` is its `camera_id` in events; `address` leaves out (…) what may open the camera, and
    its whole path for those who may not change it."""

    id = serializers.UUIDField(read_only=True)
    key = serializers.RegexField(rf"\A{KEY_PATTERN}\Z", max_length=100)
    name = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="Empty: its key."
    )
    notes = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    owner = serializers.CharField(source="owner.email", read_only=True)
    team = serializers.PrimaryKeyRelatedField(
        queryset=Team.objects.none(),
        required=False,
        allow_null=True,
        help_text="Who sees it besides its owner.",
    )
    source = serializers.ChoiceField(Camera.Source.choices)  # type: ignore[assignment]  # a field of that name
    address = serializers.CharField(
        max_length=LIMIT,
        trim_whitespace=False,
        help_text="rtsp:// or http:// address; number of a device; media:<id> or the name of a file.",
    )
    user = serializers.CharField(
        max_length=CREDENTIAL_LIMIT, required=False, allow_blank=True, write_only=True, trim_whitespace=False
    )
    password = serializers.CharField(
        max_length=CREDENTIAL_LIMIT, required=False, allow_blank=True, write_only=True, trim_whitespace=False
    )
    has_credentials = serializers.BooleanField(read_only=True)
    enabled = serializers.BooleanField(required=False)
    settings = SettingsField(required=False)
    retention_days = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=LONGEST_RETENTION_DAYS,
        help_text="null: for ever.",
    )
    snapshot_bytes = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=2**53,
        help_text="The most its snapshots may take; then the oldest go. null: no limit of its own.",
    )
    topic = serializers.UUIDField(source="topic_id", read_only=True)
    status = serializers.SerializerMethodField()
    created = serializers.DateTimeField(read_only=True)
    updated = serializers.DateTimeField(read_only=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Only teams of whose owner it is."""
        fields = super().get_fields()
        owner: User | None = self.context.get("owner")
        fields["team"].queryset = owner.teams.all() if owner else Team.objects.none()  # type: ignore[attr-defined]  # the field above
        return fields

    def to_representation(self, instance: Camera) -> dict[str, Any]:
        """With the path of its address for those alone who may set it up."""
        body: dict[str, Any] = super().to_representation(instance)
        if not instance.may_be_changed_by(self.context["reader"]):
            body["address"] = for_others(instance.source, instance.address)
        return body

    @extend_schema_field(StatusSerializer)
    def get_status(self, camera: Camera) -> dict[str, Any]:
        """How watching it is going."""
        status: Status = self.context["statuses"][camera.pk]
        return dict(StatusSerializer(status).data)


class NewCameraSerializer(CameraSerializer):
    """The same for a new one: it is watched at once unless `enabled` is false."""

    enabled = serializers.BooleanField(required=False, default=True)

    def validate_key(self, key: str) -> str:
        """One that can stand in the address of a page."""
        # of a new one only: cameras that have such a key are sent back with it
        if key in (".", ".."):
            raise serializers.ValidationError(
                "A key is not . or ..: browsers take these for steps in the address of its page."
            )
        return key

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A camera without a name is called by its key."""
        return {**attrs, "name": attrs.get("name") or attrs["key"]}


class MadeSerializer(serializers.Serializer[Any]):
    """What became of one of several cameras: `camera`, or the problem why there is none."""

    status = serializers.IntegerField(help_text="201, or that of the problem.")
    key = serializers.CharField(allow_null=True)
    camera = CameraSerializer(allow_null=True)
    problem = serializers.DictField(allow_null=True)


class MadeListSerializer(serializers.Serializer[Any]):
    """What became of several cameras, in the order they were given."""

    results = MadeSerializer(many=True)


class CameraQuery(StrictSerializer):
    """Filters of the list of cameras."""

    source = serializers.ChoiceField(Camera.Source.choices, required=False)  # type: ignore[assignment]  # as above
    enabled = serializers.BooleanField(required=False)
    q = serializers.CharField(required=False, max_length=200, help_text="Part of key, name or notes.")


class MissedSerializer(serializers.Serializer[Any]):
    """What of an hour was not looked at, being more than the desk keeps up with, and which events were too many."""

    hour = serializers.DateTimeField()
    detector = serializers.CharField(help_text="Empty where nobody looked.")
    times = serializers.IntegerField()
    seconds = serializers.FloatField()
    frames = serializers.IntegerField()
    events = serializers.IntegerField(help_text="Seen, and left out.")


class CameraStatsSerializer(serializers.Serializer[Any]):
    """What was seen by a camera, and how it is doing."""

    status = StatusSerializer()
    total = serializers.IntegerField()
    by_type = serializers.DictField(child=serializers.IntegerField())
    date_range = serializers.DictField(child=serializers.DateTimeField(allow_null=True))
    missed = MissedSerializer(many=True)


class CamerasStatsSerializer(serializers.Serializer[Any]):
    """How many of the cameras one may see are in which state."""

    total = serializers.IntegerField()
    by_state = serializers.DictField(child=serializers.IntegerField())
