"""REST of footage events: listing, counting, reading and taking away what was seen."""

import hashlib
from pathlib import Path

from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.problems import Problem
from accounts.strict import known_query
from analysis import sightings, snapshots
from analysis.api.base import AnalysisView, FileView
from analysis.api.footage_records import FootageRecordSerializer, FootageStatsSerializer
from analysis.api.sighting_filters import SightingQuery, search
from analysis.models import Sighting
from analysis.ranges import StoredFile, serve


class EventListView(AnalysisView):
    """All footage events the user may see."""

    serializer_class = FootageRecordSerializer

    def get_queryset(self) -> QuerySet[Sighting]:
        """Newest first."""
        return Sighting.objects.owned_by(self.user).order_by("-time", "-pk")

    @extend_schema(
        operation_id="event_list",
        parameters=[SightingQuery],
        responses=FootageRecordSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List footage events, newest first."""
        asked = search(request)
        with asked.noted(self.user) as note:
            page = self.paginate_queryset(asked.narrowed(self.get_queryset()))
            answer = self.get_paginated_response(sightings.records(page or []))
            note.found = answer.data["count"]
        return answer


class EventStatsView(AnalysisView):
    """How many footage events there are."""

    serializer_class = FootageStatsSerializer

    @extend_schema(operation_id="event_stats", parameters=[SightingQuery])
    def get(self, request: Request) -> Response:
        """Count footage events, by type, camera and class, and different plates; the filters are those of the list."""
        asked = search(request)
        with asked.noted(self.user) as note:
            counted = sightings.counts(asked.narrowed(Sighting.objects.owned_by(self.user)))
            note.found = counted["total"]
        return Response(FootageStatsSerializer(counted).data)


class EventView(AnalysisView):
    """One footage event."""

    serializer_class = FootageRecordSerializer

    @extend_schema(operation_id="event_get")
    def get(self, request: Request, event_id: int) -> Response:
        """What was seen."""
        known_query(request)
        for record in sightings.records([visible(self, event_id)]):
            return Response(record)
        raise Http404  # taken away meanwhile

    @extend_schema(operation_id="event_delete", responses={204: None})
    def delete(self, request: Request, event_id: int) -> Response:
        """Take an event away for good: its number and hash stay in the log, nothing it says does."""
        known_query(request)
        sighting = visible(self, event_id)
        if sighting.topic.owner_id != self.user.pk and not self.user.is_superuser:
            raise Problem(403, "not_the_owner", "Only who had this examined, or an admin, may delete events.")
        sightings.remove(sighting)
        return Response(status=204)


class EventSnapshotView(FileView):
    """The picture of a footage event."""

    @extend_schema(
        operation_id="event_snapshot",
        parameters=[
            OpenApiParameter("boxes", bool, description="false: as it was decoded, nothing drawn in.")
        ],
        responses={
            (200, "image/jpeg"): OpenApiResponse(OpenApiTypes.BINARY, "The picture."),
            404: OpenApiResponse(description="No picture was kept of this event."),
            410: OpenApiResponse(description="Its file is gone."),
        },
    )
    def get(self, request: Request, event_id: int) -> HttpResponseBase:
        """The picture with boxes drawn in, or without."""
        boxes = known_query(request, "boxes").get("boxes", "true")
        if boxes not in ("true", "false"):
            raise ValidationError({"boxes": "Say true or false."})
        sighting = visible(self, event_id)
        if sighting.snapshot_removed:
            when = f"{sighting.snapshot_removed:%Y-%m-%d %H:%M}"
            raise Problem(410, "snapshot_removed", f"It went at {when} UTC to make room for newer ones.")
        if not sighting.snapshot_path:
            raise Problem(404, "no_snapshot", "No picture was kept of this event.")
        path = snapshots.files(sighting.snapshot_path)[boxes == "false"]
        try:
            return serve(request._request, _picture(sighting, path))
        except OSError as error:
            raise Problem(410, "snapshot_gone", "A picture was kept of this event, and is gone.") from error


def _picture(sighting: Sighting, path: Path) -> StoredFile:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return StoredFile(path, f"event-{sighting.pk}.jpg", "image/jpeg", sha256, sighting.created)


def visible(view: AnalysisView, event_id: int) -> Sighting:
    """404 for missing and foreign alike."""
    everything = Sighting.objects.owned_by(view.user).select_related("topic")
    return get_object_or_404(everything, pk=event_id)
