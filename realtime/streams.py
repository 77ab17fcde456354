"""Server-sent events: what a topic's socket says, over plain HTTP, with the same cursor.

A REST view decides who asks and for which topic, like any other, and leaves an Opening in the ASGI scope.
Only then the stream begins: a TopicSocket that takes this module's wire for a WebSocket.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request

from accounts.authentication import bearer, credential_of
from accounts.credentials import Identity, identity
from accounts.problems import Problem
from accounts.sockets import identify_token
from accounts.strict import known_query
from realtime.connection import Receive, Send
from realtime.consumers import TopicSocket
from realtime.deciding import decided, gone, transport_of
from realtime.frames import Ended
from realtime.hub import hubs

MEDIA_TYPE = "text/event-stream"
OPENING = "assay.stream"
# Called by the server when it stops: nobody waits for a stream to end by itself.
LEAVE = "assay.leave"
RETRY_MS = 2000
_PLACE = re.compile(r"/api/v1/[^/]+/[^/]+/(?P<what>events|stream)/?$")
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


@dataclass(frozen=True)
class Opening:
    """A stream that may begin: who reads which topic, after which seq."""

    identity: Identity
    topic: UUID
    after: int


class StreamNegotiation(BaseContentNegotiation):
    """Problems are JSON whatever was asked for: a stream has no other words for them."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


def open_stream(request: Request, topic: UUID) -> HttpResponse:
    """Answers a view whose user may see the topic: the stream begins when the view has returned."""
    known_query(request, "after", paged=False)
    django_request: HttpRequest = request._request
    scope = getattr(django_request, "scope", None)
    if scope is None or request.method != "GET":
        raise Problem(406, "no_stream", "This server cannot stream here; ask for events/ with ?after=.")
    who = identity_of(request)
    if hub_is_full(who):
        raise Problem(429, "too_many", "You have too many open sockets already; close some.")
    scope[OPENING] = Opening(who, topic, _cursor(request, topic))
    return HttpResponse(content_type=MEDIA_TYPE)


def hub_is_full(who: Identity) -> bool:
    """Whether the user may open no more sockets in this process."""
    return sum(one.count(who.user_id) for one in hubs()) >= settings.ASSAY_SOCKETS_PER_USER


class Streams:
    """An ASGI application in front of Django's: lets it decide, then streams."""

    def __init__(self, django: Callable[..., Awaitable[None]]) -> None:
        self._django = django

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if not _asks_for_stream(scope):
            await self._django(scope, receive, send)
            return
        asked = {**scope, "path": _stream_path(scope["path"])}
        if opening := await decided(self._django, asked, receive, send, opening=OPENING):
            await EventStream.of(opening, scope, Wire(receive, send)).serve()


class Wire:
    """A WebSocket to a Connection, server-sent events to the client."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._greeted = False

    @property
    def transport(self) -> Any:
        """What is dropped when the client takes nothing any more."""
        return transport_of(self._send)

    async def receive(self) -> dict[str, Any]:
        """A connect first; then nothing until the client is gone."""
        if not self._greeted:
            self._greeted = True
            return {"type": "websocket.connect"}
        await gone(self._receive)
        return {"type": "websocket.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        """Translates what a Connection sends."""
        if message["type"] == "websocket.accept":
            await self._send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await self._write(f"retry: {RETRY_MS}\n\n")
        elif message["type"] == "websocket.send":
            await self._write(spoken(message["text"]))
        else:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _write(self, text: str) -> None:
        await self._send({"type": "http.response.body", "body": text.encode(), "more_body": True})


class EventStream(TopicSocket):
    """One open stream; counted, checked, beaten and cut like a socket."""

    name = "stream"
    # Proxies close what says nothing for a while; with the hub's tick this stays below 15 s.
    heartbeat_seconds: ClassVar[float] = 12.0

    opening: Opening

    @classmethod
    def of(cls, opening: Opening, scope: Any, wire: Wire) -> "EventStream":
        """A stream that was allowed; the server may end it through the scope."""
        asked = {
            "query_string": f"after={opening.after}".encode(),
            "url_route": {"kwargs": {"topic": str(opening.topic)}},
        }
        stream = cls(asked, wire.receive, wire.send)
        stream.opening = opening
        scope[LEAVE] = lambda: stream.end(
            Ended(1012, "restarting", "The server stops. Connect again with the last id.")
        )
        return stream

    async def identified(self) -> Identity | None:
        await self._send({"type": "websocket.accept"})
        return self.opening.identity


def spoken(frame: str) -> str:
    """A frame as a server-sent event: control frames begin with their type, events end with it.

    Stored text is canonical, so that the last `"seq":` in it is the event's own, and it has no line ends.
    """
    if frame.startswith('{"type":"'):
        kind = frame[9 : frame.index('"', 9)]
        number = frame[frame.rindex(":") + 1 : -1] if kind == "thinned" else ""
    else:
        kind = frame[frame.rindex('"type":"') + 8 : -2]
        start = frame.rindex('"seq":') + 6
        number = frame[start : frame.index(",", start)]
    cursor = f"id: {number}\n" if number else ""
    return f"{cursor}event: {kind}\ndata: {frame}\n\n"


def _asks_for_stream(scope: Any) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    place = _PLACE.match(scope["path"])
    return place is not None and (
        place["what"] == "stream"
        or any(name == b"accept" and MEDIA_TYPE.encode() in value.lower() for name, value in scope["headers"])
    )


def _stream_path(path: str) -> str:
    return f"{path.rstrip('/').rpartition('/')[0]}/stream/"


def identity_of(request: Request) -> Identity:
    """Who asks, and until when: an access token ends before its credential does."""
    shown = bearer(request.headers.get("Authorization", "")) or request.headers.get("X-API-Key")
    return (identify_token(shown) if shown else None) or identity(credential_of(request))


def _cursor(request: Request, topic: UUID) -> int:
    """The seq of `Last-Event-ID`, which browsers send when they connect again, else that of `?after=`."""
    text = request.headers.get("Last-Event-ID") or request.query_params.get("after", "0")
    text = text.removeprefix(f"{topic}/")
    if not (text.isascii() and text.isdecimal() and len(text) <= 16):
        raise Problem(
            400, "bad_cursor", "Last-Event-ID and after are a whole number from 0: the last seq you have."
        )
    return int(text)
