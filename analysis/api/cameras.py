"""REST of cameras: setting up, listing, changing, switching, deleting."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import IdempotentPost
from accounts.models import User
from accounts.problems import Problem, problem_body
from accounts.strict import known_query
from analysis import sightings
from analysis.api.base import AnalysisView
from analysis.api.camera_serializers import (
    MOST_AT_ONCE,
    CameraQuery,
    CameraSerializer,
    CamerasStatsSerializer,
    CameraStatsSerializer,
    MadeListSerializer,
    NewCameraSerializer,
)
from analysis.api.filters import asked
from analysis.cameras import keeping
from analysis.cameras.addresses import AddressRefused
from analysis.cameras.missed import missed
from analysis.cameras.states import statuses
from analysis.cameras.watching import BadSettings
from analysis.models import Camera, Sighting

# Of names looked up while somebody waits for the answer: for one camera, and for all of a list.
LOOK_UP_SECONDS, LIST_LOOK_UP_SECONDS = 2.0, 0.1
STATS_AT_MOST = 10_000


class CameraView(AnalysisView):
    """For the signed-in, about cameras they may see; changing them is for their owners and admins."""

    serializer_class: Any = CameraSerializer
    statuses: ClassVar = {**AnalysisView.statuses, keeping.CameraRefused: 409}

    def handle_exception(self, exc: Exception) -> Response:
        """What was refused, as a problem that names the field."""
        return super().handle_exception(_named(exc))

    def visible(self) -> QuerySet[Camera]:
        """With what an answer shows of them."""
        return Camera.objects.owned_by(self.user).select_related("owner", "state")

    def camera(self, camera_id: UUID) -> Camera:
        """404 for missing and foreign alike."""
        return get_object_or_404(self.visible(), pk=camera_id)

    def own(self, camera_id: UUID) -> Camera:
        """A camera one may change. 403 where it is only shared."""
        camera = self.camera(camera_id)
        if not camera.may_be_changed_by(self.user):
            raise Problem(403, "not_the_owner", "Only its owner or an admin may change a camera.")
        return camera

    def bodies(self, cameras: list[Camera]) -> list[dict[str, Any]]:
        """Cameras as they are answered, in a fixed number of queries."""
        context = {"statuses": statuses(cameras), "reader": self.user}
        return list(CameraSerializer(cameras, many=True, context=context).data)

    def body(self, camera_id: UUID) -> dict[str, Any]:
        """A camera as it is now."""
        return self.bodies([self.camera(camera_id)])[0]


class CameraListView(IdempotentPost, CameraView):
    """All cameras the user may see."""

    @extend_schema(
        parameters=[CameraQuery], responses=CameraSerializer(many=True), operation_id="camera_list"
    )
    def get(self, request: Request) -> Response:
        """List cameras, by key."""
        found = _narrowed(self.visible(), asked(request, CameraQuery)).order_by("key")
        return self.get_paginated_response(self.bodies(self.paginate_queryset(found) or []))

    @extend_schema(
        request=PolymorphicProxySerializer(
            "OneOrMoreCameras",
            [NewCameraSerializer, NewCameraSerializer(many=True)],
            resource_type_field_name=None,
            many=False,
        ),
        responses={201: CameraSerializer, 207: MadeListSerializer},
        operation_id="camera_create",
    )
    def post(self, request: Request) -> Response:
        """Set up a camera, or a list of up to 100; of a list each gets its own success or reason (207)."""
        known_query(request)
        if isinstance(request.data, list):
            return Response({"results": self._each(request.data)}, status=207)
        camera = self._made(request.data, LOOK_UP_SECONDS)
        headers = {"Location": f"/api/v1/cameras/{camera.pk}/"}
        return Response(self.body(camera.pk), status=201, headers=headers)

    def _each(self, given: list[Any]) -> list[dict[str, Any]]:
        if not 1 <= len(given) <= MOST_AT_ONCE:
            raise ValidationError([f"A list has 1 to {MOST_AT_ONCE} cameras."])
        return [self._one_of_many(one) for one in given]

    def _one_of_many(self, given: Any) -> dict[str, Any]:
        key = given.get("key") if isinstance(given, dict) else None
        named = {"key": key if isinstance(key, str) else None}
        try:
            camera = self._made(given, LIST_LOOK_UP_SECONDS)
        except (APIException, AddressRefused, BadSettings, keeping.CameraRefused) as error:
            problem = problem_body(_as_problem(error), self.request.path)
            return {"status": problem["status"], **named, "camera": None, "problem": problem}
        return {"status": 201, **named, "camera": self.body(camera.pk), "problem": None}

    def _made(self, given: Any, look_up_seconds: float) -> Camera:
        form = NewCameraSerializer(data=given, context={"owner": self.user})
        form.is_valid(raise_exception=True)
        return keeping.create(self.user, form.validated_data, look_up_seconds=look_up_seconds)


class OneCameraView(CameraView):
    """One camera."""

    @extend_schema(operation_id="camera_get")
    def get(self, request: Request, camera_id: UUID) -> Response:
        """How it is set up and how it does."""
        known_query(request)
        return Response(self.body(camera_id))

    @extend_schema(request=CameraSerializer(partial=True), operation_id="camera_change")
    def patch(self, request: Request, camera_id: UUID) -> Response:
        """Change it; of `settings` those named. If what is watched changes, it is watched anew, in the same log."""
        known_query(request)
        camera = self.own(camera_id)
        form = CameraSerializer(data=request.data, partial=True, context={"owner": camera.owner})
        form.is_valid(raise_exception=True)
        with still_there():
            keeping.change(camera, form.validated_data, by=self.user)
        return Response(self.body(camera_id))

    @extend_schema(
        operation_id="camera_delete",
        responses={204: None},
        parameters=[OpenApiParameter("reason", str, description="Why; kept on the tombstone.")],
    )
    def delete(self, request: Request, camera_id: UUID) -> Response:
        """Stop watching it and delete it with its log and everything it saw; a tombstone stays."""
        reason = known_query(request, "reason").get("reason", "")[:500]
        if "\0" in reason:
            raise ValidationError({"reason": ["Null characters are not allowed."]})
        with still_there():
            keeping.remove(self.own(camera_id), by=self.user, reason=reason)
        return Response(status=204)


class EnableView(CameraView):
    """Switching on."""

    @extend_schema(request=None, responses={200: CameraSerializer}, operation_id="camera_enable")
    def post(self, request: Request, camera_id: UUID) -> Response:
        """Have it watched; also again, where watching ended. Nothing changes while it is."""
        known_query(request)
        with still_there():
            keeping.enable(self.own(camera_id), by=self.user)
        return Response(self.body(camera_id))


class DisableView(CameraView):
    """Switching off."""

    @extend_schema(request=None, responses={200: CameraSerializer}, operation_id="camera_disable")
    def post(self, request: Request, camera_id: UUID) -> Response:
        """Stop watching it, within seconds; what it saw stays."""
        known_query(request)
        with still_there():
            keeping.disable(self.own(camera_id), by=self.user)
        return Response(self.body(camera_id))


class CameraStatsView(CameraView):
    """What one camera saw."""

    serializer_class = CameraStatsSerializer

    @extend_schema(operation_id="camera_stats")
    def get(self, request: Request, camera_id: UUID) -> Response:
        """How many events it told, by type, from when to when; how it is doing, and what it missed in the last day."""
        known_query(request)
        camera = self.camera(camera_id)
        said = sightings.counts(Sighting.objects.filter(topic=camera.topic_id))
        fields = {name: said[name] for name in ("total", "by_type", "date_range")}
        said = {"status": statuses([camera])[camera.pk], **fields, "missed": missed(camera)}
        return Response(CameraStatsSerializer(said).data)


class CamerasStatsView(CameraView):
    """How all cameras do."""

    serializer_class = CamerasStatsSerializer

    @extend_schema(operation_id="cameras_stats")
    def get(self, request: Request) -> Response:
        """How many cameras there are, by state."""
        known_query(request)
        cameras = list(self.visible().defer("settings", "notes", "secret")[:STATS_AT_MOST])
        counted = Counter(status.state for status in statuses(cameras).values())
        return Response({"total": len(cameras), "by_state": dict(sorted(counted.items()))})


def _narrowed(cameras: QuerySet[Camera], wanted: dict[str, Any]) -> QuerySet[Camera]:
    exact = {name: wanted[name] for name in ("source", "enabled") if name in wanted}
    found = cameras.filter(**exact)
    if text := wanted.get("q"):
        found = found.filter(Q(key__icontains=text) | Q(name__icontains=text) | Q(notes__icontains=text))
    return found


@contextmanager
def still_there() -> Iterator[None]:
    """One deleted meanwhile is missing like any other."""
    try:
        yield
    except (Camera.DoesNotExist, User.DoesNotExist) as gone:
        raise Http404 from gone


def _named(exc: Exception) -> Exception:
    if isinstance(exc, AddressRefused):
        return ValidationError({"address": [ErrorDetail(str(exc), exc.code)]})
    if isinstance(exc, BadSettings):
        return ValidationError(
            {"settings": {field: [ErrorDetail(said, code)] for field, (said, code) in exc.reasons.items()}}
        )
    return exc


def _as_problem(exc: Exception) -> APIException:
    named = _named(exc)
    if isinstance(named, keeping.CameraRefused):
        return Problem(409, named.code, str(named))
    assert isinstance(named, APIException)  # noqa: S101  # the callers catch nothing else
    return named
