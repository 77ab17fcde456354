"""REST of legal holds: placing them, listing them, and, for admins, releasing them."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import CanExamine
from accounts.problems import Problem
from accounts.strict import StrictSerializer, known_query
from analysis.api.base import AnalysisView
from analysis.api.filters import asked
from analysis.models import Camera, LegalHold, Media
from analysis.retention import holds

REASON_LIMIT = 500


class LegalHoldSerializer(serializers.ModelSerializer[LegalHold]):
    """A hold. `about` is the id of the camera or media, which a released hold no longer refers to."""

    class Meta:
        model = LegalHold
        fields: ClassVar[Any] = [
            "id", "subject", "about", "start", "end", "reason", "placed", "placed_email",
            "released", "released_email", "release_reason",
        ]  # fmt: skip
        read_only_fields = fields


class NewHoldSerializer(StrictSerializer):
    """What is to stay: a media, a camera, or a time of one."""

    camera = serializers.UUIDField(required=False)
    media = serializers.UUIDField(required=False)
    start = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Of a camera; null: all before."
    )
    end = serializers.DateTimeField(
        required=False,
        allow_null=True,
        help_text="Of a camera, included; null: all after, also what is yet to come.",
    )
    reason = serializers.CharField(max_length=REASON_LIMIT, help_text="Why; stays on record.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two; times that have something between them."""
        if ("camera" in attrs) == ("media" in attrs):
            raise serializers.ValidationError({"camera": ["Name a camera or a media."]})
        start, end = attrs.get("start"), attrs.get("end")
        if "media" in attrs and (start or end):
            raise serializers.ValidationError({"start": ["Only footage of cameras can be held by time."]})
        if start and end and end < start:
            raise serializers.ValidationError({"end": ["The end must not be earlier than the start."]})
        return attrs


class ReleaseSerializer(StrictSerializer):
    """Why it may go."""

    reason = serializers.CharField(max_length=REASON_LIMIT, help_text="Why; stays on record.")


class HoldQuery(StrictSerializer):
    """Filters of the list of holds."""

    about = serializers.UUIDField(required=False, help_text="Id of a camera or media.")
    active = serializers.BooleanField(required=False, allow_null=True, default=None)


class HoldView(AnalysisView):
    """For the signed-in, about what they may see."""

    permission_classes = (IsAuthenticated, CanExamine)
    serializer_class: Any = LegalHoldSerializer
    statuses: ClassVar = {**AnalysisView.statuses, holds.AlreadyReleased: 409}

    def visible(self) -> QuerySet[LegalHold]:
        """Newest first."""
        return LegalHold.objects.owned_by(self.user).order_by("-placed", "-pk")

    def subject(self, given: dict[str, Any]) -> Camera | Media:
        """What is to be held. 404 for missing and foreign alike, 403 where it is only shared."""
        subject: Camera | Media
        if "camera" in given:
            subject = get_object_or_404(Camera.objects.owned_by(self.user), pk=given["camera"])
        else:
            subject = get_object_or_404(Media.objects.owned_by(self.user), pk=given["media"])
        if subject.owner_id != self.user.pk and not self.user.is_superuser:
            raise Problem(403, "not_the_owner", "Only its owner or an admin may place a hold on it.")
        return subject


class HoldListView(HoldView):
    """All holds on what the user may see."""

    @extend_schema(
        operation_id="legal_hold_list", parameters=[HoldQuery], responses=LegalHoldSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """List legal holds, newest first, also those that were released."""
        wanted = asked(request, HoldQuery)
        found = self.visible()
        if "about" in wanted:
            found = found.filter(about=wanted["about"])
        if wanted["active"] is not None:
            found = found.filter(released__isnull=wanted["active"])
        page = self.paginate_queryset(found)
        return self.get_paginated_response(LegalHoldSerializer(page, many=True).data)

    @extend_schema(
        operation_id="legal_hold_place", request=NewHoldSerializer, responses={201: LegalHoldSerializer}
    )
    def post(self, request: Request) -> Response:
        """Place a hold: nothing of it is removed until an admin releases it."""
        known_query(request)
        form = NewHoldSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        times = {"start": given.get("start"), "end": given.get("end")}
        try:
            hold = holds.place(self.subject(given), by=self.user, reason=given["reason"], **times)
        except (Camera.DoesNotExist, Media.DoesNotExist) as gone:
            raise Http404 from gone
        headers = {"Location": f"/api/v1/legal-holds/{hold.pk}/"}
        return Response(LegalHoldSerializer(hold).data, status=201, headers=headers)


class OneHoldView(HoldView):
    """One hold."""

    @extend_schema(operation_id="legal_hold_get")
    def get(self, request: Request, hold_id: UUID) -> Response:
        """Who placed it, when and why; and the same of its release."""
        known_query(request)
        return Response(LegalHoldSerializer(get_object_or_404(self.visible(), pk=hold_id)).data)


class ReleaseView(HoldView):
    """Releasing a hold."""

    @extend_schema(
        operation_id="legal_hold_release", request=ReleaseSerializer, responses={200: LegalHoldSerializer}
    )
    def post(self, request: Request, hold_id: UUID) -> Response:
        """Let what was held go the way of everything else. For admins."""
        known_query(request)
        hold = get_object_or_404(self.visible(), pk=hold_id)
        if not self.user.is_superuser:
            raise Problem(403, "admins_only", "Only admins may release a legal hold.")
        form = ReleaseSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        holds.release(hold, by=self.user, reason=form.validated_data["reason"])
        return Response(LegalHoldSerializer(hold).data)
