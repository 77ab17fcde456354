"""One connection to a topic's socket: texts in, and why it ended."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from assay_client.errors import AssayError, BadAnswer, problem
from assay_client.server import Server

OPEN_SECONDS = 10.0
# Three heartbeats: nothing for that long means that nothing will come.
SILENT_SECONDS = 45.0
LARGEST_BYTES = 2 * 2**20
_REFUSALS = {4001: 401, 4003: 403, 4004: 404}


class SocketBlocked(AssayError):
    """No socket could be opened: the server is away, or something in between lets none through."""


class SocketLost(AssayError):
    """The socket ended in a way that connecting again mends. `crowded`: the server wants fewer of them."""

    def __init__(self, *, crowded: bool = False) -> None:
        super().__init__("The socket was lost.")
        self.crowded = crowded


class _NoCredentials(logging.Filter):
    """websockets writes the headers it sends into its debug log."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.args[0] if isinstance(record.args, tuple) and record.args else ""
        return str(said).lower() not in ("authorization", "proxy-authorization", "cookie")


logger = logging.getLogger("assay_client.socket")
logger.addFilter(_NoCredentials())


class _ConnectOnly(connect):
    """Follows no redirects: the credential is for this server."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


@asynccontextmanager
async def opened(server: Server, path: str, *, trust_env: bool) -> AsyncIterator[ClientConnection]:
    """A socket, closed at the end. Raises SocketBlocked."""
    connecting = _ConnectOnly(
        server.socket_address(path),
        additional_headers=server.headers(),
        open_timeout=OPEN_SECONDS,
        close_timeout=1.0,
        max_size=LARGEST_BYTES,
        proxy=True if trust_env else None,
        logger=logger,
    )
    try:
        socket = await connecting
    except (OSError, WebSocketException) as fault:
        raise SocketBlocked(f"No socket to {server.url} could be opened ({type(fault).__name__}).") from fault
    try:
        yield socket
    finally:
        await socket.close()


async def texts(socket: ClientConnection) -> AsyncIterator[str]:
    """What the socket sends. Ends with SocketLost, or with the refusal a close code stands for."""
    while True:
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                text = await socket.recv()
        except TimeoutError as silent:
            raise SocketLost from silent
        except ConnectionClosed as closed:
            raise _ended(closed) from None
        if not isinstance(text, str):
            raise BadAnswer("The server sent a binary frame.")
        yield text


def _ended(closed: ConnectionClosed) -> Exception:
    code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
    if code in _REFUSALS:
        said: dict[str, Any] = {"code": reason or "refused", "detail": f"The socket was closed with {code}."}
        return problem(_REFUSALS[code], said)
    if code == 1008:
        return BadAnswer(f"The server did not understand the socket's address ({reason}).")
    return SocketLost(crowded=code == 4009)
