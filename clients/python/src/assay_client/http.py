"""Requests, asked again while the server is away, and refusals as exceptions."""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

import httpx

from assay_client.backoff import Backoff
from assay_client.errors import BadAnswer, Problem, Unreachable, problem
from assay_client.server import Server

TIMEOUT = httpx.Timeout(60.0, connect=10.0)
# What a server, or the proxy before it, says while it starts or is overloaded.
PASSING = frozenset({429, 502, 503, 504})
# Nothing of the request has reached anybody.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True)
class Answer:
    """A success. `headers` ignore case."""

    status: int
    headers: Mapping[str, str]
    text: str

    def object(self) -> dict[str, Any]:
        """The body, which is a JSON object. Raises BadAnswer."""
        with contextlib.suppress(ValueError, RecursionError):
            body = json.loads(self.text)
            if isinstance(body, dict):
                return body
        raise BadAnswer("The server answered with what is no JSON object.")


class Http:
    """One server over HTTP. `patience_seconds`: how long a server that is away is asked again."""

    def __init__(self, server: Server, *, patience_seconds: float, trust_env: bool) -> None:
        self.server = server
        self.patience_seconds = patience_seconds
        self.trust_env = trust_env
        # Redirects are not followed: the credential is for this server.
        self._client = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=trust_env)

    async def close(self) -> None:
        await self._client.aclose()

    async def get(self, path: str, **query: int | str) -> Answer:
        """Asks, and asks again."""
        return await self.ask("GET", path, query=query)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, int | str] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A request that may be sent twice: one that reads, or carries an Idempotency-Key.

        Raises Unreachable when patience has run out, and Problem for a refusal that waiting will not change.
        """
        until = monotonic() + self.patience_seconds
        backoff = Backoff()
        while True:
            try:
                return await self.once(method, path, query=query, body=body, headers=headers)
            except (Unreachable, Problem) as fault:
                wait = max(backoff.seconds(), asked_to_wait(fault))
                if not passes(fault) or monotonic() + wait > until:
                    raise
                await asyncio.sleep(wait)

    async def once(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, int | str] | None = None,
        body: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The request, sent once. Raises Unreachable and Problem."""
        try:
            answer = await self._client.request(
                method,
                self.server.address(path),
                params=query or None,
                json=body,
                content=content,
                headers={**self.server.headers(), **(headers or {})},
            )
        except httpx.TransportError as fault:
            sent = not isinstance(fault, _NEVER_SENT)
            what = "broke off the connection" if sent else "cannot be reached"
            raise Unreachable(f"{self.server.url} {what} ({type(fault).__name__}).") from fault
        return _success(answer)


def passes(fault: Exception) -> bool:
    """Whether waiting may change the answer."""
    if isinstance(fault, Problem):
        return fault.status in PASSING or fault.code == "idempotency_key_in_use"
    return isinstance(fault, Unreachable)


def _success(answer: httpx.Response) -> Answer:
    if answer.is_success:
        return Answer(answer.status_code, answer.headers, answer.text)
    if answer.is_redirect:
        raise BadAnswer("The server answered with a redirect. Give the address it really has.")
    document: Any = None
    with contextlib.suppress(ValueError, RecursionError):
        document = answer.json()
    wait = answer.headers.get("Retry-After", "")
    raise problem(
        answer.status_code,
        document if isinstance(document, dict) else {},
        retry_after_seconds=float(wait) if wait.isdecimal() and len(wait) < 6 else None,
    )


def asked_to_wait(fault: Exception) -> float:
    """For how long the server wants not to be asked."""
    return (fault.retry_after_seconds or 0.0) if isinstance(fault, Problem) else 0.0
