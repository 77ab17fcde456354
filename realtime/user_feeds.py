"""All topics of one user, watched by their sockets of this process.

Lines become frames once per user and dialect somebody listens in, in a reading thread, one topic after
the other; then every socket takes the same text.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from django.db import Error as DatabaseError
from django.utils import timezone

from realtime import log, topics
from realtime.feeds import PAGE
from realtime.lines import Announcement, Line
from realtime.outbox import PAGE_BYTES
from realtime.readers import ask
from realtime.topics import PROGRESS, Pair, UserFrame
from realtime.user_frames import frames_of

logger = logging.getLogger(__name__)
# A topic that has not moved for this long is asked about and named in heartbeats no more, until it moves.
QUIET_SECONDS = 600.0


class Listening(Protocol):
    """What a feed must know of a socket that listens."""

    dialect: str

    def offer(self, topic: UUID, made: Sequence[UserFrame]) -> None:
        """Takes frames of one topic, in order."""

    def tell(self, frame: str) -> None:
        """Takes a frame that stands in no log."""


class UserFeed:
    """Where this process is in each topic of a user, and which sockets listen."""

    def __init__(self, user: UUID) -> None:
        self.user = user
        self.started = False
        self.since = timezone.now()
        self.cursors: dict[UUID, int] = {}
        self.kinds: dict[UUID, str] = {}
        self.heads: dict[UUID, int] = {}
        self.rights: dict[UUID, bool] = {}
        self.listeners: set[Listening] = set()
        self.watchers = 0
        self.starting: asyncio.Task[None] | None = None
        self._moved: dict[UUID, float] = {}
        self._inbox: dict[UUID, list[Line]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self, known: dict[UUID, tuple[str, int]]) -> None:
        """Begins at the heads read after the user's group was joined; of other topics when they move."""
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
            if head > self.cursors.get(topic, -1):
                self._inbox.setdefault(topic, [])
        self._wake()

    def tell(self, frame: str) -> None:
        """Hands out a frame that stands in no log; such frames are of the dialect PROGRESS."""
        for listener in self.listeners:
            if listener.dialect == PROGRESS:
                listener.tell(frame)

    def forget_quiet(self, now: float) -> None:
        """Drops what is remembered of topics that have been quiet; their cursors stay."""
        for topic, moved in list(self._moved.items()):
            # also while the right to see it is gone: it may come back, to a topic that never moves again
            behind = self.cursors.get(topic, -1) < self.heads[topic]
            if moved < now - QUIET_SECONDS and not behind:
                del self._moved[topic], self.heads[topic]
                self.rights.pop(topic, None)

    def _note(self, topic: UUID, head: int) -> None:
        if head > self.heads.get(topic, -1):
            self.heads[topic] = head
            self._moved[topic] = asyncio.get_running_loop().time()

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

    def watched(self) -> dict[str, set[Pair]]:
        """What must be asked about again: (user, topic) by kind, of topics that were told of."""
        by_kind: dict[str, set[Pair]] = {}
        for topic in self.rights:
            by_kind.setdefault(self.kinds[topic], set()).add((self.user, topic))
        return by_kind

    def check(self, *, asked: Mapping[str, set[Pair]], allowed: Mapping[str, set[Pair]]) -> None:
        """Takes what was found about `watched`; nothing more is told of a topic that is no longer allowed."""
        for topic in self.rights:
            kind, pair = self.kinds[topic], (self.user, topic)
            if pair in asked.get(kind, set()):
                self.rights[topic] = pair in allowed.get(kind, set())

    async def cursor(self, topic: UUID) -> int:
        """Where this process is in a topic: for one that was quiet at the start, where it was then."""
        if topic not in self.cursors:
            before = await ask(topics.head_before, topic, self.since)
            self.cursors.setdefault(topic, before)
        return self.cursors[topic]

    async def may_tell(self, topic: UUID) -> bool:
        """Whether the user may still watch a topic of theirs: the media may be somebody else's."""
        if topic not in self.rights:
            pair, kind = (self.user, topic), self.kinds[topic]
            allowed = await ask(topics.watchable, kind, [pair])
            return self.rights.setdefault(topic, pair in allowed)
        return self.rights[topic]

    async def _advance(self, topic: UUID, lines: list[Line]) -> None:
        """Hands out announced lines where they follow on, and reads the log where they do not.

        Where the right to watch is gone the cursor stays: should it come back, nothing is missing.
        """
        if not await self.may_tell(topic):
            return
        fresh = _following(lines, await self.cursor(topic))
        if fresh:
            await self._hand_out(topic, fresh)
        while self.cursors[topic] < self.heads.get(topic, 0) and self.rights.get(topic):
            after = {"after": self.cursors[topic], "limit": PAGE, "limit_bytes": PAGE_BYTES}
            page = await ask(log.read, topic, **after)
            if not page:
                self.cursors[topic] = self.heads[topic]  # deleted meanwhile
                return
            await self._hand_out(topic, page)

    async def _hand_out(self, topic: UUID, lines: Sequence[Line]) -> None:
        made: dict[str, list[UserFrame]] = {}
        # Asked again: a socket of another dialect may have come meanwhile.
        while new := {listener.dialect for listener in self.listeners} - made.keys():
            for dialect in new:
                made[dialect] = await ask(frames_of, self.kinds.get(topic, ""), topic, lines, dialect)
        if not self.rights.get(topic):  # taken away while we read
            return
        self.cursors[topic] = lines[-1].seq
        for listener in self.listeners:
            listener.offer(topic, made[listener.dialect])


def _following(lines: Sequence[Line], cursor: int) -> list[Line]:
    """Of lines in any order, those that follow on the cursor without a gap."""
    following: list[Line] = []
    for line in sorted(lines, key=lambda line: line.seq):
        if line.seq == cursor + len(following) + 1:
            following.append(line)
    return following
