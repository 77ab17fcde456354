"""One POST to a webhook: a checked address, no redirect, no proxy, a limit on time and on what is read."""

import asyncio
import ssl
import time
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import certifi
import httpcore
import httpx

from realtime.webhooks.addresses import AddressRefused, Resolve, addresses_of
from realtime.webhooks.lookups import Lookups

LIMIT_SECONDS = 15.0
CONNECT_SECONDS = 6.0
# Once the status is known, for the beginning of the body; as long again for hanging up.
EXCERPT_SECONDS = 1.0
READ_LIMIT_BYTES = 4096
EXCERPT_LIMIT = 500
# The word for a fault of our own.
INTERNAL = "internal"
_HEADERS = {
    "content-type": "application/json",
    "user-agent": "Assay-Webhooks/1",
    "accept-encoding": "identity",
    # a connection kept open would outlive the check of its address
    "connection": "close",
}


@dataclass(frozen=True)
class Answer:
    """What came of a POST. `error`: why there is no status, in a word; empty when there is one."""

    status: int | None
    error: str = ""
    response: str = ""
    retry_after: str = ""
    duration_ms: int = 0

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == 410


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were checked a moment before, and to nothing else."""

    def __init__(self, resolve: Resolve, owner: Hashable) -> None:
        self._resolve = resolve
        self._owner = owner
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address of `host` that answers. Raises AddressRefused, ConnectError."""
        problem: Exception = httpcore.ConnectError("no address")
        try:
            found = await addresses_of(host, port, self._owner, self._resolve)
        except OSError as error:
            raise _Unknown from error
        for address in found[:4]:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem

    async def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        """Never."""
        raise AddressRefused(f"{path} is no address of a webhook.")

    async def sleep(self, seconds: float) -> None:
        """Waits."""
        await asyncio.sleep(seconds)


class _Unknown(Exception):
    """A name nobody knows."""


class Sender:
    """Sends; one per event loop. `resolve` says which addresses a name has."""

    def __init__(self, resolve: Resolve | None = None, *, limit_seconds: float = LIMIT_SECONDS) -> None:
        self._resolve = resolve or Lookups()
        self._limit_seconds = limit_seconds

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, owner: Hashable) -> Answer:
        """Posts `body` and says what came back. Never raises for what the receiver or the network does."""
        network = CheckedNetwork(self._resolve, owner)
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._limit_seconds) as limit:
                answer = await _post(network, url, body, {**_HEADERS, **headers}, limit)
        except Exception as error:
            word = _word(error)
            if word is None:
                raise
            answer = Answer(None, word)
        taken_ms = round((time.monotonic() - started) * 1000)
        return Answer(answer.status, answer.error, answer.response, answer.retry_after, taken_ms)


async def _post(
    network: CheckedNetwork, url: str, body: bytes, headers: Mapping[str, str], limit: asyncio.Timeout
) -> Answer:
    async with (
        httpcore.AsyncConnectionPool(
            ssl_context=_tls(), network_backend=network, max_keepalive_connections=0
        ) as connections,
        connections.stream(
            "POST",
            _target(url),
            headers=[("host", httpx.URL(url).netloc), *headers.items()],
            content=body,
            extensions={"timeout": {"connect": CONNECT_SECONDS}},
        ) as response,
    ):
        # it has answered in time; the limit is on that
        limit.reschedule(asyncio.get_running_loop().time() + 2 * EXCERPT_SECONDS)
        said = {name.lower(): value for name, value in response.headers}
        retry_after = said.get(b"retry-after", b"")[:64].decode("latin-1")
        return Answer(response.status, "", await _excerpt(response), retry_after)


def _target(url: str) -> httpcore.URL:
    """The address as it is asked for; international names in their ASCII form."""
    parsed = httpx.URL(url)
    return httpcore.URL(
        scheme=parsed.raw_scheme, host=parsed.raw_host, port=parsed.port, target=parsed.raw_path
    )


async def _excerpt(response: httpcore.Response) -> str:
    """The beginning of what was answered, as far as it comes at once; the rest is not read."""
    read = b""
    try:
        async with asyncio.timeout(EXCERPT_SECONDS):
            async for chunk in response.aiter_stream():
                read += chunk
                if len(read) >= READ_LIMIT_BYTES:
                    break
    except (TimeoutError, httpcore.NetworkError, httpcore.ProtocolError):
        pass  # the status was said; nobody needs the rest
    return read[:READ_LIMIT_BYTES].decode("utf-8", "replace").replace("\0", "\ufffd")[:EXCERPT_LIMIT]


def _word(error: Exception) -> str | None:  # noqa: PLR0911  # one line per kind is the table
    """Why nothing came back, in a word for programs; None for what is our own fault."""
    match error:
        case AddressRefused():
            return AddressRefused.code
        case _Unknown():
            return "name_unknown"
        case TimeoutError() | httpcore.TimeoutException():
            return "timeout"
        case ssl.SSLError():
            return "tls"
        case httpcore.ConnectError():
            # httpcore raises its own error "from None"; what it was stays as the context
            return "tls" if isinstance(error.__context__, ssl.SSLError) else "no_connection"
        case httpcore.NetworkError() | OSError():
            return "connection_lost"
        case httpcore.ProtocolError():
            return "bad_answer"
        case httpx.InvalidURL() | UnicodeError():
            return AddressRefused.code
    return None


@cache
def _tls() -> ssl.SSLContext:
    """Known authorities, and those the system trusts besides."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    return context
