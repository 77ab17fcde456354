"""A server to ask: follow what happens there, upload, report."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from assay_client.chain import Chain
from assay_client.events import Event
from assay_client.following import Following, OnThinned, find
from assay_client.http import Http
from assay_client.server import Server, Token
from assay_client.uploading import Transfer, Wish

PATIENCE_SECONDS = 300.0


class AsyncClient:
    """`url` as in a browser; `token` an API key, an access token, or a function that gives one.

    patience_seconds: how long a server that is away is asked again before Unreachable is raised.
    trust_env: whether proxies and certificates named in the environment are used.
    """

    def __init__(
        self,
        url: str,
        token: Token,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        trust_env: bool = True,
    ) -> None:
        self._http = Http(Server(url, token), patience_seconds=patience_seconds, trust_env=trust_env)

    async def follow(
        self,
        run_or_topic: object,
        after: int = 0,
        *,
        after_hash: str = "",
        verify: bool = True,
        until_end: bool = True,
        on_thinned: OnThinned | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Every event after seq `after`, each once, in order; ends with the ending that is the last line.

        run_or_topic: the id of a run, a job or a topic, or anything with a `topic`. Keep the `seq` (and the
        `hash`) of the last event you dealt with, and give it as `after` (and `after_hash`) to go on later.
        verify: recomputes the hash chain and raises ChainBroken at the first line that does not fit.
        on_thinned: told of lines that were left out. Raises NotRecovered when `after` lies beyond the log.
        """
        if after < 0:
            raise ValueError("after is the last seq you have, 0 for the beginning.")
        followed = await find(self._http, run_or_topic)
        chain = Chain(followed.topic, after=after, after_hash=after_hash, verify=verify)
        following = Following(self._http, followed, chain, until_end=until_end, on_thinned=on_thinned)
        async for event in following.events():
            yield event

    def upload(
        self,
        path: str | Path,
        detectors: Sequence[str] | None = None,
        description: str | None = None,
        resume: bool = True,  # the last of a few, and named by everybody
        *,
        analyze: bool = True,
        stress: bool = False,
        stress_seconds: int | None = None,
    ) -> Transfer:
        """Sends a file in checked pieces; `await` it, or iterate over it for progress.

        detectors: names; None for all that suit the file. resume: go on where an upload of this very file,
        with the same words, stopped within the last 24 hours, also one of another process.
        stress: examine altered copies too, for at most stress_seconds (None: as the server is set).
        """
        wish = Wish(Path(path), detectors, description, analyze, resume, stress, stress_seconds)
        return Transfer(self._http, wish)

    async def run(self, run_id: object) -> Mapping[str, Any]:
        """A run with its results, as REST shows it."""
        return (await self._http.get(f"/api/v1/runs/{run_id}/")).object()

    async def close(self) -> None:
        """Gives connections back."""
        await self._http.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncClient({self._http.server.url!r})"
