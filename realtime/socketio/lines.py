"""One request or WebSocket of a Socket.IO client, between the web server and python-engineio."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any, Protocol

from realtime.socketio.packets import PACKET_LIMIT_BYTES, event_bytes, passes

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Any], Awaitable[None]]
# The request whose packets are being heard: a browser sends its Origin with some requests of a session only.
request: ContextVar[Scope] = ContextVar("request")
_GONE: Message = {"type": "websocket.disconnect", "code": 1000}
_HEADERS = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]


class Listening(Protocol):
    """What a line must know of its session."""

    lines: "set[Line]"

    def counted(self) -> bool:
        """Counts something the client sent; False when it was too much."""

    def taken(self, size_bytes: int) -> None:
        """The connection took that much of the session's events."""


class Line:
    """What all lines have; `session` is set as soon as it is known."""

    def __init__(self, send: Send, *, kind: str) -> None:
        self.kind = kind
        self.session: Listening | None = None
        self.task = asyncio.current_task()
        self._send = send

    def join(self, session: Listening) -> None:
        """The line belongs to this session until it leaves."""
        self.session = session
        session.lines.add(self)

    def leave(self) -> None:
        if self.session is not None:
            self.session.lines.discard(self)

    def hang_up(self) -> None:
        """Lets the line end by itself: python-engineio wakes what waits for its session."""

    def abort(self) -> None:
        # ASGI has no way to drop a connection whose peer reads nothing.
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is not None:
            transport.abort()

    def taken(self, size_bytes: int) -> None:
        if self.session is not None:
            self.session.taken(size_bytes)


class AnswerLine(Line):
    """A request: a poll, a packet sent, or a handshake."""

    async def send(self, message: Message) -> None:
        """Sends a part of the answer."""
        if message["type"] == "http.response.start":
            await self._send({**message, "headers": [*message.get("headers", ()), *_HEADERS]})
            return
        body = message.get("body", b"")
        # The server waits for a slow reader before it takes more, not after.
        for part in (body, b""):
            await self._send({"type": "http.response.body", "body": part, "more_body": True})
        self.taken(event_bytes(body))
        # Before the end is sent: a quick client asks again before this task runs again.
        self.leave()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


class SocketLine(Line):
    """A WebSocket, from the handshake on or as the upgrade of a polling session."""

    def __init__(self, receive: Receive, send: Send, *, upgrading: bool) -> None:
        super().__init__(send, kind="websocket")
        self._receive = receive
        self._upgrading = upgrading
        self._hung_up = False
        self._next: asyncio.Future[Message] | None = None

    def hang_up(self) -> None:
        """As if the client had gone: what is queued is still sent, then the socket is closed."""
        self._hung_up = True
        if self._next is not None:
            self._next.cancel()

    async def receive(self) -> Message:
        """The next message python-engineio may see."""
        while not self._hung_up:
            message = await self._received()
            if message["type"] != "websocket.receive":
                return message
            if self.session is not None and not self.session.counted():
                break
            text = message.get("text") or ""
            if len(text) > PACKET_LIMIT_BYTES:
                break
            if passes(text, upgrading=self._upgrading):
                self._upgrading = self._upgrading and text != "5"
                return message
        return _GONE

    async def send(self, message: Message) -> None:
        await self._send(message)
        text = message.get("text") or ""
        if text.startswith("42"):
            self.taken(size_of(text))

    async def _received(self) -> Message:
        self._next = asyncio.ensure_future(self._receive())
        try:
            return await self._next
        except asyncio.CancelledError:
            if not self._hung_up:
                raise
            return _GONE


def size_of(text: str) -> int:
    """Bytes of a text as it is sent."""
    return len(text) if text.isascii() else len(text.encode())
