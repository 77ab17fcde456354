"""REST of topics: the same events as on the socket, and whether the chain holds."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.permissions import IsStaff
from accounts.problems import Problem
from accounts.strict import known_query
from realtime import log, stats, topics
from realtime.lines import Line
from realtime.streams import StreamNegotiation, open_stream
from realtime.topics import Found, compact

LIMIT = 1000
BYTES_LIMIT = 4 * 2**20


class EventSerializer(serializers.Serializer[Any]):
    """A CloudEvents 1.0 object, as it was stored."""

    specversion = serializers.CharField()
    id = serializers.CharField(help_text="<topic>/<seq>")
    source = serializers.CharField()  # type: ignore[assignment]  # a field of the event
    type = serializers.CharField()
    subject = serializers.CharField(required=False)
    time = serializers.DateTimeField()
    datacontenttype = serializers.CharField()
    data = serializers.JSONField()  # type: ignore[assignment]  # a field of the event
    topic = serializers.UUIDField()
    seq = serializers.IntegerField()
    message = serializers.CharField()
    prev = serializers.CharField()
    hash = serializers.CharField()


class GapSerializer(serializers.Serializer[Any]):
    """Lines whose content was removed; their numbers and hashes stay."""

    first = serializers.IntegerField()
    last = serializers.IntegerField()


class EventsSerializer(serializers.Serializer[Any]):
    """A page of a topic. `complete` says that it reaches the head."""

    head = serializers.IntegerField()
    complete = serializers.BooleanField()
    events = EventSerializer(many=True)
    thinned = GapSerializer(many=True)


class VerificationSerializer(serializers.Serializer[Any]):
    """Whether the hash chain holds; if not, the first line that does not fit and why."""

    ok = serializers.BooleanField()
    head = serializers.IntegerField()
    checked = serializers.IntegerField()
    emptied = serializers.IntegerField()
    broken = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField()
    hash = serializers.CharField(help_text="of the last line that fits")


PARAMETERS = [
    OpenApiParameter("after", int, description="The last seq you have; 0 for the beginning."),
    OpenApiParameter("limit", int, description=f"At most this many events, 1 to {LIMIT}."),
]
STREAM = {(200, "text/event-stream"): OpenApiTypes.STR}
STREAM_PARAMETERS = [
    PARAMETERS[0],
    OpenApiParameter("Last-Event-ID", str, "header", description="The last id you have; instead of after."),
]


class TopicEventsView(APIView):
    """The events of a topic."""

    @extend_schema(responses=EventsSerializer, parameters=PARAMETERS)
    def get(self, request: Request, topic_id: UUID) -> HttpResponse:
        """The events after `after`, in order."""
        known_query(request, "after", "limit", paged=False)
        return events_response(_found(request, topic_id), request)


class TopicStreamView(APIView):
    """The events of a topic as server-sent events."""

    content_negotiation_class = StreamNegotiation

    @extend_schema(responses=STREAM, parameters=STREAM_PARAMETERS)
    def get(self, request: Request, topic_id: UUID) -> HttpResponse:
        """The events after the cursor, then live ones, as they are written."""
        return open_stream(request, _found(request, topic_id).id)


class TopicVerifyView(APIView):
    """The hash chain of a topic."""

    @extend_schema(responses=VerificationSerializer)
    def get(self, request: Request, topic_id: UUID) -> Response:
        """Recomputes every hash and names the first line that was changed, removed or added."""
        known_query(request)
        done = log.verify(_found(request, topic_id).id)
        return Response(VerificationSerializer(done).data)


class SocketStatsView(APIView):
    """How many sockets are open, for admins."""

    permission_classes = (IsStaff,)
    schema = None

    def get(self, request: Request) -> Response:
        """What every web process last said of its sockets; at most a few seconds old."""
        known_query(request)
        processes = [{"process": said.process, **asdict(said.counts)} for said in stats.everywhere()]
        total = {name: sum(one[name] for one in processes) for name in ("sockets", "topics", "outbox_bytes")}
        return Response({**total, "processes": processes})


def events_response(topic: Found | Any, request: Request) -> HttpResponse:
    """`{head, complete, events, thinned}` for `?after=` and `?limit=`; one query.

    topic: a Topic or a Found, whose rights the caller has checked and whose head was just read. Bodies
    are sent as they are stored: read and written again, numbers would not be the ones that were hashed.
    """
    after, limit = _number(request, "after", 0), min(_number(request, "limit", LIMIT), LIMIT)
    if limit == 0:
        raise Problem(400, "invalid", f"limit must be a whole number from 1 to {LIMIT}.")
    lines = log.read(topic.id, after=after, limit=limit, limit_bytes=BYTES_LIMIT)
    reached = lines[-1].seq if lines else after
    head = max(topic.head, reached if lines else 0)
    return HttpResponse(_text(head, reached >= head, lines), content_type="application/json")


def _text(head: int, complete: bool, lines: list[Line]) -> str:  # reads as the JSON does
    events = ",".join(line.body for line in lines if line.body)
    flag = "true" if complete else "false"
    gaps = compact({"thinned": _gaps(lines)})[1:-1]
    return f'{{"head":{head},"complete":{flag},"events":[{events}],{gaps}}}'


def _gaps(lines: list[Line]) -> list[dict[str, int]]:
    gaps: list[dict[str, int]] = []
    for line in lines:
        if line.body:
            continue
        if gaps and gaps[-1]["last"] == line.seq - 1:
            gaps[-1]["last"] = line.seq
        else:
            gaps.append({"first": line.seq, "last": line.seq})
    return gaps


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) <= 16):
        raise Problem(400, "invalid", f"{name} must be a whole number, 0 or more, not {text[:32]!r}.")
    return int(text)


def _found(request: Request, topic_id: UUID) -> Found:
    found = topics.find(topic_id, user=user_of(request).pk)
    if found is None:
        raise Problem(404, "not_found", "There is no such topic, or it is not yours.")
    return found
