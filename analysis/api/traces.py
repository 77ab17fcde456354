"""REST of traces: a score on record, computed once more, or with a map of where the model looked."""

import math
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import IdempotentPost
from accounts.strict import StrictModelSerializer, StrictSerializer, known_query
from analysis import traces
from analysis.api.base import AnalysisView
from analysis.api.runs import visible_run
from analysis.api.serializers import EvidenceSerializer
from analysis.engine.tracing.question import Question
from analysis.models import Evidence, Run, Trace

LONGEST_SECONDS = 1e6
_COMPARISONS = ["equal", "within_tolerance", "different", "changed", "absent"]
_NUMBER = {"type": "number", "nullable": True}
_OBJECT = {"type": "object", "nullable": True}
_ANSWER = {
    "type": "object",
    "nullable": True,
    "required": [
        "comparison",
        "sentence",
        "recorded",
        "recomputed",
        "difference",
        "tolerance",
        "changes",
        "map",
    ],
    "properties": {
        "comparison": {"type": "string", "enum": _COMPARISONS},
        "sentence": {"type": "string"},
        "recorded": {"type": "number"},
        "recomputed": _NUMBER,
        "difference": _NUMBER,
        "tolerance": {"type": "number"},
        "changes": {"type": "array", "items": {"type": "string"}},
        "abstained": _OBJECT,
        "place": _OBJECT,
        "detector": {"type": "object"},
        "file": {"type": "object"},
        "plan": {"type": "object"},
        "map": _OBJECT,
    },
}


class QuestionSerializer(StrictSerializer):
    """Which score: that of one moment of a detector's curve, or without a time that of the file as a whole."""

    detector = serializers.CharField(max_length=64)
    pts_seconds = serializers.FloatField(
        required=False, allow_null=True, default=None, min_value=0, max_value=LONGEST_SECONDS
    )
    track = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=-(2**31), max_value=2**31 - 1
    )

    def validate_pts_seconds(self, value: float | None) -> float | None:
        """Not NaN, which is neither below nor above anything."""
        if value is not None and not math.isfinite(value):
            raise serializers.ValidationError("Give a number of seconds.")
        return value


class TraceSerializer(StrictModelSerializer):
    """A question about a score and, once a worker has answered it, the answer, which stays."""

    id = serializers.UUIDField(source="run_id", read_only=True)
    run = serializers.UUIDField(source="result.run_id", read_only=True)
    purpose = serializers.CharField(source="run.purpose", read_only=True)
    state = serializers.CharField(source="run.state", read_only=True)
    topic = serializers.UUIDField(source="run.topic_id", read_only=True)
    head = serializers.IntegerField(source="run.topic.head", read_only=True)
    owner = serializers.CharField(source="run.owner.email", read_only=True)
    detector = serializers.CharField(source="result.detector", read_only=True)
    answer = serializers.SerializerMethodField()
    evidence = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    error_code = serializers.SerializerMethodField()
    created = serializers.DateTimeField(source="run.created", read_only=True)
    finished = serializers.SerializerMethodField()

    class Meta:
        model = Trace
        fields = (
            "id",
            "run",
            "purpose",
            "state",
            "topic",
            "head",
            "owner",
            "detector",
            "pts_seconds",
            "track",
            "recorded",
            "answer",
            "evidence",
            "error",
            "error_code",
            "created",
            "finished",
        )
        read_only_fields = fields

    @extend_schema_field(_ANSWER)
    def get_answer(self, trace: Trace) -> dict[str, Any] | None:
        """What came out; null while it is waited for."""
        answer: dict[str, Any] | None = trace.answer
        return answer

    @extend_schema_field(EvidenceSerializer(many=True))
    def get_evidence(self, trace: Trace) -> list[dict[str, Any]]:
        """What was scored, and the map where one was asked for."""
        return list(EvidenceSerializer(trace.run.evidence.all(), many=True).data)

    def get_error(self, trace: Trace) -> str | None:
        """Why there is no answer."""
        return trace.run.error_message or None

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_finished(self, trace: Trace) -> str | None:
        """When it was answered, or given up."""
        return (
            serializers.DateTimeField().to_representation(trace.run.finished) if trace.run.finished else None
        )

    def get_error_code(self, trace: Trace) -> str | None:
        """The same for programs."""
        return trace.run.error_code or None


class _AskView(IdempotentPost, AnalysisView):
    """Asking about a score of a run."""

    serializer_class = TraceSerializer
    purpose: ClassVar[Run.Purpose]

    def ask(self, request: Request, run_id: UUID) -> Response:
        """Queues the question."""
        known_query(request)
        asked = QuestionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        question = Question(**asked.validated_data)
        trace = traces.ask(visible_run(self, run_id), question, purpose=self.purpose, by=self.user)
        body = trace_body(self, trace.pk)
        return Response(body, status=201, headers={"Location": f"/api/v1/traces/{trace.pk}/"})


class RecomputeView(_AskView):
    """Computing a score once more."""

    purpose = Run.Purpose.RECOMPUTE

    @extend_schema(request=QuestionSerializer, responses={201: TraceSerializer}, operation_id="run_recompute")
    def post(self, request: Request, run_id: UUID) -> Response:
        """Have a score computed once more from the file; a worker does it. Ask `traces/<id>/` for the answer."""
        return self.ask(request, run_id)


class HeatmapView(_AskView):
    """Where the model looked, not where the edit is."""

    purpose = Run.Purpose.HEATMAP

    @extend_schema(request=QuestionSerializer, responses={201: TraceSerializer}, operation_id="run_heatmap")
    def post(self, request: Request, run_id: UUID) -> Response:
        """The same, with a map of where the model looked, for detectors whose card says `explains`."""
        return self.ask(request, run_id)


class RunTraceListView(AnalysisView):
    """All questions about a run."""

    serializer_class = TraceSerializer

    @extend_schema(responses=TraceSerializer(many=True), operation_id="run_traces")
    def get(self, request: Request, run_id: UUID) -> Response:
        """What was asked about the scores of a run, newest first; answers stay."""
        known_query(request)
        about = _visible(self).filter(result__run=visible_run(self, run_id))
        page = self.paginate_queryset(about.order_by("-run__created", "-pk"))
        return self.get_paginated_response(TraceSerializer(page, many=True).data)


class TraceView(AnalysisView):
    """One question and its answer."""

    serializer_class = TraceSerializer

    @extend_schema(operation_id="trace_get")
    def get(self, request: Request, trace_id: UUID) -> Response:
        """The state of a question; `answer` once it `succeeded`. Cancel it like a run, by its id."""
        known_query(request)
        return Response(trace_body(self, trace_id))


def _visible(view: AnalysisView) -> QuerySet[Trace]:
    mine = Trace.objects.filter(run__in=Run.objects.owned_by(view.user))
    mine = mine.select_related("run__topic", "run__owner", "result")
    return mine.prefetch_related(Prefetch("run__evidence", Evidence.objects.order_by("created", "pk")))


def trace_body(view: AnalysisView, trace_id: UUID) -> dict[str, Any]:
    """A trace as it is now, as it is answered; 404 for missing and foreign alike."""
    return dict(TraceSerializer(get_object_or_404(_visible(view), pk=trace_id)).data)
