"""Answers of `/analyze` that are held back until the run has ended, for clients that say `Prefer: wait=N`.

Nobody's thread waits: Django has answered (202) and is done; one query for all waiting clients of the
process asks a few times a second which of their runs have ended.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import Error as DatabaseError

from analysis.api.analyze import answer
from analysis.models import Run
from realtime.readers import ask

logger = logging.getLogger(__name__)
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]
PATHS = ("/analyze", "/analyze/")
WAIT_LIMIT_SECONDS = 60
# Beyond, a client is told at once where to look.
WAITING_LIMIT = 500
ASK_SECONDS = 0.25


class Waiters:
    """The runs somebody waits for, of one event loop."""

    def __init__(self) -> None:
        self.count = 0
        self._waiting: dict[asyncio.Future[None], UUID] = {}
        self._asking: asyncio.Task[None] | None = None

    async def ended(self, run: UUID) -> None:
        """Returns when the run has ended, or is no more."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiting[future] = run
        if self._asking is None:
            self._asking = loop.create_task(self._ask_on())
        try:
            await future
        finally:
            self._waiting.pop(future, None)

    async def _ask_on(self) -> None:
        try:
            while self._waiting:
                await self._ask()
                await asyncio.sleep(ASK_SECONDS)
        finally:
            self._asking = None

    async def _ask(self) -> None:
        asked = dict(self._waiting)
        try:
            unfinished = await ask(_unfinished, set(asked.values()))
        except DatabaseError as error:
            logger.warning("runs somebody waits for cannot be asked about: %s", error)
            return
        for future, run in asked.items():
            if run not in unfinished and not future.done():
                future.set_result(None)


class HeldAnswer:
    """An answer on its way: a 202 that names a run is kept, everything else passes."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 202:
            self._start = message
        elif self._start is not None and message["type"] == "http.response.body":
            self._body += message.get("body", b"")
        else:
            await self._send(message)

    @property
    def run(self) -> UUID | None:
        """The run of the kept answer."""
        headers = dict(self._start["headers"]) if self._start else {}
        named = {name.lower(): value for name, value in headers.items()}.get(b"assay-run")
        return UUID(named.decode()) if named else None

    async def release(self) -> None:
        """Sends what was kept."""
        if self._start is not None:
            await self._send(self._start)
            await self._send({"type": "http.response.body", "body": self._body})

    async def conclude(self, run: UUID) -> None:
        """Sends what the run came to instead, if it still is there."""
        found = await ask(answer, run, user_label=json.loads(self._body)["user_id"])
        if found is not None and self._start is not None:
            self._body = json.dumps(found).encode()
            self._start = {**self._start, "status": 200, "headers": self._concluded_headers()}
        await self.release()

    def _concluded_headers(self) -> list[tuple[bytes, bytes]]:
        headers = self._start["headers"] if self._start else ()
        kept = [pair for pair in headers if pair[0].lower() not in (b"content-length", b"location")]
        length = (b"content-length", str(len(self._body)).encode())
        return [*kept, length, (b"preference-applied", b"wait")]


def answering_late(pages: Application) -> Application:
    """`pages`, whose answers to `/analyze` are held back for those who wait."""

    async def application(scope: Any, receive: Receive, send: Send) -> None:
        seconds = patience_seconds(scope) if scope["path"] in PATHS and scope["method"] == "POST" else 0
        if not seconds:
            await pages(scope, receive, send)
            return
        held = HeldAnswer(send)
        await pages(scope, receive, held.send)
        if held.run is None:
            await held.release()
        else:
            await _wait(held, held.run, receive, seconds)

    return application


def patience_seconds(scope: Any) -> int:
    """How long the client waits (RFC 7240), at most WAIT_LIMIT_SECONDS; what cannot be read is not honoured."""
    said = b",".join(value for name, value in scope["headers"] if name.lower() == b"prefer")
    for preference in said.decode("latin-1").split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        value = value.strip().strip('"')
        if name.strip().lower() == "wait" and value.isascii() and value.isdecimal():
            return WAIT_LIMIT_SECONDS if len(value) > 4 else min(int(value), WAIT_LIMIT_SECONDS)
    return 0


async def _wait(held: HeldAnswer, run: UUID, receive: Receive, seconds: int) -> None:
    waiters = _waiters()
    if waiters.count >= WAITING_LIMIT:
        await held.release()
        return
    waiters.count += 1
    ending, leaving = asyncio.ensure_future(waiters.ended(run)), asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait({ending, leaving}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiters.count -= 1
        ending.cancel()
        leaving.cancel()
    if leaving.done() and not leaving.cancelled():
        return  # nobody is there to be answered
    await (held.conclude(run) if ending.done() and not ending.cancelled() else held.release())


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _unfinished(runs: Collection[UUID]) -> set[UUID]:
    waiting = (Run.State.QUEUED, Run.State.RUNNING)
    return set(Run.objects.filter(pk__in=runs, state__in=waiting).values_list("pk", flat=True))


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, Waiters] = WeakKeyDictionary()


def _waiters() -> Waiters:
    return _by_loop.setdefault(asyncio.get_running_loop(), Waiters())
