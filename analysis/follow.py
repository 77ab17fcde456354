"""Follows a log live from this process: the doorbell wakes, the database is read by cursor."""

import asyncio
import logging
import math
from collections.abc import Callable
from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer
from django.db import Error as DatabaseError
from redis.exceptions import RedisError

from realtime import log
from realtime.lines import Line, topic_group
from realtime.models import Event
from realtime.readers import ask

logger = logging.getLogger(__name__)
ENDINGS = frozenset({"run.succeeded", "run.failed", "run.cancelled", "job.succeeded", "job.failed"})
TURNS = ENDINGS | {"run.retried", "job.reported"}
# Without a doorbell the database is asked this often: Redis may be away, or have lost the last ring.
UNRUNG_SECONDS = 1.0
JOIN_SECONDS = 2.0


def follow(
    topic: UUID, tell: Callable[[Line], None], *, after: int = 0, patience_seconds: float = math.inf
) -> Line | None:
    """Tells every line after `after` in order, once, up to an ending and what the log held after it; that ending.

    None when nothing at all happened for `patience_seconds`. Raises UnknownTopic when the log is not there
    any more. While the database is away it waits.
    """
    return asyncio.run(_follow(topic, tell, after, patience_seconds))


async def _follow(
    topic: UUID, tell: Callable[[Line], None], after: int, patience_seconds: float
) -> Line | None:
    layer: Any = get_channel_layer()
    channel = await _join(layer, topic)
    silent_seconds = 0.0
    ending = await ask(_ending_before, topic, after) if after else None
    while silent_seconds < patience_seconds:
        lines, head = await _read(topic, after)
        for line in lines:
            after = line.seq
            tell(line)
            # A run asked for again or a job begun anew: only these take an ending back.
            if line.type in TURNS:
                ending = line if line.type in ENDINGS else None
        if head is not None and after < head:
            continue
        if head is not None and ending is not None:
            return ending
        silent_seconds = 0.0 if lines else silent_seconds + UNRUNG_SECONDS
        await _ring(layer, channel)
    return None


def _ending_before(topic: UUID, after: int) -> Line | None:
    turns = Event.objects.filter(topic=topic, seq__lte=after, type__in=TURNS).order_by("-seq")
    last = turns.values_list("seq", "type", "body").first()
    return Line(topic, *last) if last and last[1] in ENDINGS else None


async def _read(topic: UUID, after: int) -> tuple[list[Line], int | None]:
    """The next lines, and the head there was before them; no head while the database is away."""
    try:
        head = await ask(log.head, topic)
        return await ask(log.read, topic, after=after), head
    except DatabaseError as error:
        logger.warning("the log cannot be read, trying again: %s", error)
        return [], None


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
