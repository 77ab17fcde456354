"""REST of external jobs: made, reported on, read, listed and deleted by their owner."""

from typing import Any, ClassVar
from urllib.parse import quote

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import user_of
from accounts.idempotency import IdempotentPost
from accounts.permissions import CanExamine
from accounts.problems import Problem
from accounts.strict import BoundedJSONParser, StrictSerializer, known_query
from realtime import jobs
from realtime.envelope import EventRefused, TooLarge
from realtime.jobs import ID_LIMIT, STAGE_LIMIT, Report
from realtime.jobs import removal as job_removal
from realtime.jobs import states as job_states
from realtime.jobs.failures import ERROR_LIMIT
from realtime.models import Job

MESSAGE_LIMIT = 8000
SILENT_SECONDS_LIMIT = 30 * 24 * 3600
# what `status` in a report may say; without one it is a report of progress
COMPLETED, FAILED = "completed", "failed"


class Number(serializers.FloatField):
    """A JSON number: neither text that looks like one, nor true."""

    def to_internal_value(self, data: Any) -> float:
        """The number."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            raise serializers.ValidationError("A number is required.")
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """Text as it is: spaces at its ends belong to it, and a number is none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"trim_whitespace": False, **options})

    def to_internal_value(self, data: Any) -> str:
        """The text."""
        if not isinstance(data, str):
            raise serializers.ValidationError("Text is required.")
        return super().to_internal_value(data)


class ErrorText(Text):
    """Why something failed; jobs make of it what can be kept, because a failure must not go unheard."""

    def run_validators(self, value: str) -> None:
        """None: however long and odd it is."""


class NewJobSerializer(StrictSerializer):
    """A job to come. Without an id one is made up."""

    job_id = Text(required=False, max_length=ID_LIMIT)
    silent_seconds = Number(
        required=False,
        min_value=1,
        max_value=SILENT_SECONDS_LIMIT,
        help_text="How long it may say nothing before it counts as stalled.",
    )


class CreatedJobSerializer(StrictSerializer):
    """Where a new job is followed."""

    job_id = serializers.CharField()
    topic = serializers.UUIDField()
    websocket_url = serializers.CharField()
    status = serializers.ChoiceField(Job.State.choices)


class ProgressSerializer(StrictSerializer):
    """How far the job is; progress is clamped to 0–1."""

    stage = Text(max_length=STAGE_LIMIT)
    progress = Number()
    message = Text(allow_blank=True, max_length=MESSAGE_LIMIT)
    metadata = serializers.DictField(required=False, allow_null=True)


class CompletedSerializer(StrictSerializer):
    """The job is done."""

    status = serializers.RegexField(f"^{COMPLETED}$")
    result = serializers.JSONField(required=False, allow_null=True)
    message = Text(required=False, allow_blank=True, default="", max_length=MESSAGE_LIMIT)


class FailedSerializer(StrictSerializer):
    """The job failed; it keeps its last progress."""

    status = serializers.RegexField(f"^{FAILED}$")
    error = ErrorText(help_text=f"Cut to {ERROR_LIMIT} characters.")
    stage = Text(required=False, default="error", max_length=STAGE_LIMIT)


class JobSummarySerializer(serializers.Serializer[Any]):
    """A job in a list, without what it says at length."""

    id = serializers.UUIDField()
    job_id = serializers.CharField()
    topic = serializers.UUIDField()
    websocket_url = serializers.CharField()
    head = serializers.IntegerField()
    status = serializers.ChoiceField(Job.State.choices)
    stage = serializers.CharField()
    progress = serializers.FloatField(min_value=0, max_value=1)
    message = serializers.CharField()
    timestamp = serializers.DateTimeField()
    created = serializers.DateTimeField()
    ended = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField(required=False)


class JobSerializer(JobSummarySerializer):
    """A job with the last metadata and the result, where there are any."""

    metadata = serializers.DictField(required=False)
    result = serializers.JSONField(required=False)


class JobQuery(StrictSerializer):
    """Filters of the list of jobs."""

    state = serializers.ChoiceField(Job.State.choices, required=False)
    open = serializers.BooleanField(required=False, help_text="true: not ended yet; false: ended.")


REPORT = PolymorphicProxySerializer(
    component_name="JobReport",
    serializers=[ProgressSerializer, CompletedSerializer, FailedSerializer],
    resource_type_field_name=None,
)


class _JobsView(GenericAPIView):
    """For the signed-in; reporting is for analysts. Jobs are found by their owner's own name for them."""

    permission_classes = (IsAuthenticated, CanExamine)
    statuses: ClassVar[dict[type[Exception], int]] = {
        jobs.JobEnded: 409,
        jobs.JobExists: 409,
        job_removal.JobOpen: 409,
        TooLarge: 413,
        jobs.JobRefused: 400,
        EventRefused: 400,
    }

    def handle_exception(self, exc: Exception) -> Response:
        """What jobs and the log refuse becomes a problem with their code."""
        for kind, status in self.statuses.items():
            if isinstance(exc, kind):
                return super().handle_exception(Problem(status, getattr(exc, "code", ""), str(exc)))
        return super().handle_exception(exc)


class JobListView(IdempotentPost, _JobsView):
    """All external jobs of the user."""

    serializer_class = JobSummarySerializer

    def get_queryset(self) -> QuerySet[Job]:
        """Newest first."""
        own = Job.objects.filter(owner=user_of(self.request)).select_related("topic")
        return own.defer(*job_states.LONG).order_by("-created", "-pk")

    @extend_schema(parameters=[JobQuery], responses=JobSummarySerializer(many=True), operation_id="job_list")
    def get(self, request: Request) -> Response:
        """List your jobs, newest first."""
        page = self.paginate_queryset(_narrowed(self.get_queryset(), request))
        shown = [_addressed(request, job_states.brief(job)) for job in page or ()]
        return self.get_paginated_response(shown)

    @extend_schema(request=NewJobSerializer, responses={201: CreatedJobSerializer}, operation_id="job_create")
    def post(self, request: Request) -> Response:
        """Announce a job; the first report of an id nobody announced creates it too."""
        known_query(request)
        given = _valid(NewJobSerializer, request.data)
        job = jobs.create(user_of(request), given.get("job_id"), silent_seconds=given.get("silent_seconds"))
        body = {"job_id": job.job_id, "topic": str(job.topic_id), "status": job.state}
        headers = {"Location": f"/api/v1/jobs/{quote(job.job_id, safe='')}/"}
        return Response(_addressed(request, body), status=201, headers=headers)


class KeptJobListView(JobListView):
    """`POST /jobs/create`, where existing clients look for it."""

    http_method_names = ("post", "options")
    schema = None


class JobView(_JobsView):
    """One external job."""

    serializer_class = JobSerializer

    @extend_schema(operation_id="job_get", responses=JobSerializer)
    def get(self, request: Request, job_id: str) -> Response:
        """What was last said of a job."""
        known_query(request)
        job = jobs.find(user_of(request), job_id)
        if job is None:
            raise _missing()
        return Response(_addressed(request, job_states.whole(job)))

    @extend_schema(
        operation_id="job_delete",
        responses={204: None},
        parameters=[OpenApiParameter("reason", str, description="Why; kept on the tombstone.")],
    )
    def delete(self, request: Request, job_id: str) -> Response:
        """Delete a job that has ended, with its log; a tombstone with the hash of its chain stays."""
        reason = known_query(request, "reason").get("reason", "")
        if "\0" in reason:
            raise serializers.ValidationError({"reason": ["Null characters are not allowed."]})
        user = user_of(request)
        if not job_removal.remove(user, job_id, by=user, reason=reason):
            raise _missing()
        return Response(status=204)


class JobProgressView(IdempotentPost, _JobsView):
    """Reports on one external job.

    An id may end like this address: whoever reads or deletes `a/progress` has a job of that name in mind.
    """

    # of a failure that can be said only in part, that part is kept; whatever else cannot be written is refused
    parser_classes = (BoundedJSONParser,)

    @extend_schema(request=REPORT, responses={200: JobSummarySerializer}, operation_id="job_report")
    def post(self, request: Request, job_id: str) -> Response:
        """Report on a job: its progress, that it is done, or that it failed."""
        known_query(request)
        job = _reported(self, request, job_id)
        return Response(_addressed(request, job_states.brief(job)))

    @extend_schema(exclude=True)
    def get(self, request: Request, job_id: str) -> Response:
        """Of the job called `<job_id>/progress`."""
        return _of_longer_name(self, request, job_id)

    @extend_schema(exclude=True)
    def delete(self, request: Request, job_id: str) -> Response:
        """Of the job called `<job_id>/progress`."""
        return _of_longer_name(self, request, job_id)


def websocket_url(request: Request, job_id: str) -> str:
    """Where existing clients follow a job, as they reach us."""
    root = settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
    return f"ws{root.removeprefix('http')}/ws/jobs/{quote(job_id, safe='')}/"


def _addressed(request: Request, said: dict[str, Any]) -> dict[str, Any]:
    return said | {"websocket_url": websocket_url(request, said["job_id"])}


def _reported(view: JobProgressView, request: Request, job_id: str) -> Job:
    owner, said = user_of(request), request.data
    status = said.get("status") if isinstance(said, dict) else None
    if status == COMPLETED:
        given = _valid(CompletedSerializer, said)
        job = jobs.complete(owner, job_id, given.get("result"), given["message"])
    elif status == FAILED:
        given = _valid(FailedSerializer, said)
        job = jobs.fail(owner, job_id, given["error"], given["stage"])
    elif status is not None:
        refusal = "completed or failed; a report of progress has no status."
        raise serializers.ValidationError({"status": [f"A status is {refusal}"]})
    else:
        job = jobs.report(owner, job_id, Report(**_valid(ProgressSerializer, said)))
    job.topic.refresh_from_db(fields=["head"])
    return job


def _of_longer_name(view: JobProgressView, request: Request, job_id: str) -> Response:
    other = JobView(request=request, args=(), kwargs={}, format_kwarg=None)
    act = other.get if request.method in ("GET", "HEAD") else other.delete
    return act(request, f"{job_id}/progress")


def _narrowed(own: QuerySet[Job], request: Request) -> QuerySet[Job]:
    given = known_query(request, "state", "open")
    wanted = _valid(JobQuery, {name: given[name] for name in ("state", "open") if name in given})
    if "state" in wanted:
        own = own.filter(state=wanted["state"])
    return own.filter(ended__isnull=wanted["open"]) if "open" in wanted else own


def _valid(kind: type[StrictSerializer], data: Any) -> dict[str, Any]:
    serializer = kind(data=data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _missing() -> Problem:
    return Problem(404, "not_found", "There is no such job, or it is not yours.")
