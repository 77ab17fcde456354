"""The live view of a camera as multipart/x-mixed-replace, and one still of it: no thread and no queue per watcher.

A REST view decides who asks and for which camera, like any other, and leaves an Opening in the ASGI scope; only then
this begins. Who reads slowly gets the newest frame when the one before has gone out, and nothing in between.
"""

import asyncio
import json
import logging
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone

from accounts import credentials
from accounts.credentials import Identity
from accounts.problems import MEDIA_TYPE as PROBLEM
from accounts.problems import document
from analysis.cameras import placeholders
from analysis.cameras.live_view import BOXED, CLEAN, LEAST_SECONDS
from analysis.cameras.topics import watchable
from analysis.cameras.viewing import Shows, Sight, View, views
from realtime.deciding import Django, Receive, Send, decided, gone, transport_of
from realtime.readers import ask
from realtime.streams import LEAVE

logger = logging.getLogger(__name__)
OPENING = "assay.live_view"
BOUNDARY = b"assay-frame"
# Proxies close what says nothing for a while, and a peer that is gone is found by writing to it.
AGAIN_SECONDS = 5.0
STILL_SECONDS = 4.0
STUCK_SECONDS = 30.0
RECHECK_SECONDS = 3.0  # five are promised; the queries come on top
PART_SECONDS = 1.0
_PLACE = re.compile(r"/api/v1/cameras/[0-9a-fA-F-]{36}/(?P<what>live|still)/?")
_HEADERS = [
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


@dataclass(frozen=True)
class Opening:
    """Somebody who may watch this camera, and what they want: a stream or a still, with boxes or without."""

    identity: Identity
    camera: UUID
    topic: UUID
    boxes: bool = True
    still: bool = False

    @property
    def name(self) -> str:
        """Of the pictures that are sent."""
        return BOXED if self.boxes else CLEAN


class LiveStream:
    """One open stream."""

    def __init__(self, opening: Opening, receive: Receive, send: Send) -> None:
        self.opening = opening
        self._receive, self._send = receive, send
        self._ended = asyncio.Event()

    async def serve(self) -> None:
        """Until the client is gone, may not watch any more, or takes nothing for too long."""
        async with views().of(self.opening.camera, self.opening.name) as view:
            doing = {
                asyncio.ensure_future(self._stream(view)),
                asyncio.ensure_future(gone(self._receive)),
                asyncio.ensure_future(self._ended.wait()),
            }
            done, _ = await asyncio.wait(doing, return_when=asyncio.FIRST_COMPLETED)
            for task in doing - done:
                task.cancel()
            await asyncio.gather(*doing, return_exceptions=True)
        await self._part()

    def end(self) -> None:
        """Ends it: the right to watch is gone, or the server stops."""
        self._ended.set()

    async def _stream(self, view: View) -> None:
        kind = b"multipart/x-mixed-replace; boundary=" + BOUNDARY
        headers = [(b"content-type", kind), *_HEADERS]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._write(b"--" + BOUNDARY)
        shown: Sight | None = None
        while True:
            shown = await view.next(self.opening.name, shown, within_seconds=AGAIN_SECONDS)
            if shown is not None:
                await self._write(await _part(shown, self.opening.name))
            await asyncio.sleep(LEAST_SECONDS)

    async def _write(self, data: bytes) -> None:
        async with asyncio.timeout(STUCK_SECONDS):
            await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def _part(self) -> None:
        """Says that this was all, to who still listens; who does not is dropped."""
        try:
            async with asyncio.timeout(PART_SECONDS):
                await self._send({"type": "http.response.body", "body": b"--\r\n", "more_body": False})
        except TimeoutError:
            transport = transport_of(self._send)
            if transport is not None:
                transport.abort()


class Streams:
    """The open streams of one event loop: counted, and asked every few seconds whether they still may."""

    def __init__(self) -> None:
        self.stills = 0
        self._open: set[LiveStream] = set()
        self._checking: asyncio.Task[None] | None = None

    def is_full(self, user: UUID) -> bool:
        """Whether one more of this user's is one too many."""
        counted = Counter(one.opening.identity.user_id for one in self._open)
        return counted[user] >= settings.LIVE_VIEWS_PER_USER or len(self._open) >= settings.LIVE_VIEWS

    async def serve(self, stream: LiveStream) -> None:
        """Counts it in until it has ended."""
        self._open.add(stream)
        self._checking = self._checking or asyncio.get_running_loop().create_task(self._check_on())
        try:
            await stream.serve()
        finally:
            self._open.discard(stream)

    async def _check_on(self) -> None:
        try:
            while self._open:
                await asyncio.sleep(RECHECK_SECONDS)
                try:
                    await self._check()
                except DatabaseError as error:
                    logger.warning("the rights of live views cannot be asked for: %s", error)
        finally:
            self._checking = None
            # where asking has ended for whatever reason, nobody goes on unasked
            for one in set(self._open):
                one.end()

    async def _check(self) -> None:
        asked = set(self._open)
        pairs = {(one.opening.identity.user_id, one.opening.topic) for one in asked}
        live = await ask(credentials.live, {one.opening.identity.credential_id for one in asked})
        allowed = await ask(watchable, sorted(pairs))
        now = timezone.now()
        for one in asked:
            who = one.opening.identity
            expired = who.expires is not None and who.expires <= now
            if expired or who.credential_id not in live or (who.user_id, one.opening.topic) not in allowed:
                one.end()


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, Streams] = WeakKeyDictionary()


def live_views(pages: Django) -> Django:
    """`pages`, which decide who may see a camera; then it is shown."""

    async def application(scope: Any, receive: Receive, send: Send) -> None:
        asks = scope["type"] == "http" and scope["method"] == "GET" and _PLACE.fullmatch(scope["path"])
        if not asks:
            await pages(scope, receive, send)
            return
        opening: Opening | None = await decided(pages, dict(scope), receive, send, opening=OPENING)
        if opening is None:
            return
        if opening.still:
            await _show_still(opening, scope, send)
        else:
            await _show_live(opening, scope, receive, send)

    return application


async def _show_live(opening: Opening, scope: Any, receive: Receive, send: Send) -> None:
    streams = _streams()
    if streams.is_full(opening.identity.user_id):
        said = "Too many live views are open already; close some."
        await _answer(send, 429, PROBLEM, _problem(429, "too_many", said, scope))
        return
    stream = LiveStream(opening, receive, send)
    scope[LEAVE] = stream.end
    await streams.serve(stream)


async def _show_still(opening: Opening, scope: Any, send: Send) -> None:
    streams = _streams()
    if streams.stills >= settings.LIVE_VIEWS:
        said = "Too many pictures are being waited for; ask again in a moment."
        await _answer(send, 429, PROBLEM, _problem(429, "too_many", said, scope))
        return
    streams.stills += 1
    try:
        async with views().of(opening.camera, opening.name) as view:
            sight = await view.next(opening.name, None, within_seconds=STILL_SECONDS)
    finally:
        streams.stills -= 1
    await _answer_still(opening, sight, scope, send)


async def _answer_still(opening: Opening, sight: Sight | None, scope: Any, send: Send) -> None:
    if sight is not None and sight.shows == Shows.PICTURE:
        await _answer(send, 200, "image/jpeg", sight.picture(opening.name))
    elif sight is not None and sight.shows == Shows.AWAY:
        said = "Pictures cannot be fetched at this moment; Redis does not answer."
        await _answer(send, 503, PROBLEM, _problem(503, "live_view_away", said, scope))
    else:
        said = "The camera gives no picture now; its state says why."
        await _answer(send, 404, PROBLEM, _problem(404, "no_picture", said, scope))


def _streams() -> Streams:
    return _by_loop.setdefault(asyncio.get_running_loop(), Streams())


async def _part(sight: Sight, name: str) -> bytes:
    if sight.shows == Shows.PICTURE:
        picture = sight.picture(name)
    else:
        picture = await asyncio.to_thread(placeholders.drawn, sight.shows)
    head = f"\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\nAssay-Shows: {sight.shows}\r\n\r\n"
    return b"".join((head.encode(), picture, b"\r\n--", BOUNDARY))


async def _answer(send: Send, status: int, kind: str, body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    headers = [(b"content-type", kind.encode()), length, *_HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _problem(status: int, code: str, said: str, scope: Any) -> bytes:
    return json.dumps(document(status, code, said, instance=scope["path"])).encode()
