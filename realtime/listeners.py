"""One socket that hears of all topics of its user: `/ws/user/`, and its like in other dialects."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import Error as DatabaseError

from realtime import log
from realtime.feeds import PAGE, RETRY_SECONDS
from realtime.outbox import PAGE_BYTES, Outbox
from realtime.readers import ask
from realtime.topics import PROGRESS, Found, Snapshot, UserFrame, compact, speaks
from realtime.user_feeds import UserFeed
from realtime.user_frames import Wanted, frames_of, narrowed, replayed

logger = logging.getLogger(__name__)
GRACE_SECONDS = 0.25
WAITING_LIMIT = 1000


class Listener:
    """One such socket: the snapshot first, then every frame made after it that it wants, per topic in order."""

    __slots__ = (
        "_floors", "_held", "_resuming", "_shown", "_turn", "_waiting", "dialect", "feed", "outbox", "wanted",
    )  # fmt: skip

    def __init__(
        self, feed: UserFeed, outbox: Outbox, *, dialect: str = PROGRESS, wanted: Wanted | None = None
    ) -> None:
        self.feed = feed
        self.outbox = outbox
        self.dialect = dialect
        self.wanted = wanted or {}
        self._waiting: list[tuple[UUID, list[UserFrame]]] | None = []
        self._held: dict[UUID, int] = {}
        self._floors: dict[UUID, int] = {}
        self._shown: Mapping[UUID, int] = {}
        self._resuming: dict[UUID, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()

    def join(self) -> None:
        """Frames made from now on are kept back until the snapshot was sent."""
        self.feed.listeners.add(self)

    def leave(self) -> None:
        self.feed.listeners.discard(self)
        for task in self._resuming.values():
            task.cancel()

    def begin(self, snapshot: Snapshot, *, greeting: str = "snapshot") -> None:
        """Sends the snapshot; a moment is left for a `resume` before live frames follow."""
        heads = {str(topic): seq for topic, seq in snapshot.heads.items()}
        self.outbox.push(compact({"type": greeting, **snapshot.fields, "heads": heads}))
        self._floors.update(snapshot.heads)
        self._shown = snapshot.heads
        asyncio.get_running_loop().call_later(GRACE_SECONDS, self.release)

    def heads(self) -> dict[str, int]:
        """The heads of the topics of the snapshot, and of those that moved lately."""
        shown = {topic: max(seq, self.feed.cursors.get(topic, 0)) for topic, seq in self._shown.items()}
        shown |= self.feed.heads
        return {str(topic): head for topic, head in shown.items() if self._may_name(topic)}

    def _may_name(self, topic: UUID) -> bool:
        kind = self.feed.kinds.get(topic)
        return self.feed.rights.get(topic, True) and (kind is None or speaks(kind, self.dialect))

    def release(self) -> None:
        """Sends what was kept back; from now on frames go out as they are made."""
        waiting, self._waiting = self._waiting, None
        for topic, made in waiting or ():
            self.offer(topic, made)

    def tell(self, frame: str) -> None:
        if not self.outbox.full:
            self.outbox.push(frame)

    def offer(self, topic: UUID, made: Sequence[UserFrame]) -> None:
        """Takes frames of one topic, unless that topic is being read from the log for this socket."""
        made = narrowed(made, self.wanted)
        if self._waiting is not None:
            self._waiting.append((topic, list(made)))
            if len(self._waiting) > WAITING_LIMIT:
                self.release()
        elif topic not in self._held:
            self._send(topic, made)

    def resume(self, cursors: Iterable[tuple[Found, int]]) -> None:
        """Starts topics again after the seqs the client has; `resumed` says when each has caught up."""
        for topic, seq in cursors:
            # A cursor beyond the head is of another history; all of this one follows.
            recovered = seq <= topic.head
            self.feed.note_head(topic.id, topic.kind, topic.head)
            self._read_log(topic.id, seq if recovered else 0, thin=False, recovered=recovered)
        if self._waiting is not None:
            self.release()

    def _send(self, topic: UUID, made: Sequence[UserFrame]) -> None:
        floor = sent = self._floors.get(topic, 0)
        for frame in made:
            if frame.seq <= floor:
                continue
            if self.outbox.full and frame.seq != sent:
                # Not in the middle of the frames of one line: the line is read again as a whole.
                self._read_log(topic, frame.seq - 1, thin=True)
                return
            self.outbox.push(frame.text)
            sent = frame.seq

    def _read_log(self, topic: UUID, after: int, *, thin: bool, recovered: bool | None = None) -> None:
        """Sends what lies after a seq; then says so if it was asked for, with `recovered`."""
        if running := self._resuming.pop(topic, None):
            running.cancel()
        self._held[topic] = after
        loop = asyncio.get_running_loop()
        self._resuming[topic] = loop.create_task(self._catch_up(topic, thin=thin, recovered=recovered))

    async def _catch_up(self, topic: UUID, *, thin: bool, recovered: bool | None) -> None:
        while not self.outbox.closed:
            # One topic after the other: a socket that does not read holds one page, not one per topic.
            async with self._turn:
                await self.outbox.room()
                page = await self._page(topic)
                if page is not None:
                    with self.outbox.holding(sum(len(frame.text) for frame in page.frames)):
                        await self._push(replayed(topic, page.frames, thin=thin))
            if page is None:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            reached = page.reached
            at_end = reached == self._held[topic]
            self._held[topic] = reached
            if at_end or reached >= self.feed.cursors[topic]:
                break
        self._go_live(topic, recovered=recovered)

    async def _push(self, texts: Iterable[str]) -> None:
        for text in texts:
            await self.outbox.room()
            self.outbox.push(text)

    def _go_live(self, topic: UUID, *, recovered: bool | None) -> None:
        head = self._floors[topic] = self._held.pop(topic)
        self._resuming.pop(topic, None)
        if recovered is not None:
            said = {"type": "resumed", "topic": str(topic), "head": head, "recovered": recovered}
            self.outbox.push(compact(said))

    async def _page(self, topic: UUID) -> "_Page | None":
        """The next frames; None when they cannot be had now, or the user may not see them now."""
        try:
            await self.feed.cursor(topic)
            if await self.feed.may_tell(topic):
                kind, after = self.feed.kinds[topic], self._held[topic]
                page = await ask(_page_after, kind, self.dialect, topic, after, self.wanted)
                return page if self.feed.rights.get(topic) else None
        except DatabaseError as error:
            logger.warning("topic %s cannot be read, trying again: %s", topic, error)
        return None


@dataclass(frozen=True)
class _Page:
    """Frames of a topic, and the seq they reach."""

    frames: Sequence[UserFrame]
    reached: int


def _page_after(kind: str, dialect: str, topic: UUID, after: int, wanted: Wanted) -> _Page:
    lines = log.read(topic, after=after, limit=PAGE, limit_bytes=PAGE_BYTES)
    made = narrowed(frames_of(kind, topic, lines, dialect), wanted)
    return _Page(made, lines[-1].seq if lines else after)
