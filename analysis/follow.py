"""Follows a run's log live from this process: the doorbell wakes, the database is read by cursor."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from realtime import log
from realtime.lines import topic_group

ENDINGS = frozenset({"run.succeeded", "run.failed", "run.cancelled"})
# Without a doorbell the database is asked this often: Redis may be away, or have lost the last ring.
UNRUNG_SECONDS = 1.0
JOIN_SECONDS = 2.0


def follow(topic: UUID, tell: Callable[[Mapping[str, Any]], None], *, patience_seconds: float) -> str | None:
    """Tells every event in order, once, until the run's ending; its type.

    None when nothing at all happened for `patience_seconds`.
    """
    return asyncio.run(_follow(topic, tell, patience_seconds))


async def _follow(
    topic: UUID, tell: Callable[[Mapping[str, Any]], None], patience_seconds: float
) -> str | None:
    layer: Any = get_channel_layer()
    channel = await _join(layer, topic)
    seen, silent_seconds = 0, 0.0
    while silent_seconds < patience_seconds:
        lines = await sync_to_async(log.read)(topic, after=seen)
        for line in lines:
            seen = line.seq
            tell(json.loads(line.body))
            if line.type in ENDINGS:
                return line.type
        silent_seconds = 0.0 if lines else silent_seconds + UNRUNG_SECONDS
        await _ring(layer, channel)
    return None


async def _join(layer: Any, topic: UUID) -> str | None:
    try:
        async with asyncio.timeout(JOIN_SECONDS):
            channel = str(await layer.new_channel("follow."))
            await layer.group_add(topic_group(topic), channel)
    except (RedisError, OSError):  # a TimeoutError is an OSError too
        return None
    return channel


async def _ring(layer: Any, channel: str | None) -> None:
    """Waits for the next announcement, at most UNRUNG_SECONDS."""
    try:
        async with asyncio.timeout(UNRUNG_SECONDS):
            if channel is not None:
                await layer.receive(channel)
                return
    except TimeoutError:
        return
    except (RedisError, OSError):
        pass
    await asyncio.sleep(UNRUNG_SECONDS)
