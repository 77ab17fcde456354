"""The one channel through which a process hears announcements, and the groups it has joined.

Redis may be away: what could not be joined or left is tried again with every tick of the hub.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
UNREACHABLE = (RedisError, OSError, TimeoutError)
JOIN_SECONDS = 1.0
AGAIN_SECONDS = 1.5


class Subscriptions:
    """Joins groups once per process; hands every message to `deliver`."""

    def __init__(self, deliver: Callable[[Mapping[str, Any]], None]) -> None:
        self._deliver = deliver
        self._wanted: set[str] = set()
        self._joined: set[str] = set()
        self._channel: str | None = None
        self._receiving: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        self._not_before = 0.0

    async def join(self, group: str) -> None:
        """Joins a group; when Redis is away, as soon as it is back."""
        self._wanted.add(group)
        await self.reconcile()

    def leave(self, group: str) -> None:
        """Leaves a group, with the next reconcile."""
        self._wanted.discard(group)

    async def reconcile(self) -> None:
        """Joins and leaves what was wanted and has not happened yet."""
        async with self._lock:
            if self._wanted == self._joined or asyncio.get_running_loop().time() < self._not_before:
                return
            try:
                async with asyncio.timeout(JOIN_SECONDS):
                    await self._reconcile()
            except UNREACHABLE as error:
                # One who waits in vain is enough: the others go on, and the next tick tries again.
                self._not_before = asyncio.get_running_loop().time() + AGAIN_SECONDS
                logger.warning("redis cannot be reached, reading the database instead: %r", error)

    async def _reconcile(self) -> None:
        layer: Any = get_channel_layer()
        if self._channel is None:
            self._channel = await layer.new_channel("hub.")
            self._receiving = asyncio.create_task(self._receive(self._channel))
        for group in self._wanted - self._joined:
            await layer.group_add(group, self._channel)
            self._joined.add(group)
        for group in self._joined - self._wanted:
            await layer.group_discard(group, self._channel)
            self._joined.discard(group)

    async def _receive(self, channel: str) -> None:
        layer: Any = get_channel_layer()
        while True:
            message = await layer.receive(channel)
            try:
                self._deliver(message)
            except Exception:  # the worker loop of announcements: a message we cannot read must not end it
                logger.exception("an announcement could not be delivered; the database is read instead")
