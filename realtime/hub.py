"""Fan-out per process: every topic's group is joined once, every line is handed to all sockets as it is.

Once a second one query asks for the heads of everything watched here, so that a lost announcement costs
at most that second; rights and credentials are asked for again with one query each.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import Error as DatabaseError

from accounts import credentials
from accounts.sockets import Identity
from realtime import stats, topics
from realtime.dialect_feeds import DialectFeed
from realtime.feeds import Feed
from realtime.lines import Announcement, topic_group, user_group
from realtime.outbox import Outbox
from realtime.quotas import Quotas
from realtime.readers import ask
from realtime.subscriptions import Subscriptions
from realtime.user_feeds import UserFeed
from realtime.waiting import Waiting

logger = logging.getLogger(__name__)
POLL_SECONDS = 0.8
# Announcements of lines the poll has seen are usually on their way: only what stays away is fetched.
GRACE_SECONDS = 0.1
# Between so many checks everything else has its turn.
CHECKED_AT_ONCE = 50
RECHECK_SECONDS = 3.0  # five are promised; a tick and its queries come on top
REPORT_SECONDS = 5.0
STUCK_SECONDS = 15.0
AnyFeed = Feed | UserFeed | DialectFeed
Starting = Callable[[], Coroutine[Any, Any, None]]


class Entered(Protocol):
    """What the hub must know of a socket."""

    @property
    def name(self) -> str: ...

    @property
    def identity(self) -> Identity | None: ...

    @property
    def watched(self) -> topics.Found | None: ...

    @property
    def outbox(self) -> Outbox: ...

    def tick(self, now: float, *, stuck_seconds: float) -> None:
        """Once a second."""

    def check(
        self,
        *,
        held: set[UUID],
        live: set[UUID],
        asked: Mapping[str, set[topics.Pair]],
        allowed: Mapping[str, set[topics.Pair]],
    ) -> None:
        """Ends the socket when its credential or its right to watch is gone."""


class Hub:
    """The sockets of one event loop and what they watch."""

    def __init__(self) -> None:
        self.connections: set[Entered] = set()
        self.quotas = Quotas()
        self.feeds: dict[UUID, Feed] = {}
        self.users: dict[UUID, UserFeed] = {}
        self.dialects: dict[tuple[UUID, str], DialectFeed] = {}
        self.waiting = Waiting()
        self._subscriptions = Subscriptions(self._deliver)
        self._ticking: asyncio.Task[None] | None = None
        self._poll_now = asyncio.Event()
        self._next_recheck = self._next_report = 0.0

    def enter(self, connection: Entered) -> None:
        """Counts a socket in; from now on it is beaten, checked and cut."""
        if connection not in self.connections and connection.identity:
            self.quotas.take_socket(connection.identity.user_id)
        self.connections.add(connection)
        if self._ticking is None:
            self._ticking = asyncio.get_running_loop().create_task(self._tick_on())

    def leave(self, connection: Entered) -> None:
        if connection in self.connections and connection.identity:
            self.quotas.give_socket(connection.identity.user_id)
        self.connections.discard(connection)

    def count(self, user: UUID) -> int:
        """How many sockets of a user are open in this process."""
        return self.quotas.sockets[user]

    async def topic(self, topic: UUID) -> Feed:
        """The started feed of a topic; `release` it when it is no longer watched."""
        feed = self.feeds.setdefault(topic, Feed(topic))
        feed.watchers += 1
        await self._start_or_release(feed, lambda: self._start_topic(feed))
        return feed

    async def user(self, user: UUID) -> UserFeed:
        """The started feed of a user; `release` it when it is no longer watched."""
        feed = self.users.setdefault(user, UserFeed(user))
        feed.watchers += 1
        await self._start_or_release(feed, lambda: self._start_user(feed))
        return feed

    async def dialect(self, lines: Feed, kind: str, dialect: str) -> DialectFeed:
        """A topic in a dialect its kind speaks, started; `release` it before the topic's own feed."""
        key = (lines.topic, dialect)
        feed = self.dialects.setdefault(key, DialectFeed(lines, kind, dialect))
        feed.watchers += 1
        await self._start_or_release(feed, feed.start)
        return feed

    def release(self, feed: AnyFeed) -> None:
        """One watcher less; the last one takes the feed with it."""
        feed.watchers -= 1
        if feed.watchers:
            return
        if isinstance(feed, Feed):
            del self.feeds[feed.topic]
            self._subscriptions.leave(topic_group(feed.topic))
        elif isinstance(feed, DialectFeed):
            del self.dialects[feed.lines.topic, feed.dialect]
            feed.stop()
        else:
            del self.users[feed.user]
            self._subscriptions.leave(user_group(feed.user))

    async def _start_or_release(self, feed: AnyFeed, start: Starting) -> None:
        try:
            await _start_once(feed, start)
        except BaseException:
            self.release(feed)
            raise

    async def _start_topic(self, feed: Feed) -> None:
        await self._subscriptions.join(topic_group(feed.topic))
        feed.start(await ask(topics.head_of, feed.topic))
        self._poll_soon()

    async def _start_user(self, feed: UserFeed) -> None:
        await self._subscriptions.join(user_group(feed.user))
        feed.start(await ask(topics.heads_of, feed.user))
        self._poll_soon()

    def _poll_soon(self) -> None:
        # The layer returns before Redis has subscribed; what fell in between is found at once by this.
        self._poll_now.set()

    def _deliver(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "user.frame":
            if listening := self.users.get(UUID(message["user"])):
                listening.tell(message["frame"])
            return
        announcement = Announcement.read(message)
        if feed := self.feeds.get(announcement.topic):
            feed.offer(announcement.lines)
        if user := self.users.get(announcement.owner):
            user.offer(announcement)

    async def _tick_on(self) -> None:
        try:
            # Asked again after tidying up: a socket may have entered meanwhile, and started no ticking.
            while self.connections:
                await self._guarded(self._tick)
                await self._rest()
                if not self.connections:
                    await self._guarded(self._tidy_up)
        finally:
            self._ticking = None

    async def _guarded(self, step: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await step()
        except DatabaseError as error:
            logger.warning("the database cannot be asked for heads and rights: %s", error)
        except Exception:  # the worker loop of this process's sockets: one bad tick must not end it
            logger.exception("a tick of the hub failed")

    async def _tidy_up(self) -> None:
        await self._subscriptions.reconcile()
        await stats.report(self.snapshot())

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._poll_now.wait()
                await asyncio.sleep(GRACE_SECONDS)
        except TimeoutError:
            return

    async def _tick(self) -> None:
        self._poll_now.clear()
        now = asyncio.get_running_loop().time()
        for connection in list(self.connections):
            connection.tick(now, stuck_seconds=STUCK_SECONDS)
        await self._subscriptions.reconcile()
        await self._poll()
        await self.waiting.look()
        if now >= self._next_recheck:
            self._next_recheck = now + RECHECK_SECONDS
            await self._recheck()
        if now >= self._next_report:
            self._next_report = now + REPORT_SECONDS
            await stats.report(self.snapshot())

    async def _poll(self) -> None:
        if not self.feeds and not self.users:
            return
        for topic, kind, owner, head in await ask(topics.moved, list(self.feeds), list(self.users)):
            if feed := self.feeds.get(topic):
                feed.note_head(head)
            if user := self.users.get(owner):
                user.note_head(topic, kind, head)
        reached = {topic: feed.cursor for topic, feed in self.feeds.items()}
        await asyncio.sleep(GRACE_SECONDS)
        for topic, topic_feed in self.feeds.items():
            # One that moves is being announced: reading it, too, would only hold up what is on its way.
            if topic_feed.cursor == reached.get(topic, topic_feed.cursor):
                topic_feed.fill()
        now = asyncio.get_running_loop().time()
        for user_feed in self.users.values():
            user_feed.fill()
            user_feed.forget_quiet(now)

    async def _recheck(self) -> None:
        held = {one.identity.credential_id for one in self.connections if one.identity}
        live = await ask(credentials.live, held) if held else set()
        asked = self._watched()
        allowed = {kind: await ask(topics.watchable, kind, pairs) for kind, pairs in asked.items()}
        for number, one in enumerate(list(self.connections), start=1):
            if one in self.connections:
                one.check(held=held, live=live, asked=asked, allowed=allowed)
            if number % CHECKED_AT_ONCE == 0:
                await asyncio.sleep(0)
        for feed in self.users.values():
            feed.check(asked=asked, allowed=allowed)

    def _watched(self) -> dict[str, set[topics.Pair]]:
        by_kind: dict[str, set[topics.Pair]] = {}
        for one in self.connections:
            if one.identity and one.watched:
                by_kind.setdefault(one.watched.kind, set()).add((one.identity.user_id, one.watched.id))
        for feed in self.users.values():
            for kind, pairs in feed.watched().items():
                by_kind.setdefault(kind, set()).update(pairs)
        return by_kind

    def snapshot(self) -> stats.Sockets:
        """Counts for /metrics and the operations page."""
        queued = [one.outbox.held_bytes for one in self.connections]
        return stats.Sockets(
            sockets=len(self.connections),
            by_path=dict(Counter(one.name for one in self.connections)),
            topics=len(self.feeds),
            outbox_bytes=sum(queued),
            outbox_largest_bytes=max(queued, default=0),
        )


async def _start_once(feed: AnyFeed, start: Starting) -> None:
    if feed.started:
        return
    if feed.starting is None:
        feed.starting = asyncio.get_running_loop().create_task(start())
    try:
        # Shielded: that one who waits goes away must not stop it for the others.
        await asyncio.shield(feed.starting)
    finally:
        feed.starting = None if feed.starting is None or feed.starting.done() else feed.starting


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    found = _hubs.get(loop)
    if found is None:
        found = _hubs[loop] = Hub()
    return found


def hubs() -> list[Hub]:
    """The hubs of this process, as a rule one."""
    return list(_hubs.values())
