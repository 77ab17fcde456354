"""The ASGI edge of Socket.IO: what is foreign, malformed or too large never reaches python-engineio."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

from realtime.frames import FrameRefused
from realtime.origins import may_open
from realtime.socketio.lines import AnswerLine, Line, Message, Receive, Scope, Send, SocketLine, request
from realtime.socketio.packets import PACKET_LIMIT_BYTES, body_of, packets_of, passes
from realtime.socketio.server import Server, Session

Application = Callable[[Any, Any, Any], Awaitable[None]]
PATHS = ("/socket.io", "/socket.io/")
BODY_SECONDS = 15.0
UPGRADE_SECONDS = 10.0
# Over HTTP these would make python-engineio look for a WebSocket that is not there, or trust a length that is not so.
_HOP_HEADERS = {b"upgrade", b"connection", b"content-length", b"transfer-encoding"}


class Refused(Exception):
    """A request that is answered here: status, code for programs, sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Asked:
    """What of an address counts."""

    sid: str | None
    transport: str

    @property
    def query_string(self) -> bytes:
        """Without anything else a client wrote there: python-socketio keeps it as long as the session lasts."""
        sid = {"sid": self.sid} if self.sid is not None else {}
        return urlencode({"EIO": "4", "transport": self.transport, **sid}).encode()


class Edge:
    """Lets requests and WebSockets through to a server."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def beside(self, pages: Application) -> Application:
        """An application for HTTP: polling clients here, everybody else to `pages`."""

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            serve = self.http if scope["path"] in PATHS else pages
            await serve(scope, receive, send)

        return application

    async def http(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request of a polling client."""
        request.set(scope)
        line = AnswerLine(send, kind=scope["method"])
        try:
            asked = understood(scope, "polling")
            session = self._server.sessions.get(asked.sid or "")
            with self._on_line(line, session):
                if scope["method"] == "GET":
                    await self._poll(scope, asked, receive, line)
                else:
                    await self._hear(scope, asked, receive, line)
        except Refused as refused:
            await _answer(line, refused)

    async def websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A WebSocket; its origin was looked at before."""
        request.set(scope)
        try:
            asked = understood(scope, "websocket")
            session = self._server.sessions.get(asked.sid or "")
            line = SocketLine(receive, send, upgrading=session is not None)
            with self._on_line(line, session):
                await self._converse(_inner(scope, asked, line), line)
        except Refused:
            await receive()
            await send({"type": "websocket.close"})

    async def _converse(self, scope: Scope, line: SocketLine) -> None:
        # python-engineio would wait for the client's part of an upgrade for ever.
        loop = asyncio.get_running_loop()
        limit = loop.call_later(UPGRADE_SECONDS, self._server.give_up_upgrade, line)
        try:
            await self._server.handle_request(scope, line.receive, line.send)
        finally:
            limit.cancel()
            await self._server.line_ended(line)

    async def _poll(self, scope: Scope, asked: Asked, receive: Receive, line: AnswerLine) -> None:
        """Answers with what waits, or when something comes; a client that hangs up meanwhile ends its session."""
        inner = _inner(scope, asked, line)
        answering = asyncio.ensure_future(self._server.handle_request(inner, _said(b""), line.send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not answering.done():
                answering.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await answering

    async def _hear(self, scope: Scope, asked: Asked, receive: Receive, line: AnswerLine) -> None:
        try:
            packets = packets_of(await _body(receive))
        except FrameRefused as refused:
            raise Refused(400, refused.code, refused.message) from refused
        if line.session is not None and not all(line.session.counted() for _ in packets):
            raise Refused(429, "too_many", "This client sends more packets than anybody needs to.")
        body = body_of([packet for packet in packets if passes(packet)])
        inner = _inner(scope, asked, line)
        inner["headers"].append((b"content-length", str(len(body)).encode()))
        await self._server.handle_request(inner, _said(body), line.send)

    @contextlib.contextmanager
    def _on_line(self, line: Line, session: Session | None) -> Iterator[None]:
        if session is not None:
            _refuse_second(line, session)
            line.join(session)
        try:
            yield
        finally:
            line.leave()


def understood(scope: Scope, transport: str) -> Asked:
    """What a request asks for. Raises Refused."""
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    if not may_open(headers):
        raise Refused(403, "foreign_origin", "Pages of other sites may not open sockets here.")
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    if query.get("EIO", ["4"]) != ["4"]:
        raise Refused(
            400, "unsupported_version", "This is Engine.IO 4: use a Socket.IO client of version 3 or 4."
        )
    if query.get("transport", [transport]) != [transport] or "j" in query or len(query.get("sid", ())) > 1:
        raise Refused(
            400, "unsupported_transport", "The transports here are polling (without JSONP) and websocket."
        )
    if scope.get("method", "GET") not in ("GET", "POST", "OPTIONS"):
        raise Refused(405, "method_not_allowed", "Polling clients use GET and POST.")
    return Asked(query.get("sid", [None])[0], transport)


def _refuse_second(line: Line, session: Session) -> None:
    """Of each kind one at a time: of two polls each could leave a portion unread."""
    if any(one.kind == line.kind for one in session.lines):
        raise Refused(400, "overlap", f"This session has a {line.kind} under way.")


def _inner(scope: Scope, asked: Asked, line: Line) -> Scope:
    """The scope python-engineio sees."""
    headers = list(scope["headers"])
    if scope["type"] == "http":
        headers = [(name, value) for name, value in headers if name.lower() not in _HOP_HEADERS]
    return {**scope, "headers": headers, "query_string": asked.query_string, "line": line}


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while (message := await receive())["type"] == "http.request":
                body += message.get("body", b"")
                if len(body) > PACKET_LIMIT_BYTES:
                    raise Refused(413, "too_large", f"A body may have {PACKET_LIMIT_BYTES} bytes.")
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError as slow:
        raise Refused(408, "too_slow", "The body did not arrive in time.") from slow
    return b""


def _said(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer(line: AnswerLine, refused: Refused) -> None:
    body = json.dumps({"code": refused.code, "message": refused.message}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await line.send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await line.send({"type": "http.response.body", "body": body})


edge = Edge(Server())
