"""How many sockets are open and what waits for them: of this process, and of all."""

import json
import logging
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from realtime.readers import ask

logger = logging.getLogger(__name__)
LIFETIME_SECONDS = 20.0


@dataclass(frozen=True)
class Sockets:
    """Counts of one process. `outbox_bytes` is what waits in all queues, `outbox_largest_bytes` in the fullest."""

    sockets: int = 0
    by_path: Mapping[str, int] = field(default_factory=dict)
    topics: int = 0
    outbox_bytes: int = 0
    outbox_largest_bytes: int = 0


@dataclass(frozen=True)
class ProcessSockets:
    """What one web process last said of its sockets."""

    process: str
    counts: Sockets


async def report(counts: Sockets) -> None:
    """Tells the other processes; the word is good for LIFETIME_SECONDS."""
    await ask(_report, counts)


def everywhere() -> list[ProcessSockets]:
    """What every web process said lately; empty when Redis is away."""
    try:
        with _redis() as redis:
            said = redis.hgetall(_key())
    except (RedisError, OSError) as error:
        logger.warning("socket counts cannot be read: %r", error)
        return []
    now = time.time()
    entries = [(name.decode(), json.loads(text)) for name, text in said.items()]
    return [
        ProcessSockets(name, Sockets(**entry["counts"]))
        for name, entry in sorted(entries)
        if entry["time"] > now - LIFETIME_SECONDS
    ]


def _report(counts: Sockets) -> None:
    entry = json.dumps({"time": time.time(), "counts": asdict(counts)})
    try:
        with _redis() as redis:
            redis.hset(_key(), f"{socket.gethostname()}:{os.getpid()}", entry)
            redis.expire(_key(), int(LIFETIME_SECONDS))
    except (RedisError, OSError) as error:
        logger.warning("socket counts cannot be told: %r", error)


def _redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=1.0, socket_connect_timeout=1.0)


def _key() -> str:
    return f"{settings.REDIS_PREFIX}assay.sockets"
