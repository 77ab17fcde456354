"""One WebSocket: accept, find out who it is, listen, and end with a typed error.

Plain ASGI: no channel of the layer per socket, and nothing of a line's way goes through a dispatch.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qs
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone

from accounts.sockets import Identity, authenticate_scope, identify_token
from realtime import frames
from realtime.dialects import Frame
from realtime.frames import Command, Commands, Ended, FrameRefused
from realtime.hub import Hub, hub
from realtime.outbox import Outbox
from realtime.readers import ask
from realtime.topics import Found, Pair, compact

logger = logging.getLogger(__name__)
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
AUTHENTICATE_SECONDS = 5.0
HEARTBEAT_SECONDS = 15.0
FLUSH_SECONDS = 2.0
# With the 15 s that a reader may be stuck and a tick: gone within 30 s.
LINGER_SECONDS = 10.0
FRAMES_PER_WINDOW = 2000
WINDOW_SECONDS = 5.0
AUTHENTICATE: Commands = {"authenticate": frozenset({"token"})}


class Connection:
    """A socket of one kind; subclasses say what happens once it is known who opened it."""

    name: ClassVar[str] = ""
    commands: ClassVar[Commands] = {}
    heartbeat_seconds: ClassVar[float] = HEARTBEAT_SECONDS

    def __init__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        self.scope = scope
        self.identity: Identity | None = None
        self.watched: Found | None = None
        self.outbox = Outbox(send)
        self.hub: Hub = hub()
        self._receive = receive
        self._send = send
        self._task = asyncio.current_task()
        self._ending: asyncio.Task[None] | None = None
        self._next_heartbeat = 0.0
        self._window = (0.0, 0)

    @classmethod
    def as_asgi(cls) -> Callable[..., Awaitable[None]]:
        async def application(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
            await cls(scope, receive, send).serve()

        return application

    async def identified(self) -> Identity | None:
        """Accepts the socket; who opened it, or None when the peer left without saying. Raises Ended."""
        identity = await ask(authenticate_scope, self.scope)
        await self._send({"type": "websocket.accept"})
        return identity or await self._introduced()

    async def opened(self, identity: Identity) -> None:
        """The socket belongs to `identity`. Raises Ended to refuse it."""

    async def told(self, command: Command) -> None:
        """The client sent one of `commands`. Raises FrameRefused or Ended."""

    def heartbeat(self) -> dict[str, Any]:
        """The fields of a heartbeat."""
        return {}

    def worded(self, frame: Frame) -> Frame:
        """A control frame the way this socket's clients read them."""
        return frame

    def watch(self, found: Found) -> None:
        """From now on the right to this topic is asked for again, and it counts. Raises Ended for one too many."""
        if self.identity is None or self.watched is not None:
            raise RuntimeError("A socket watches one topic, of which it is known who does.")
        if not self.hub.quotas.take_topic(self.identity.user_id, found.id):
            raise frames.too_many(f"You watch {settings.ASSAY_TOPICS_PER_USER} topics already; close some.")
        self.watched = found

    def left(self) -> None:
        """The socket is gone; also after a refusal."""

    async def serve(self) -> None:
        """From connect to the end of the connection; until then the hub counts it."""
        if (await self._receive())["type"] != "websocket.connect":
            return
        try:
            await self._converse()
            if self._ending is not None:
                await self._ending
        finally:
            self.hub.leave(self)

    async def _converse(self) -> None:
        try:
            await self._open_and_listen()
        except Ended as ended:
            await self._close(ended)
        except DatabaseError:
            logger.exception("a socket ended because the database could not be asked")
            await self._close(frames.unavailable())
        except asyncio.CancelledError:
            if self._ending is None:
                raise
        finally:
            self.left()
            if self.identity is not None and self.watched is not None:
                self.hub.quotas.give_topic(self.identity.user_id, self.watched.id)
            if self._ending is None:
                self.outbox.close()

    def end(self, ended: Ended) -> None:
        """Ends the socket from outside: no more is read or queued, the client is told why."""
        if self._ending is not None or self._task is None:
            return
        self._ending = asyncio.get_running_loop().create_task(self._close(ended))
        self._task.cancel()

    def tick(self, now: float, *, stuck_seconds: float) -> None:
        """Once a second: cuts who does not read or whose token has ended, sends heartbeats."""
        if self.identity is None:
            return
        if self.outbox.stuck_seconds(now) > stuck_seconds:
            self.end(frames.too_slow())
        elif self.identity.expires is not None and self.identity.expires <= timezone.now():
            self.end(frames.expired())
        elif now >= self._next_heartbeat:
            if self._next_heartbeat and not self.outbox.full:
                self.outbox.push(compact(self.worded({"type": "heartbeat", **self.heartbeat()})))
            self._next_heartbeat = now + self.heartbeat_seconds

    def check(
        self,
        *,
        held: set[UUID],
        live: set[UUID],
        asked: Mapping[str, set[Pair]],
        allowed: Mapping[str, set[Pair]],
    ) -> None:
        """Ends the socket when its credential or its right to watch is gone. Only what was asked about counts."""
        if self.identity is None:
            return
        if self.identity.credential_id in held - live:
            self.end(frames.expired())
        elif self.watched is not None:
            pair = (self.identity.user_id, self.watched.id)
            if pair in asked.get(self.watched.kind, set()) - allowed.get(self.watched.kind, set()):
                self.end(frames.not_allowed())

    async def _open_and_listen(self) -> None:
        identity = await self.identified()
        if identity is None:
            return
        self._refuse_too_many(identity)
        self.identity = identity
        self.hub.enter(self)
        await self.opened(identity)
        while (event := await self._receive())["type"] != "websocket.disconnect":
            await self._hear(event)

    def _refuse_too_many(self, identity: Identity) -> None:
        limit = settings.ASSAY_SOCKETS_PER_USER
        if self.hub.count(identity.user_id) >= limit:
            raise frames.too_many(f"You have {limit} open sockets already; close some.")

    async def _introduced(self) -> Identity | None:
        """Who the first message says it is; None when the peer left without one. Raises Ended."""
        if shows_credential(self.scope):
            raise frames.not_known()
        try:
            async with asyncio.timeout(AUTHENTICATE_SECONDS):
                event = await self._receive()
        except TimeoutError as late:
            raise frames.not_authenticated() from late
        if event["type"] == "websocket.disconnect":
            return None
        return await self._identified(event)

    async def _identified(self, event: Mapping[str, Any]) -> Identity:
        try:
            token = frames.understand(event, AUTHENTICATE).fields["token"]
        except FrameRefused as refused:
            raise frames.not_authenticated() from refused
        identity = await ask(identify_token, token) if isinstance(token, str) else None
        if identity is None:
            raise frames.not_known()
        return identity

    async def _hear(self, event: Mapping[str, Any]) -> None:
        self._count_frame()
        try:
            command = frames.understand(event, self.commands)
            if command.type == "ping":
                self._reply(compact(self.worded({"type": "pong"})))
            else:
                await self.told(command)
        except FrameRefused as refused:
            self._reply(compact(self.worded(frames.error_frame(refused.code, refused.message))))

    def _reply(self, frame: str) -> None:
        # Who asks without reading the answers gets none.
        if not self.outbox.full:
            self.outbox.push(frame)

    def _count_frame(self) -> None:
        now = asyncio.get_running_loop().time()
        started, count = self._window
        self._window = (now, 1) if now - started > WINDOW_SECONDS else (started, count + 1)
        if self._window[1] > FRAMES_PER_WINDOW:
            raise frames.too_many("This socket sends more frames than anybody needs to.")
        if self.identity is not None and not self.hub.quotas.take_frame(self.identity.user_id, now):
            raise frames.too_many("Your sockets together send more frames than anybody needs to.")

    async def _close(self, ended: Ended) -> None:
        try:
            async with asyncio.timeout(FLUSH_SECONDS):
                if ended.close != 4008:
                    await self.outbox.sent()
        except TimeoutError:
            logger.info("a socket was closed with frames it had not read")
        self.outbox.close()
        await self._say_goodbye(ended)

    async def _say_goodbye(self, ended: Ended) -> None:
        """The typed error and the close frame; a peer that takes neither is dropped."""
        error = compact(self.worded(frames.error_frame(ended.code, ended.message)))
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                await self._send({"type": "websocket.send", "text": error})
                await self._send({"type": "websocket.close", "code": ended.close, "reason": ended.code})
        except TimeoutError:
            self._abort()
        except (OSError, RuntimeError):
            return  # the peer was faster

    def _abort(self) -> None:
        # ASGI has no way to drop a connection whose peer reads nothing; closing would wait for it for ever.
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is not None:
            transport.abort()


def shows_credential(scope: Mapping[str, Any]) -> bool:
    """Whether a program showed a credential of its own, which then was not good enough."""
    names = {name.lower() for name, _ in scope.get("headers", ())}
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    return bool(names & {b"authorization", b"x-api-key"} or query.keys() & {"ticket", "token"})
