"""REST of runs: starting, listing, reading, cancelling, trying again."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import IdempotentPost
from accounts.strict import known_query
from analysis import queue
from analysis.api.base import AnalysisView
from analysis.api.filters import RunQuery, asked, narrowed_runs
from analysis.api.serializers import NewRunSerializer, RunSerializer, RunSummarySerializer
from analysis.models import Media, Run
from realtime.api import PARAMETERS, STREAM, STREAM_PARAMETERS, EventsSerializer, events_response
from realtime.streams import StreamNegotiation, open_stream


class RunListView(IdempotentPost, AnalysisView):
    """All runs the user may see."""

    serializer_class = RunSummarySerializer

    def get_queryset(self) -> QuerySet[Run]:
        """Newest first."""
        runs = Run.objects.owned_by(self.user).select_related("media", "camera", "owner", "topic", "lease")
        return runs.order_by("-created", "-pk")

    @extend_schema(parameters=[RunQuery], responses=RunSummarySerializer(many=True), operation_id="run_list")
    def get(self, request: Request) -> Response:
        """List examinations, newest first; with `camera` the runs that watch or watched it."""
        wanted = asked(request, RunQuery)
        runs = self.get_queryset()
        if "camera" not in wanted:
            runs = runs.filter(purpose=Run.Purpose.EXAMINATION)
        page = self.paginate_queryset(narrowed_runs(runs, wanted))
        return self.get_paginated_response(RunSummarySerializer(page, many=True).data)

    @extend_schema(request=NewRunSerializer, responses={201: RunSerializer}, operation_id="run_create")
    def post(self, request: Request) -> Response:
        """Examine a file (again)."""
        known_query(request)
        order = NewRunSerializer(data=request.data)
        order.is_valid(raise_exception=True)
        media = get_object_or_404(Media.objects.owned_by(self.user), pk=order.validated_data["media"])
        asked_for = order.validated_data
        run = queue.enqueue(
            media,
            owner=self.user,
            detectors=asked_for["detectors"],
            stress_seconds=asked_for["stress_seconds"],
        )
        headers = {"Location": f"/api/v1/runs/{run.pk}/"}
        return Response(run_body(self, run.pk), status=201, headers=headers)


class RunView(AnalysisView):
    """One run."""

    serializer_class = RunSerializer

    @extend_schema(operation_id="run_get")
    def get(self, request: Request, run_id: UUID) -> Response:
        """The state of a run and, once it ended, everything it says."""
        known_query(request)
        return Response(run_body(self, run_id))


class CancelView(AnalysisView):
    """Stopping a run."""

    serializer_class = RunSerializer

    @extend_schema(request=None, responses={200: RunSerializer}, operation_id="run_cancel")
    def post(self, request: Request, run_id: UUID) -> Response:
        """Ask a run to stop; what it found so far stays. One that runs stops within seconds."""
        queue.request_cancel(visible_run(self, run_id), by=self.user)
        return Response(run_body(self, run_id))


class RetryView(AnalysisView):
    """Trying again."""

    serializer_class = RunSerializer

    @extend_schema(request=None, responses={200: RunSerializer}, operation_id="run_retry")
    def post(self, request: Request, run_id: UUID) -> Response:
        """Examine once more in the same log; for runs that have ended."""
        queue.retry(visible_run(self, run_id), by=self.user)
        return Response(run_body(self, run_id))


class RunEventsView(AnalysisView):
    """The log of a run."""

    serializer_class = EventsSerializer

    @extend_schema(responses=EventsSerializer, parameters=PARAMETERS, operation_id="run_events")
    def get(self, request: Request, run_id: UUID) -> HttpResponse:
        """The events after `after`, in order."""
        known_query(request, "after", "limit", paged=False)
        return events_response(visible_run(self, run_id).topic, request)


class RunStreamView(AnalysisView):
    """The log of a run as server-sent events."""

    content_negotiation_class = StreamNegotiation

    @extend_schema(responses=STREAM, parameters=STREAM_PARAMETERS, operation_id="run_stream")
    def get(self, request: Request, run_id: UUID) -> HttpResponse:
        """The events after the cursor, then live ones, as they are written."""
        return open_stream(request, visible_run(self, run_id).topic_id)


def visible_run(view: AnalysisView, run_id: UUID) -> Run:
    """404 for missing and foreign alike."""
    runs = Run.objects.owned_by(view.user).select_related("media", "camera", "owner", "topic", "lease")
    return get_object_or_404(runs, pk=run_id)


def run_body(view: AnalysisView, run_id: UUID) -> dict[str, object]:
    """A run as it is now, as it is answered."""
    body: dict[str, object] = RunSerializer(visible_run(view, run_id)).data
    return body
