"""The sockets of the log: one topic, all topics of a user, and these in a dialect that can be narrowed."""

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qs
from uuid import UUID

from accounts.sockets import Identity
from realtime import frames, topics
from realtime.connection import Connection
from realtime.feeds import Feed, Follower
from realtime.frames import Command, Commands, Ended, FrameRefused
from realtime.listeners import Listener
from realtime.readers import ask
from realtime.topics import PROGRESS, Snapshot, compact
from realtime.user_feeds import UserFeed
from realtime.user_frames import Wanted, wanted

RESUME_LIMIT = 200


class TopicSocket(Connection):
    """`/ws/topics/<id>/?after=N`: every event after N, in order, once, then live ones."""

    name = "topic"
    commands: ClassVar[Commands] = {"ping": frozenset(), "ack": frozenset({"seq"})}

    feed: Feed | None = None
    follower: Follower | None = None
    acknowledged = 0

    async def opened(self, identity: Identity) -> None:
        after = cursor_of(self.scope) or 0
        topic_id = uuid_of(self.scope["url_route"]["kwargs"]["topic"])
        found = await ask(topics.find, topic_id, user=identity.user_id) if topic_id else None
        if found is None:
            raise frames.not_found()
        self.watch(found)
        self.feed = await self.hub.topic(found.id)
        head = max(self.feed.head, found.head)
        recovered = after <= head
        self.outbox.push(compact({"type": "subscribed", "head": head, "recovered": recovered}))
        # A cursor beyond the head is of another history; all of this one follows.
        self.follower = Follower(self.feed, self.outbox, after if recovered else 0)
        self.follower.join()

    async def told(self, command: Command) -> None:
        seq = frames.seq_of(command.fields["seq"], name="seq")
        if self.follower is None or seq > self.follower.cursor:
            raise FrameRefused("bad_value", "seq is beyond what this socket was sent.")
        self.acknowledged = max(self.acknowledged, seq)

    def heartbeat(self) -> dict[str, Any]:
        return {"head": self.feed.head if self.feed else 0}

    def left(self) -> None:
        if self.follower is not None:
            self.follower.leave()
        if self.feed is not None:
            self.hub.release(self.feed)


class UserSocket(Connection):
    """`/ws/user/`: what happens in all topics of a user, in the progress dialect."""

    name = "user"
    commands: ClassVar[Commands] = {"ping": frozenset(), "resume": None}
    dialect: ClassVar[str] = PROGRESS
    greeting: ClassVar[str] = "snapshot"

    feed: UserFeed | None = None
    listener: Listener | None = None

    async def opened(self, identity: Identity) -> None:
        wanted = self.wanted()
        self.feed = await self.hub.user(identity.user_id)
        self.listener = Listener(self.feed, self.outbox, dialect=self.dialect, wanted=wanted)
        self.listener.join()
        self.listener.begin(await self.standing(identity.user_id), greeting=self.greeting)

    def wanted(self) -> Wanted:
        """What the address asks for; everything, unless it says otherwise. Raises Ended."""
        return {}

    async def standing(self, user: UUID) -> Snapshot:
        """What the first frame says."""
        return await ask(topics.snapshot, user)

    async def told(self, command: Command) -> None:
        cursors = _cursors(command.fields)
        if self.feed is None or self.listener is None or self.identity is None:
            raise FrameRefused("bad_value", "Wait for the snapshot.")
        found = await ask(topics.find_own, cursors.keys(), user=self.identity.user_id)
        for topic in cursors.keys() - found.keys():
            self._reply(frames.error("not_found", f"There is no topic {topic} of yours."))
        self.listener.resume([(known, cursors[topic]) for topic, known in found.items()])

    def heartbeat(self) -> dict[str, Any]:
        return {"heads": self.listener.heads() if self.listener else {}}

    def left(self) -> None:
        if self.listener is not None:
            self.listener.leave()
        if self.feed is not None:
            self.hub.release(self.feed)


class NarrowedSocket(UserSocket):
    """All topics of a user in another dialect; the query of the address narrows what is sent."""

    greeting = "connected"

    def wanted(self) -> Wanted:
        query = self.scope.get("query_string", b"").decode("latin-1")
        try:
            return wanted(query, topics.filters(self.dialect))
        except FrameRefused as refused:
            raise Ended(1008, refused.code, refused.message) from refused

    async def standing(self, user: UUID) -> Snapshot:
        return await ask(topics.standing, user, self.dialect)


class EventsSocket(NarrowedSocket):
    """`/ws/events`: what programs that watch footage expect to find there."""

    name = "events"
    dialect = "footage"


class NoSuchSocket(Connection):
    """Every other address under /ws/."""

    name = "unknown"

    async def opened(self, identity: Identity) -> None:
        raise frames.not_found()


def cursor_of(scope: Any) -> int | None:
    """The `?after=` of a socket, None without one. Raises Ended."""
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    values = query.get("after")
    if values is None:
        return None
    if len(values) != 1 or not values[0].isascii() or not values[0].isdecimal() or len(values[0]) > 16:
        raise Ended(1008, "bad_cursor", "after must be a whole number from 0: the last seq you have.")
    return int(values[0])


def _cursors(fields: Mapping[str, Any]) -> dict[UUID, int]:
    """{topic: seq, …}; also as {"topics": {topic: seq, …}} and, for one, {"topic", "seq"}."""
    named = fields
    if isinstance(fields.get("topics"), dict):
        named = fields["topics"]
    elif fields.keys() == {"topic", "seq"}:
        named = {str(fields["topic"]): fields["seq"]}
    if not 1 <= len(named) <= RESUME_LIMIT:
        raise FrameRefused("bad_value", f"A resume frame names 1 to {RESUME_LIMIT} topics.")
    return {_topic(text): frames.seq_of(seq, name="The seq of a topic") for text, seq in named.items()}


def _topic(text: str) -> UUID:
    topic = uuid_of(text)
    if topic is None:
        raise FrameRefused("unknown_field", f"{text[:64]!r} is no topic.")
    return topic


def uuid_of(text: str) -> UUID | None:
    """The id in an address or a frame, None when it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
