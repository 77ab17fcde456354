"""REST of alerts: rules, plates to wait for, and what was raised."""

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Team, User
from accounts.problems import Problem
from accounts.strict import StrictSerializer, known_query
from analysis import plates
from analysis.alerts import keeping
from analysis.alerts.conditions import Conditions
from analysis.api.base import AnalysisView
from analysis.api.filters import DayOrTime, asked
from analysis.models import Alert, AlertRule, Camera, WatchedPlate
from realtime import log


@extend_schema_field(Conditions)  # type: ignore[arg-type]  # it knows pydantic's models too
class ConditionsField(serializers.JSONField):
    """What an event must be."""


class OwnCameraField(serializers.PrimaryKeyRelatedField[Camera]):
    """A camera by its id; those there are to choose from are read once, however many are named."""

    def to_internal_value(self, data: Any) -> Camera:
        """The camera."""
        camera = self._known.get(serializers.UUIDField().to_internal_value(data))
        if camera is None:
            self.fail("does_not_exist", pk_value=data)
        return camera

    @cached_property
    def _known(self) -> dict[UUID, Camera]:
        own = self.get_queryset()
        return {} if own is None else {camera.pk: camera for camera in own.defer("settings", "notes")}


class AlertRuleSerializer(StrictSerializer):
    """A rule. Without cameras it holds for all of one's own."""

    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(max_length=200)
    enabled = serializers.BooleanField(required=False)
    owner = serializers.CharField(source="owner.email", read_only=True)
    team = serializers.PrimaryKeyRelatedField(
        queryset=Team.objects.none(),
        required=False,
        allow_null=True,
        help_text="Who sees it besides its owner.",
    )
    cameras = OwnCameraField(
        queryset=Camera.objects.none(),
        many=True,
        required=False,
        help_text="The owner's; empty: all of them.",
    )
    conditions = ConditionsField(required=False)
    since = serializers.DateTimeField(read_only=True, help_text="What happened before does not count.")
    created = serializers.DateTimeField(read_only=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Only cameras and teams of whose rule it is."""
        fields = super().get_fields()
        owner: User | None = self.context.get("owner")
        fields["team"].queryset = _teams_of(owner)  # type: ignore[attr-defined]  # the field above
        own = Camera.objects.filter(owner=owner) if owner else Camera.objects.none()
        fields["cameras"].child_relation.queryset = own  # type: ignore[attr-defined]  # the field above
        return fields


class WatchedPlateSerializer(StrictSerializer):
    """A plate, or a pattern with ? and *, that rules with `watchlist` wait for."""

    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(max_length=200)
    plate = serializers.CharField(max_length=64)
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    owner = serializers.CharField(source="owner.email", read_only=True)
    team = serializers.PrimaryKeyRelatedField(
        queryset=Team.objects.none(),
        required=False,
        allow_null=True,
        help_text="Who sees it besides its owner, and whose rules wait for it too.",
    )
    created = serializers.DateTimeField(read_only=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Only teams of whose entry it is."""
        fields = super().get_fields()
        fields["team"].queryset = _teams_of(self.context.get("owner"))  # type: ignore[attr-defined]  # as above
        return fields

    def to_representation(self, instance: WatchedPlate) -> dict[str, Any]:
        """With its text; null where this key cannot read it."""
        text = plates.text_of(instance.plate, instance.plate_sealed) or None
        return {
            "id": str(instance.pk),
            "name": instance.name,
            "plate": text,
            "note": instance.note,
            "owner": instance.owner.email,
            "team": instance.team_id,
            "created": instance.created.isoformat(),
        }


class AlertSerializer(serializers.Serializer[Any]):
    """An alert: its place in the log, and what it says there."""

    id = serializers.UUIDField()
    rule = serializers.UUIDField(allow_null=True, help_text="null: it was deleted since.")
    camera = serializers.UUIDField()
    time = serializers.DateTimeField(help_text="Of the event that raised it.")
    topic = serializers.UUIDField()
    seq = serializers.IntegerField(help_text="Of the event that raised it.")
    alert_seq = serializers.IntegerField(help_text="Its own.")
    message = serializers.CharField()
    data = serializers.JSONField()  # type: ignore[assignment]  # a field of that name


class AlertQuery(StrictSerializer):
    """Filters of the list of alerts."""

    rule = serializers.UUIDField(required=False)
    camera = serializers.UUIDField(required=False)
    start_time = DayOrTime(required=False)
    end_time = DayOrTime(required=False, end_of_day=True)


def _teams_of(owner: User | None) -> QuerySet[Team]:
    return owner.teams.all() if owner else Team.objects.none()


def narrowed(found: QuerySet[Alert], wanted: Mapping[str, Any]) -> QuerySet[Alert]:
    """Alerts that fit a valid AlertQuery."""
    lookups = {"rule": "rule", "camera": "camera", "start_time": "time__gte", "end_time": "time__lt"}
    return found.filter(**{lookups[name]: value for name, value in wanted.items()})


class AlertsView(AnalysisView):
    """For the signed-in, about rules and plates they may see; changing them is for their owners and admins."""

    serializer_class: Any = AlertRuleSerializer
    statuses: ClassVar = {**AnalysisView.statuses, keeping.TooManyRules: 409}

    def handle_exception(self, exc: Exception) -> Response:
        """What was refused, as a problem that names the field."""
        if isinstance(exc, keeping.BadConditions):
            exc = ValidationError({"conditions": {field: [said] for field, said in exc.reasons.items()}})
        elif isinstance(exc, AlertRule.DoesNotExist):
            exc = Http404()  # deleted meanwhile
        elif isinstance(exc, plates.InvalidPattern):
            exc = ValidationError({"plate": [str(exc)]})
        return super().handle_exception(exc)

    def rules(self) -> QuerySet[AlertRule]:
        """Those one may see, in the order they were made."""
        rules = AlertRule.objects.owned_by(self.user).select_related("owner")
        return rules.prefetch_related("cameras").order_by("created", "pk")

    def watched(self) -> QuerySet[WatchedPlate]:
        """Those one may see, newest first."""
        return WatchedPlate.objects.owned_by(self.user).select_related("owner").order_by("-created", "-pk")

    def rule(self, rule_id: UUID) -> AlertRule:
        """The one that is to be changed; 404 for missing and foreign alike, 403 for what is only shared."""
        rule = get_object_or_404(self.rules(), pk=rule_id)
        self._refuse_others(rule)
        return rule

    def plate(self, plate_id: UUID) -> WatchedPlate:
        """The same of a watched plate."""
        watched = get_object_or_404(self.watched(), pk=plate_id)
        self._refuse_others(watched)
        return watched

    def _refuse_others(self, kept: AlertRule | WatchedPlate) -> None:
        if not keeping.may_change(kept, self.user):
            raise Problem(403, "not_the_owner", "Only its owner or an admin may change it.")

    def said(self, given: Any, *, owner: User, partial: bool = False) -> dict[str, Any]:
        """A valid body of a rule."""
        form = AlertRuleSerializer(data=given, partial=partial, context={"owner": owner})
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)


class AlertRuleListView(AlertsView):
    """One's rules."""

    @extend_schema(operation_id="alert_rule_list", responses=AlertRuleSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List rules."""
        known_query(request)
        page = self.paginate_queryset(self.rules())
        return self.get_paginated_response(AlertRuleSerializer(page, many=True).data)

    @extend_schema(operation_id="alert_rule_create", responses={201: AlertRuleSerializer})
    def post(self, request: Request) -> Response:
        """Make a rule; it looks at what happens from now on."""
        known_query(request)
        rule = keeping.create(self.user, self.said(request.data, owner=self.user))
        headers = {"Location": f"/api/v1/alert-rules/{rule.pk}/"}
        return Response(AlertRuleSerializer(rule).data, status=201, headers=headers)


class OneAlertRuleView(AlertsView):
    """One rule."""

    @extend_schema(operation_id="alert_rule_get")
    def get(self, request: Request, rule_id: UUID) -> Response:
        """What it asks for."""
        known_query(request)
        return Response(AlertRuleSerializer(get_object_or_404(self.rules(), pk=rule_id)).data)

    @extend_schema(operation_id="alert_rule_change", request=AlertRuleSerializer(partial=True))
    def patch(self, request: Request, rule_id: UUID) -> Response:
        """Change it; `conditions` as a whole. What happened before does not count."""
        known_query(request)
        rule = self.rule(rule_id)
        keeping.change(rule, self.said(request.data, owner=rule.owner, partial=True))
        return Response(AlertRuleSerializer(self.rules().get(pk=rule_id)).data)

    @extend_schema(operation_id="alert_rule_delete", responses={204: None})
    def delete(self, request: Request, rule_id: UUID) -> Response:
        """Delete it; what it raised stays."""
        known_query(request)
        self.rule(rule_id).delete()
        return Response(status=204)


class WatchedPlateListView(AlertsView):
    """The plates one waits for."""

    serializer_class = WatchedPlateSerializer

    @extend_schema(operation_id="watched_plate_list", responses=WatchedPlateSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List watched plates, newest first."""
        known_query(request)
        page = self.paginate_queryset(self.watched())
        return self.get_paginated_response(WatchedPlateSerializer(page, many=True).data)

    @extend_schema(operation_id="watched_plate_create", responses={201: WatchedPlateSerializer})
    def post(self, request: Request) -> Response:
        """Wait for a plate or a pattern."""
        known_query(request)
        form = WatchedPlateSerializer(data=request.data, context={"owner": self.user})
        form.is_valid(raise_exception=True)
        return Response(
            WatchedPlateSerializer(keeping.watch_for(self.user, **form.validated_data)).data, status=201
        )


class OneWatchedPlateView(AlertsView):
    """A plate one waits for."""

    serializer_class = WatchedPlateSerializer

    @extend_schema(operation_id="watched_plate_delete", responses={204: None})
    def delete(self, request: Request, plate_id: UUID) -> Response:
        """Wait for it no longer."""
        known_query(request)
        self.plate(plate_id).delete()
        return Response(status=204)


class AlertListView(AlertsView):
    """What was raised."""

    serializer_class = AlertSerializer

    @extend_schema(operation_id="alert_list", parameters=[AlertQuery], responses=AlertSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List alerts of cameras one may see, newest first."""
        wanted = asked(request, AlertQuery)
        found = narrowed(Alert.objects.owned_by(self.user).select_related("camera"), wanted)
        page = self.paginate_queryset(found.order_by("-time", "-pk")) or []
        return self.get_paginated_response(_bodies(page))


def _bodies(alerts: list[Alert]) -> list[dict[str, Any]]:
    """With what their lines say, in one query."""
    found = log.find([(alert.camera.topic_id, alert.alert_seq) for alert in alerts])
    lines = {(line.topic, line.seq): json.loads(line.body) for line in found if line.body}
    told = [(alert, lines.get((alert.camera.topic_id, alert.alert_seq))) for alert in alerts]
    return [
        {
            "id": str(alert.pk),
            "rule": str(alert.rule_id) if alert.rule_id else None,
            "camera": str(alert.camera_id),
            "time": alert.time.isoformat(),
            "topic": str(alert.camera.topic_id),
            "seq": alert.seq,
            "alert_seq": alert.alert_seq,
            "message": line["message"],
            "data": line["data"],
        }
        for alert, line in told
        if line
    ]
