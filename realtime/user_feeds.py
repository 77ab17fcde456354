"""All topics of one user, watched by their sockets of this process.

Lines become frames of the kinds' dialects once per user, in a reading thread, one topic after the
other; then every socket takes the same text.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseError

from realtime import log, topics
from realtime.feeds import PAGE, RETRY_SECONDS
from realtime.lines import Announcement, Line
from realtime.outbox import Outbox
from realtime.readers import ask
from realtime.topics import Snapshot, UserFrame, compact

logger = logging.getLogger(__name__)
GRACE_SECONDS = 0.25
WAITING_LIMIT = 1000


class UserFeed:
    """Where this process is in each topic of a user, and which sockets listen."""

    def __init__(self, user: UUID) -> None:
        self.user = user
        self.started = False
        self.cursors: dict[UUID, int] = {}
        self.kinds: dict[UUID, str] = {}
        self.heads: dict[UUID, int] = {}
        self.listeners: set[Listener] = set()
        self.watchers = 0
        self.starting: asyncio.Task[None] | None = None
        self._inbox: dict[UUID, list[Line]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self, known: dict[UUID, tuple[str, int]]) -> None:
        """Begins at the heads read after the user's group was joined."""
        for topic, (kind, head) in known.items():
            self.kinds[topic] = kind
            self.cursors[topic] = head
        self.started = True
        self._wake()

    def offer(self, announcement: Announcement) -> None:
        """Takes announced lines of any of the user's topics."""
        self.kinds[announcement.topic] = announcement.kind
        self._inbox.setdefault(announcement.topic, []).extend(announcement.lines)
        self._note(announcement.topic, announcement.last)
        self._wake()

    def note_head(self, topic: UUID, kind: str, head: int) -> None:
        """Takes a head found in the database; `fill` fetches what is missing then."""
        self.kinds[topic] = kind
        self._note(topic, head)

    def fill(self) -> None:
        """Fetches what announcements have not brought."""
        for topic, head in self.heads.items():
            if head > self.cursors.get(topic, 0):
                self._inbox.setdefault(topic, [])
        self._wake()

    def tell(self, frame: str) -> None:
        """Hands out a frame that stands in no log."""
        for listener in self.listeners:
            listener.tell(frame)

    def _note(self, topic: UUID, head: int) -> None:
        self.heads[topic] = max(head, self.heads.get(topic, 0))

    def _wake(self) -> None:
        if self.started and self._inbox and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        try:
            while self._inbox:
                topic = next(iter(self._inbox))
                await self._advance(topic, self._inbox.pop(topic))
        except DatabaseError as error:
            logger.warning("topics of user %s cannot be read, trying again: %s", self.user, error)
        finally:
            self._task = None

    async def _advance(self, topic: UUID, lines: list[Line]) -> None:
        """Hands out announced lines where they follow on, and reads the log where they do not."""
        fresh = _following(lines, self.cursors.get(topic, 0))
        if fresh:
            await self._hand_out(topic, fresh)
        while self.cursors.get(topic, 0) < self.heads[topic]:
            page = await ask(log.read, topic, after=self.cursors.get(topic, 0), limit=PAGE)
            if not page:
                self.cursors[topic] = self.heads[topic]  # deleted meanwhile
                return
            await self._hand_out(topic, page)

    async def _hand_out(self, topic: UUID, lines: Sequence[Line]) -> None:
        made = await ask(frames_of, self.kinds.get(topic, ""), topic, lines)
        self.cursors[topic] = lines[-1].seq
        for listener in self.listeners:
            listener.offer(topic, made)


class Listener:
    """One `/ws/user/` socket: the snapshot first, then every frame made after it, per topic in order."""

    __slots__ = ("_floors", "_held", "_resuming", "_waiting", "feed", "outbox")

    def __init__(self, feed: UserFeed, outbox: Outbox) -> None:
        self.feed = feed
        self.outbox = outbox
        self._waiting: list[tuple[UUID, list[UserFrame]]] | None = []
        self._held: dict[UUID, int] = {}
        self._floors: dict[UUID, int] = {}
        self._resuming: dict[UUID, asyncio.Task[None]] = {}

    def join(self) -> None:
        """Frames made from now on are kept back until the snapshot was sent."""
        self.feed.listeners.add(self)

    def leave(self) -> None:
        self.feed.listeners.discard(self)
        for task in self._resuming.values():
            task.cancel()

    def begin(self, snapshot: Snapshot) -> None:
        """Sends the snapshot; a moment is left for a `resume` before live frames follow."""
        heads = {str(topic): seq for topic, seq in snapshot.heads.items()}
        self.outbox.push(compact({"type": "snapshot", **snapshot.fields, "heads": heads}))
        self._floors.update(snapshot.heads)
        asyncio.get_running_loop().call_later(GRACE_SECONDS, self.release)

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
        if self._waiting is not None:
            self._waiting.append((topic, list(made)))
            if len(self._waiting) > WAITING_LIMIT:
                self.release()
        elif topic not in self._held:
            self._send(topic, made)

    def resume(self, cursors: dict[UUID, int]) -> None:
        """Starts topics again after the seqs the client has; `resumed` says when each has caught up."""
        for topic, seq in cursors.items():
            self._read_log(topic, seq, thin=False, asked=True)
        if self._waiting is not None:
            self.release()

    def _send(self, topic: UUID, made: Sequence[UserFrame]) -> None:
        floor = sent = self._floors.get(topic, 0)
        for frame in made:
            if frame.seq <= floor:
                continue
            if self.outbox.full and frame.seq != sent:
                # Not in the middle of the frames of one line: the line is read again as a whole.
                self._read_log(topic, frame.seq - 1, thin=True, asked=False)
                return
            self.outbox.push(frame.text)
            sent = frame.seq

    def _read_log(self, topic: UUID, after: int, *, thin: bool, asked: bool) -> None:
        if running := self._resuming.pop(topic, None):
            running.cancel()
        self._held[topic] = after
        loop = asyncio.get_running_loop()
        self._resuming[topic] = loop.create_task(self._catch_up(topic, thin=thin, asked=asked))

    async def _catch_up(self, topic: UUID, *, thin: bool, asked: bool) -> None:
        while not self.outbox.closed:
            await self.outbox.room()
            lines = await self._page(topic)
            made = await ask(frames_of, self.feed.kinds.get(topic, ""), topic, lines)
            for text in replayed(topic, made, thin=thin):
                await self.outbox.room()
                self.outbox.push(text)
            self._held[topic] = lines[-1].seq if lines else self._held[topic]
            if self._held[topic] >= self.feed.cursors.get(topic, 0) or not lines:
                break
        self._go_live(topic, asked=asked)

    def _go_live(self, topic: UUID, *, asked: bool) -> None:
        self._floors[topic] = self._held.pop(topic)
        self._resuming.pop(topic, None)
        if asked:
            self.outbox.push(compact({"type": "resumed", "topic": str(topic), "head": self._floors[topic]}))

    async def _page(self, topic: UUID) -> list[Line]:
        while True:
            try:
                return await ask(log.read, topic, after=self._held[topic], limit=PAGE)
            except DatabaseError as error:
                logger.warning("topic %s cannot be read, trying again: %s", topic, error)
                await asyncio.sleep(RETRY_SECONDS)


def frames_of(kind: str, topic: UUID, lines: Sequence[Line]) -> list[UserFrame]:
    """The frames of a kind's dialect; a run of emptied lines is named by `thinned`."""
    made = topics.frames(kind, topic, [line for line in lines if line.body])
    gaps = [_gap(topic, first, last) for first, last in _emptied(lines)]
    return sorted([*made, *gaps], key=lambda frame: frame.seq)


def replayed(topic: UUID, made: Sequence[UserFrame], *, thin: bool) -> Iterator[str]:
    """The texts to send; with `thin` without frames that newer ones of the same key outdate, and these named."""
    newest = {frame.key: frame.seq for frame in made if frame.key} if thin else {}
    gap: list[int] = []
    for frame in made:
        if frame.key and newest.get(frame.key, frame.seq) != frame.seq:
            gap.append(frame.seq)
            continue
        if gap:
            yield _gap(topic, gap[0], gap[-1]).text
            gap = []
        yield frame.text
    if gap:
        yield _gap(topic, gap[0], gap[-1]).text


def _gap(topic: UUID, first: int, last: int) -> UserFrame:
    named: dict[str, Any] = {"topic": str(topic), "first": first, "last": last}
    return UserFrame(last, compact({"type": "thinned", **named}))


def _emptied(lines: Sequence[Line]) -> list[tuple[int, int]]:
    gaps: list[tuple[int, int]] = []
    for line in lines:
        if line.body:
            continue
        if gaps and gaps[-1][1] == line.seq - 1:
            gaps[-1] = (gaps[-1][0], line.seq)
        else:
            gaps.append((line.seq, line.seq))
    return gaps


def _following(lines: Sequence[Line], cursor: int) -> list[Line]:
    """Of lines in any order, those that follow on the cursor without a gap."""
    following: list[Line] = []
    for line in sorted(lines, key=lambda line: line.seq):
        if line.seq == cursor + len(following) + 1:
            following.append(line)
    return following
