"""Rings for the web processes: new lines go to the groups of their topic and of its owner.

The groups are those of the channel layer, and so are the messages; but a round of announcements is sent in one
round trip, not in two per topic, and to nobody where nobody has joined. Who joins meanwhile reads the log first.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from channels.layers import get_channel_layer
from django.conf import settings
from redis.asyncio import Redis

from realtime.lines import Announcement, lots, topic_group, user_group


class Doorbell:
    """The way to Redis of one event loop."""

    def __init__(self) -> None:
        self._redis: Redis | None = None
        self._url = ""

    async def ring(self, announcements: Sequence[Announcement]) -> None:
        """Announces the lines, in order. Raises RedisError, OSError; then sockets find them by themselves."""
        for parts in lots(announcements):
            await self._ring(parts)

    async def send(self, group: str, message: Mapping[str, Any]) -> None:
        """Sends one message to a group. Raises RedisError, OSError."""
        layer: Any = get_channel_layer()
        await layer.group_send(group, message)

    async def _ring(self, parts: Sequence[Announcement]) -> None:
        layer: Any = get_channel_layer()
        # what the layer itself calls the channel of a group
        channel = layer._get_layer()._get_group_channel_name
        groups = {
            name: channel(name)
            for part in parts
            for name in (topic_group(part.topic), user_group(part.owner))
        }
        redis = self._ours()
        counts = await redis.pubsub_numsub(*groups.values())
        joined = {_text(name) for name, count in counts if count}
        pipe = redis.pipeline(transaction=False)
        for part in parts:
            names = [groups[topic_group(part.topic)], groups[user_group(part.owner)]]
            heard = [name for name in names if name in joined]
            if heard:
                message = layer.serialize(part.message())
                for name in heard:
                    pipe.publish(name, message)
        if len(pipe):
            await pipe.execute()

    def _ours(self) -> Redis:
        layers: Any = settings.CHANNEL_LAYERS
        [url] = layers["default"]["CONFIG"]["hosts"]
        if self._redis is None or self._url != url:
            self._redis, self._url = Redis.from_url(url), url
        return self._redis


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name
