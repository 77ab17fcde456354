"""Socket.IO: what `/ws/user/` says, as events, with the same hub, outbox and rights.

python-engineio has a queue without a limit for each client, and answers what it is sent from there. So
what waits stays in our outbox and is handed over in small portions, and clients are heard here alone.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Any

from django.db import Error as DatabaseError
from engineio.exceptions import EngineIOError
from socketio import AsyncServer

from accounts import credentials
from accounts.authentication import bearer
from accounts.sockets import Identity, authenticate_scope, identify_token
from realtime import frames
from realtime.connection import AUTHENTICATE_SECONDS, LINGER_SECONDS, shows_credential
from realtime.consumers import UserSocket
from realtime.frames import Ended, FrameRefused
from realtime.origins import may_open
from realtime.outbox import FULL_BYTES, Outbox, Send
from realtime.readers import ask
from realtime.socketio import packets
from realtime.socketio.lines import Line, SocketLine, request, size_of

logger = logging.getLogger(__name__)
# Theirs says every packet at level INFO, the one with the token too.
_their_logger = logging.getLogger(f"{__name__}.library")
_their_logger.setLevel(logging.WARNING)
PING_SECONDS, PONG_SECONDS = 15, 30
# What may be with python-engineio and the connection, of events, beside the last one.
PORTION_BYTES = 32 * 1024
# Clients that have not said who they are: each costs some 20 KB for AUTHENTICATE_SECONDS at most.
STRANGERS = 2000
HANG_UP_SECONDS = 1.0
WAYS_IN = "auth.token, auth.ticket, Bearer or cookie"
KEYS = f"auth.token takes access tokens and API keys, {frames.BY_QUERY}"


class PortionedOutbox(Outbox):
    """An outbox that also counts what was handed over and the connection has not taken yet."""

    __slots__ = ("_taken", "handed_bytes")

    def __init__(self, send: Send) -> None:
        super().__init__(send)
        self.handed_bytes = 0
        self._taken = asyncio.Event()

    @property
    def held_bytes(self) -> int:
        return super().held_bytes + self.handed_bytes

    @property
    def full(self) -> bool:
        return self.queued_bytes + self.handed_bytes >= FULL_BYTES

    def taken(self, size_bytes: int) -> None:
        self.handed_bytes -= size_bytes
        self._taken.set()

    async def portion(self) -> None:
        """Returns when more may be handed over."""
        while self.handed_bytes >= PORTION_BYTES:
            self._taken.clear()
            await self._taken.wait()


class Session(UserSocket):
    """One Socket.IO client, whatever its transport."""

    name = "socket.io"
    outbox: PortionedOutbox

    def __init__(self, server: "Server", sid: str) -> None:
        super().__init__({}, _nothing, self._hand_over)
        self.outbox = PortionedOutbox(self._hand_over)
        self.sid = sid
        self.lines: set[Line] = set()
        self.gone = False
        self._server = server
        self._asked = self._opening = False
        asyncio.get_running_loop().call_later(AUTHENTICATE_SECONDS, self._lose_patience)

    def counted(self) -> bool:
        try:
            self._count_frame()
        except Ended as ended:
            self.end(ended)
            return False
        return True

    def taken(self, size_bytes: int) -> None:
        self.outbox.taken(size_bytes)

    async def hear(self, packet: str) -> None:
        """Takes a packet of Socket.IO. Clients introduce themselves and leave; nothing else is asked of them."""
        if self._ending is not None:
            return
        if packet.startswith("0"):
            await self._introduce(packet)
        elif packet == "1":
            await self._server.close(self.sid)
        elif self.identity is not None:
            self._reply(frames.error("unknown_type", "Clients have nothing to send here; this was ignored."))

    def end(self, ended: Ended) -> None:
        if self._ending is None and not self.gone:
            self._ending = asyncio.get_running_loop().create_task(self._close(ended))

    def depart(self) -> None:
        """The session is over, for whatever reason."""
        self.gone = True
        self.outbox.close()
        self.hub.leave(self)
        if not self._opening:
            self.left()
        for line in self.lines:
            line.hang_up()

    async def _introduce(self, packet: str) -> None:
        try:
            namespace, auth = packets.introduction(packet)
        except FrameRefused as refused:
            self.end(Ended(1008, refused.code, refused.message))
            return
        if namespace != packets.NAMESPACE:
            self._reply(packets.refusal(frames.not_found(), namespace))
        elif not self._asked:
            self._asked = True
            await self._guarded_opening(packet, auth)

    async def _guarded_opening(self, packet: str, auth: Mapping[str, str]) -> None:
        try:
            await self._open(packet, auth)
        except Ended as ended:
            self.end(ended)
        except DatabaseError:
            logger.exception("a socket ended because the database could not be asked")
            self.end(frames.unavailable())

    async def _open(self, packet: str, auth: Mapping[str, str]) -> None:
        scope = request.get()
        identity = await ask(_identify, scope, auth)
        if identity is None:
            raise _refusal(shown=any(auth.values()) or shows_credential(scope))
        if self.gone:
            return
        self._refuse_too_many(identity)
        self.identity = identity
        self.hub.enter(self)
        self._opening = True
        try:
            await self._server.welcome(self.sid, packet)
            await self.opened(identity)
        finally:
            self._opening = False
            if self.gone:
                self.left()

    def _lose_patience(self) -> None:
        if not self._asked:
            self.end(_refusal(shown=False))

    async def _hand_over(self, message: Mapping[str, Any]) -> None:
        await self.outbox.portion()
        for packet in packets.events_of(message["text"]):
            if packet.startswith("2"):
                self.outbox.handed_bytes += 1 + size_of(packet)
            await self._say(packet)

    async def _say(self, packet: str) -> None:
        try:
            await self._server.eio.send(self.sid, packet)
        except EngineIOError as closed:
            raise RuntimeError("the session is closed") from closed

    async def _say_goodbye(self, ended: Ended) -> None:
        """The typed error, and the end; a peer that takes neither is dropped."""
        with contextlib.suppress(TimeoutError, RuntimeError):
            async with asyncio.timeout(LINGER_SECONDS):
                for packet in self._last_words(ended):
                    await self._say(packet)
                await self._server.drained(self.sid)
        lines = {line.task: line for line in self.lines if line.task is not None}
        await self._server.close(self.sid)
        if lines:
            _, stuck = await asyncio.wait(lines, timeout=HANG_UP_SECONDS)
            for task in stuck:
                lines[task].abort()

    def _last_words(self, ended: Ended) -> list[str]:
        if self.identity is None:
            return [packets.refusal(ended)]
        return [*packets.events_of(frames.error(ended.code, ended.message)), "1"]


class Server(AsyncServer):
    """python-socketio's server, which knows clients only as far as we let it."""

    def __init__(self) -> None:
        super().__init__(
            async_mode="asgi",
            namespaces=[packets.NAMESPACE],
            async_handlers=False,
            # Looked at by our edge, before anything else; here only for the headers of the answers.
            cors_allowed_origins=_is_ours,
            # It would compress on the event loop, for every poll.
            http_compression=False,
            max_http_buffer_size=packets.PACKET_LIMIT_BYTES,
            ping_interval=PING_SECONDS,
            ping_timeout=PONG_SECONDS,
            logger=_their_logger,
            engineio_logger=_their_logger,
        )
        self.sessions: dict[str, Session] = {}

    async def welcome(self, sid: str, packet: str) -> None:
        """Lets python-socketio answer a connect packet we have let pass."""
        await super()._handle_eio_message(sid, packet)

    async def drained(self, sid: str) -> None:
        """Returns when the connection has been given everything that was queued."""
        if engine := self.eio.sockets.get(sid):
            await engine.queue.join()

    async def close(self, sid: str) -> None:
        """Ends a session; harmless when it has ended."""
        engine = self.eio.sockets.get(sid)
        if engine is not None and not engine.closed:
            with contextlib.suppress(EngineIOError):
                await engine.close(wait=False, reason=self.reason.SERVER_DISCONNECT)

    def give_up_upgrade(self, line: SocketLine) -> None:
        """Hangs up a WebSocket that was opened for a polling session and has not taken over."""
        engine = self._engine_of(line)
        if engine is None or not engine.upgraded:
            line.hang_up()

    async def line_ended(self, line: SocketLine) -> None:
        """A WebSocket is gone: with its session, unless that goes on polling."""
        engine = self._engine_of(line)
        if engine is None:
            return
        if engine.upgraded:
            await self.close(engine.sid)
        # Left set, every poll would be answered at once with nothing.
        engine.upgrading = False

    def _engine_of(self, line: SocketLine) -> Any:
        return self.eio.sockets.get(line.session.sid) if isinstance(line.session, Session) else None

    async def _handle_eio_connect(self, eio_sid: str, handshake: dict[str, Any]) -> bool | None:
        if sum(1 for one in self.sessions.values() if one.identity is None) >= STRANGERS:
            return False
        line: Line = handshake["asgi.scope"].pop("line")
        session = self.sessions[eio_sid] = Session(self, eio_sid)
        if isinstance(line, SocketLine):
            line.join(session)
        await super()._handle_eio_connect(eio_sid, handshake)
        return None

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        session = self.sessions.get(eio_sid)
        if session is not None and isinstance(data, str):
            await session.hear(data)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        if session := self.sessions.pop(eio_sid, None):
            session.depart()
        await super()._handle_eio_disconnect(eio_sid, reason)


def _identify(scope: Mapping[str, Any], auth: Mapping[str, str]) -> Identity | None:
    """Who a client is: by its `auth` if it has one, else as for every socket."""
    if token := auth.get("token"):
        return identify_token(bearer(token) or token)
    if ticket := auth.get("ticket"):
        return credentials.redeem_ticket(ticket)
    return authenticate_scope(scope)


def _refusal(*, shown: bool) -> Ended:
    return frames.not_known(KEYS) if shown else frames.not_authenticated(WAYS_IN)


def _is_ours(origin: str | None, handshake: Mapping[str, Any]) -> bool:
    return may_open({b"origin": origin or "", b"host": handshake.get("HTTP_HOST", "")})


async def _nothing() -> dict[str, Any]:
    return {"type": "websocket.disconnect"}
