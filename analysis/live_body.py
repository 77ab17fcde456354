"""Request bodies that are read while they arrive.

Django's ASGI handler copies a whole body into a temporary file before any view runs: a 2 GB upload would
lie on the disk twice, and who may not upload would be told so only after sending it all. For the
addresses of uploads the view gets the live body instead, and reads it from its own thread.
"""

import asyncio
import contextlib
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from threading import Condition
from typing import Any

import django
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponseBadRequest

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Any], Awaitable[None]]

# What may wait between the network and the disk, per upload; beyond it the sender is slowed down.
HIGH_BYTES = 2**20
LOW_BYTES = HIGH_BYTES // 2
# A sender that is silent for this long is gone.
SILENCE_SECONDS = 60.0
SWEEP_SECONDS = 600.0
_LIVE = {
    "POST": re.compile(r"^/(api/v1/(media|uploads/[^/]+)/|analyze/?)$"),
    "PATCH": re.compile(r"^/api/v1/uploads/[^/]+/$"),
}


class BodyLost(OSError):
    """The sender went away, or fell silent, before the body was complete."""


class LiveBody:
    """A file to read for a thread, fed by the event loop with what the server receives."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._wanted = asyncio.Event()
        self._room = asyncio.Event()
        self._changed = Condition()
        self._chunks: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._complete = False
        self._lost = False
        self._closed = False

    async def pump(self) -> None:
        """Receives until the body is complete or lost; runs beside the view.

        Begins when somebody reads: who asks first (Expect: 100-continue) is told no before sending.
        """
        try:
            await self._wanted.wait()
            while not self._complete:
                message = await self._receive()
                if message["type"] == "http.disconnect":
                    return
                self._put(message.get("body", b""), complete=not message.get("more_body", False))
                await self._until_there_is_room()
        finally:
            self._end()

    async def disconnected(self) -> Message:
        """Django's wait for a disconnect, which would cancel the view: an upload ends by itself instead."""
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, as soon as there are any; b"" at the end.

        Raises BodyLost. Blocks: only for threads without an event loop.
        """
        self._tell(self._wanted)
        with self._changed:
            arrived = self._changed.wait_for(self._readable, SILENCE_SECONDS)
            if not arrived or (self._lost and not self._chunks):
                raise BodyLost("The upload stopped before it was complete.")
            data = self._take(size)
        if self._waiting_bytes < LOW_BYTES:
            self._tell(self._room)
        return data

    def close(self) -> None:
        """Nobody reads any more: what still arrives is dropped."""
        with self._changed:
            self._closed = True
            self._chunks.clear()
            self._waiting_bytes = 0
        self._tell(self._room)

    def _readable(self) -> bool:
        return bool(self._chunks) or self._complete or self._lost or self._closed

    def _take(self, size: int) -> bytes:
        taken: list[bytes] = []
        room = size if size >= 0 else self._waiting_bytes
        while self._chunks and room > 0:
            chunk = self._chunks.popleft()
            if len(chunk) > room:
                self._chunks.appendleft(chunk[room:])
                chunk = chunk[:room]
            taken.append(chunk)
            room -= len(chunk)
        data = b"".join(taken)
        self._waiting_bytes -= len(data)
        return data

    def _put(self, chunk: bytes, *, complete: bool) -> None:
        with self._changed:
            if chunk and not self._closed:
                self._chunks.append(chunk)
                self._waiting_bytes += len(chunk)
            self._complete = complete
            self._changed.notify_all()

    async def _until_there_is_room(self) -> None:
        self._room.clear()
        if self._waiting_bytes >= HIGH_BYTES and not self._closed:
            await self._room.wait()

    def _tell(self, event: asyncio.Event) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the server is stopping
            self._loop.call_soon_threadsafe(event.set)

    def _end(self) -> None:
        with self._changed:
            self._lost = not self._complete
            self._changed.notify_all()


class UploadHandler(ASGIHandler):
    """Django's ASGI handler, with live bodies for uploads.

    With the first request, and every ten minutes, what unfinished uploads left is swept away.
    """

    def __init__(self) -> None:
        super().__init__()
        self._next_sweep = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if time.monotonic() >= self._next_sweep:
            from analysis.uploads.sweeping import sweep_in_background  # models: only once Django is set up

            self._next_sweep = time.monotonic() + SWEEP_SECONDS
            asyncio.get_running_loop().run_in_executor(None, sweep_in_background)
        await super().__call__(scope, receive, send)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_upload(scope):
            await super().handle(scope, receive, send)
            return
        body = LiveBody(receive)
        pump = asyncio.create_task(body.pump())
        try:
            await super().handle(scope, body.disconnected, send)
        finally:
            body.close()
            pump.cancel()

    def create_request(self, scope: Any, body_file: Any) -> Any:
        """What Django does, and an answer where it has none: a Content-Type of a charset nobody knows."""
        try:
            return super().create_request(scope, body_file)
        except ValueError:
            return None, HttpResponseBadRequest("The headers cannot be read.", content_type="text/plain")

    async def read_body(self, receive: Receive) -> Any:
        """The live body of an upload; otherwise what Django does."""
        body = getattr(receive, "__self__", None)
        return body if isinstance(body, LiveBody) else await super().read_body(receive)


def http_application() -> UploadHandler:
    """Sets Django up; takes the place of `get_asgi_application`."""
    django.setup(set_prefix=False)
    return UploadHandler()


def is_upload(scope: Scope) -> bool:
    """Whether the body of this request is read while it arrives."""
    pattern = _LIVE.get(scope["method"])
    return pattern is not None and pattern.match(scope["path"]) is not None
