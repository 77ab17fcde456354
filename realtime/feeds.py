"""One topic watched by some sockets of this process.

The feed moves along the topic once for all of them; a follower that joins, or fell behind, reads the
log by itself until it has caught up with the feed, and from then on takes what the feed hands out.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol
from uuid import UUID

from django.db import Error as DatabaseError

from realtime import log
from realtime.framing import Framed
from realtime.lines import COALESCED, Line
from realtime.outbox import PAGE_BYTES, Outbox
from realtime.readers import ask
from realtime.topics import compact

logger = logging.getLogger(__name__)
PAGE = 256
RETRY_SECONDS = 1.0


class Following(Protocol):
    """Who is handed the lines of a feed, in order, each with its frame."""

    def offer(self, lines: Sequence[Line], framed: Sequence[Framed]) -> None: ...


class Feed:
    """Where this process is in a topic, and who follows."""

    def __init__(self, topic: UUID) -> None:
        self.topic = topic
        self.cursor = -1
        self.head = 0
        self.followers: set[Following] = set()
        self.watchers = 0
        self.starting: asyncio.Task[None] | None = None
        self._filling: asyncio.Task[None] | None = None

    @property
    def started(self) -> bool:
        return self.cursor >= 0

    def start(self, head: int) -> None:
        """Begins at the head read after the topic's group was joined; what was offered meanwhile is fetched."""
        self.cursor = head
        self.note_head(head)
        self.fill()

    def offer(self, lines: Sequence[Line]) -> None:
        """Takes announced lines: hands out what follows on, fetches what is missing before them."""
        self.note_head(lines[-1].seq)
        if not self.started or lines[-1].seq <= self.cursor:
            return
        if lines[0].seq > self.cursor + 1:
            self.fill()
        else:
            self._hand_out([line for line in lines if line.seq > self.cursor])

    def note_head(self, head: int) -> None:
        self.head = max(self.head, head)

    def fill(self) -> None:
        """Reads from the log what the feed has not got, unless it has everything."""
        if 0 <= self.cursor < self.head and self._filling is None:
            self._filling = asyncio.get_running_loop().create_task(self._fill())

    async def _fill(self) -> None:
        try:
            while self.cursor < self.head:
                lines = await ask(log.read, self.topic, after=self.cursor, limit=PAGE, limit_bytes=PAGE_BYTES)
                fresh = [line for line in lines if line.seq > self.cursor]
                if not lines:
                    self.cursor = self.head  # the topic was deleted; the rights check ends its sockets
                elif fresh:
                    self._hand_out(fresh)
        except DatabaseError as error:
            logger.warning("topic %s cannot be read, trying again: %s", self.topic, error)
        finally:
            self._filling = None

    def _hand_out(self, lines: Sequence[Line]) -> None:
        self.cursor = lines[-1].seq
        # Framed once, for however many follow.
        framed = [Framed(line.body or thinned(line.seq, line.seq)) for line in lines]
        for follower in list(self.followers):
            try:
                follower.offer(lines, framed)
            except Exception:  # one socket's trouble is its own: it finds the gap and reads the log
                logger.exception("a follower of topic %s did not take lines", self.topic)


class Follower:
    """One socket's place in a topic: every line after `cursor`, once, in order."""

    __slots__ = ("_caught_up", "_task", "cursor", "fallen_behind", "feed", "live", "outbox")

    def __init__(self, feed: Feed, outbox: Outbox, cursor: int) -> None:
        self.feed = feed
        self.outbox = outbox
        self.cursor = cursor
        self.live = False
        self.fallen_behind = False
        self._caught_up = False
        self._task: asyncio.Task[None] | None = None

    def join(self) -> None:
        """Follows the feed from the cursor on."""
        self.feed.followers.add(self)
        self._read_log()

    def leave(self) -> None:
        self.feed.followers.discard(self)
        if self._task is not None:
            self._task.cancel()

    def offer(self, lines: Sequence[Line], framed: Sequence[Framed]) -> None:
        """Takes lines the feed hands out, with their frames; while reading the log by itself it needs none."""
        if not self.live:
            return
        for line, frame in zip(lines, framed, strict=True):
            if line.seq <= self.cursor:
                continue
            if self.outbox.full or line.seq > self.cursor + 1:
                self._fall_behind()
                return
            self.outbox.push(frame)
            self.cursor = line.seq

    def _fall_behind(self) -> None:
        self.live = False
        self.fallen_behind = True
        self._read_log()

    def _read_log(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._catch_up())

    async def _catch_up(self) -> None:
        """Reads the log from the cursor until nothing is between us and the feed."""
        while not self.outbox.closed:
            await self.outbox.room()
            lines = await self._page()
            with self.outbox.holding(sum(len(line.body) for line in lines)):
                await self._push(replay(lines, thin=self.fallen_behind))
            # No await between this look and going live: nothing can be handed out in between.
            if self.cursor >= self.feed.cursor or not lines:
                self._go_live()
                return

    async def _push(self, frames: Iterable[tuple[str, int]]) -> None:
        for frame, seq in frames:
            await self.outbox.room()
            self.outbox.push(frame)
            self.cursor = seq

    async def _page(self) -> list[Line]:
        after = {"after": self.cursor, "limit": PAGE, "limit_bytes": PAGE_BYTES}
        while True:
            try:
                return await ask(log.read, self.feed.topic, **after)
            except DatabaseError as error:
                logger.warning("topic %s cannot be read, trying again: %s", self.feed.topic, error)
                await asyncio.sleep(RETRY_SECONDS)

    def _go_live(self) -> None:
        self.live = True
        self.fallen_behind = False
        if not self._caught_up:
            self._caught_up = True
            self.outbox.push(compact({"type": "caught_up", "head": self.cursor}))


def replay(lines: Sequence[Line], *, thin: bool) -> Iterator[tuple[str, int]]:
    """Frames for lines read back, each with the seq the reader is at after it.

    Emptied lines, and with `thin` progress that newer progress in the same page outdates, are left out
    and named: {"type": "thinned", "first", "last"}.
    """
    dropped = _outdated(lines) if thin else set()
    gap: list[int] = []
    for line in lines:
        if not line.body or line.seq in dropped:
            gap.append(line.seq)
            continue
        if gap:
            yield thinned(gap[0], gap[-1]), gap[-1]
            gap = []
        yield line.body, line.seq
    if gap:
        yield thinned(gap[0], gap[-1]), gap[-1]


def thinned(first: int, last: int) -> str:
    """The frame that names lines left out."""
    return compact({"type": "thinned", "first": first, "last": last})


def _outdated(lines: Sequence[Line]) -> set[int]:
    newest: dict[tuple[str, str], int] = {}
    outdated: set[int] = set()
    for line in lines:
        if line.type in COALESCED:
            key = (line.type, line.subject)
            if key in newest:
                outdated.add(newest[key])
            newest[key] = line.seq
    return outdated
