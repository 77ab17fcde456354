"""Following a topic to its end, whatever happens to the connection in between."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID

from assay_client.backoff import Backoff
from assay_client.chain import Chain
from assay_client.errors import BadAnswer, NotAuthenticated, NotFound, NotRecovered
from assay_client.events import ENDINGS, REOPENINGS, Event, Thinned, read
from assay_client.http import Http
from assay_client.json_text import elements, members
from assay_client.server import part
from assay_client.socket import SocketBlocked, SocketLost, opened, texts

POLL_SECONDS = 1.0
PAGE = 500
# Two sockets in a row that could not be opened, while REST answers: something in between lets none through.
TRIES = 2
BLOCKED_SECONDS = 60.0
_RUN_ENDS = frozenset({"succeeded", "failed", "cancelled"})
OnThinned = Callable[[Thinned], None]


@dataclass(frozen=True)
class Followed:
    """What to follow: a topic, and the run it belongs to if that is known."""

    topic: str
    run: str = ""


async def find(http: Http, what: object) -> Followed:
    """The topic of a run, a job, or of anything that has one; a topic is its own. Raises NotFound."""
    named = what.get("topic") if isinstance(what, Mapping) else getattr(what, "topic", None)
    if named:
        return Followed(str(UUID(str(named))))
    text = str(what)
    try:
        uuid = str(UUID(text))
    except ValueError:
        return Followed(str((await http.get(f"/api/v1/jobs/{part(text)}/")).object()["topic"]))
    for place in ("runs", "jobs"):
        try:
            topic = str((await http.get(f"/api/v1/{place}/{uuid}/")).object()["topic"])
        except NotFound:
            continue
        return Followed(topic, uuid if place == "runs" else "")
    return Followed(uuid)


class Following:
    """One reader. `over`: an ending was said, not taken back, and everything up to the known head was read."""

    def __init__(
        self, http: Http, followed: Followed, chain: Chain, *, until_end: bool, on_thinned: OnThinned | None
    ) -> None:
        self._http = http
        self._followed = followed
        self._chain = chain
        self._until_end = until_end
        self._on_thinned = on_thinned
        self._head = 0
        # None: what was said before the cursor, or left out, may have been an ending.
        self._ended: bool | None = None if chain.cursor else False
        self._failures = 0
        self._sockets_from = 0.0
        self._backoff = Backoff()
        self.over = False

    async def events(self) -> AsyncIterator[Event]:
        """Every event after the cursor, once, in order; ends when `over`."""
        while not self.over:
            if monotonic() >= self._sockets_from:
                try:
                    async for event in self._from_socket():
                        yield event
                    if not self.over:
                        await asyncio.sleep(self._backoff.seconds())
                    continue
                except SocketBlocked:
                    self._failures += 1
            async for event in self._from_rest():
                yield event
            # REST answered, so the server is there.
            if self._failures >= TRIES:
                self._failures, self._sockets_from = 0, monotonic() + BLOCKED_SECONDS
            if not self.over:
                await asyncio.sleep(POLL_SECONDS)

    async def _from_socket(self) -> AsyncIterator[Event]:
        """What one connection brings. Ends when it is over or lost; raises SocketBlocked if it brought nothing."""
        path = f"/ws/topics/{self._followed.topic}/?after={self._chain.cursor}"
        heard = _Heard()
        try:
            async with opened(self._http.server, path, trust_env=self._http.trust_env) as socket:
                async for text in texts(socket):
                    event = await self._hear(text, heard)
                    if event is not None:
                        yield event
                    if self.over or heard.behind:
                        return
        except SocketLost as lost:
            if lost.crowded:
                self._failures = TRIES
            if lost.crowded or not heard.subscribed:
                raise SocketBlocked("A socket was opened and lost at once.") from lost
        except NotAuthenticated:
            # The token may have ended while we were connected; a new one lets us in again.
            if not (heard.subscribed and self._http.server.renews_tokens):
                raise

    async def _hear(self, text: str, heard: "_Heard") -> Event | None:
        parts = members(text)
        frame = {one.name: one.value for one in parts}
        if "specversion" in frame:
            return self._take(read(text, parts))
        try:
            await self._obey(frame, heard)
        except (KeyError, TypeError, ValueError) as fault:
            raise BadAnswer("The server sent a frame that lacks what its kind has.") from fault
        return None

    async def _obey(self, frame: Mapping[str, Any], heard: "_Heard") -> None:
        """Control frames; kinds we do not know are of newer servers and change nothing."""
        match frame.get("type"):
            case "subscribed":
                heard.subscribed, self._failures = True, 0
                self._note_head(int(frame["head"]), recovered=bool(frame["recovered"]))
            case "caught_up":
                self._backoff.reset()
                self._note_head(int(frame["head"]))
                await self._look_whether_over()
            case "heartbeat":
                heard.beat(int(frame["head"]), self._chain.cursor)
            case "thinned":
                self._leave_out(Thinned(int(frame["first"]), int(frame["last"])))

    async def _from_rest(self) -> AsyncIterator[Event]:
        """Everything the log holds now."""
        complete = False
        while not complete and not self.over:
            page = await self._page(self._chain.cursor)
            complete = page.complete
            self._note_head(page.head, recovered=self._chain.cursor <= page.head)
            for one in page.lines:
                if isinstance(one, Thinned):
                    self._leave_out(one)
                elif (event := self._take(read(one))) is not None:
                    yield event
        await self._look_whether_over()

    async def _page(self, after: int, limit: int = PAGE) -> "_Page":
        path = f"/api/v1/topics/{self._followed.topic}/events/"
        return _page((await self._http.get(path, after=after, limit=limit)).text)

    def _take(self, event: Event) -> Event | None:
        if not self._chain.take(event):
            return None
        self._head = max(self._head, event.seq)
        if event.ends or event.type in REOPENINGS:
            self._ended = event.ends
        self._settle()
        return event

    def _settle(self) -> None:
        self.over = self._until_end and self._ended is True and self._chain.cursor >= self._head

    def _leave_out(self, gap: Thinned) -> None:
        if self._chain.leave_out(gap):
            self._ended = None
            if self._on_thinned is not None:
                self._on_thinned(gap)

    def _note_head(self, head: int, *, recovered: bool = True) -> None:
        if not recovered:
            raise NotRecovered(self._chain.cursor, head)
        self._head = max(self._head, head)

    async def _look_whether_over(self) -> None:
        """Who has read to the end, but not seen all before it, asks what the lines before it said."""
        cursor = self._chain.cursor
        if self._ended is None and self._until_end and cursor >= self._head:
            page = await self._page(max(0, cursor - PAGE))
            if page.head > cursor:
                return
            kinds = [read(one).type for one in page.lines if isinstance(one, str)]
            turns = [kind for kind in kinds if kind in ENDINGS | REOPENINGS]
            self._ended = (bool(turns) and turns[-1] in ENDINGS) or await self._run_is_over()
        self._settle()

    async def _run_is_over(self) -> bool:
        """For an ending that was emptied, or lies far back."""
        if not self._followed.run:
            return False
        run = (await self._http.get(f"/api/v1/runs/{self._followed.run}/")).object()
        if run.get("state") not in _RUN_ENDS:
            return False
        # It may have ended since we read: then its ending is still to come.
        return (await self._page(self._chain.cursor, limit=1)).head <= self._chain.cursor


@dataclass
class _Heard:
    """What a connection has said of itself."""

    subscribed: bool = False
    behind: bool = False
    _head: int = 0

    def beat(self, head: int, cursor: int) -> None:
        """Two heartbeats that name lines we were not sent: something was lost on the way."""
        self.behind = cursor < self._head
        self._head = head


@dataclass(frozen=True)
class _Page:
    head: int
    complete: bool
    lines: list[str | Thinned]


def _page(text: str) -> _Page:
    try:
        return _read_page(text)
    except (KeyError, TypeError, ValueError) as fault:
        raise BadAnswer("The server sent a page of events that lacks what every page has.") from fault


def _read_page(text: str) -> _Page:
    named = {one.name: one for one in members(text)}
    gaps = [Thinned(int(gap["first"]), int(gap["last"])) for gap in named["thinned"].value]
    seqs = [int(event["seq"]) for event in named["events"].value]
    lines = _in_order(seqs, list(elements(text, named["events"].value_start)), gaps)
    return _Page(int(named["head"].value), bool(named["complete"].value), lines)


def _in_order(seqs: list[int], events: list[str], gaps: list[Thinned]) -> list[str | Thinned]:
    numbered: list[tuple[int, str | Thinned]] = [*zip(seqs, events, strict=True)]
    numbered += [(gap.first, gap) for gap in gaps]
    return [line for _, line in sorted(numbered, key=lambda pair: pair[0])]
