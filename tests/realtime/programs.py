"""Programs outside, at a test's own Redis, and what the stream there holds."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from redis import Redis

from realtime import log, outside, publisher, relay
from realtime.lines import Line
from realtime.log import Draft
from realtime.readers import ask
from tests.realtime.own_redis import OwnRedis
from tests.waiting import eventually


class Listener:
    """A program that subscribed to channels and keeps what it hears; it comes back when Redis does."""

    def __init__(self, redis: OwnRedis, *channels: str) -> None:
        self._redis = redis
        self._channels = [outside.public(name) for name in channels]
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.connect()

    def connect(self) -> None:
        self._pubsub = Redis.from_url(self._redis.url, decode_responses=True).pubsub()
        self._pubsub.subscribe(*self._channels)
        for _ in self._channels:
            self._pubsub.get_message(timeout=5)

    def listen(self) -> list[tuple[str, dict[str, Any]]]:
        """What was heard so far."""
        while message := self._pubsub.get_message(timeout=0.02):
            if message["type"] == "message":
                name = message["channel"].removeprefix(outside.public(""))
                self.heard.append((name, json.loads(message["data"])))
        return self.heard

    async def hear(self, count: int, *, limit: float = 15.0) -> list[tuple[str, dict[str, Any]]]:
        """What was heard, as soon as it is this much."""
        await eventually(lambda: self._enough(count), limit=limit, what=f"{count} messages")
        return self.heard

    async def hear_until(self, last: Callable[[dict[str, Any]], bool]) -> list[tuple[str, dict[str, Any]]]:
        """What was heard, as soon as such a message is among it."""

        async def came() -> bool:
            return any(last(said) for _, said in await asyncio.to_thread(self.listen))

        await eventually(came, limit=15, what="the last message")
        return self.heard

    async def _enough(self, count: int) -> bool:
        return len(await asyncio.to_thread(self.listen)) >= count


def streamed(redis: OwnRedis, topic: UUID) -> list[int]:
    """The seqs of a topic in the stream, in its order."""
    with Redis.from_url(redis.url, decode_responses=True) as client:
        entries = client.xrange(outside.stream())
    return [int(fields["seq"]) for _, fields in entries if fields["topic"] == str(topic)]


async def in_stream(redis: OwnRedis, topic: UUID, count: int) -> list[int]:
    """The seqs of a topic in the stream, as soon as there are this many."""

    async def enough() -> bool:
        return len(await asyncio.to_thread(streamed, redis, topic)) >= count

    await eventually(enough, limit=15, what=f"{count} entries of the stream")
    return streamed(redis, topic)


async def marked(topic: UUID, seq: int) -> bool:
    return bool(await ask(relay.published, topic) == seq)


def append_unannounced(topic: UUID, *drafts: Draft) -> list[Line]:
    """Lines of a writer that has committed and not come to announce them."""
    announce, publisher.announce = publisher.announce, lambda announcement: None
    try:
        return log.append(topic, drafts)
    finally:
        publisher.announce = announce
