"""Counters shared by all web processes through Redis, and by one process alone while Redis is away."""

import logging
import time
from functools import cache

from django.conf import settings
from django.core.cache import cache as memory
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

RETRY_REDIS_AFTER_SECONDS = 5.0
PATIENCE_SECONDS = 0.5
_logger = logging.getLogger(__name__)


class SharedCounter:
    """Counts in fixed windows. Never raises: without Redis it counts in this process's memory."""

    def __init__(self) -> None:
        self._redis_again_at = 0.0

    def add(self, name: str, *, window_seconds: int, amount: int = 1) -> int:
        """Adds `amount` to the counter of the current window; returns what it stands at."""
        window = int(time.time()) // window_seconds
        key = f"{settings.REDIS_PREFIX}assay:count:{name}:{window}"
        if time.monotonic() >= self._redis_again_at:
            try:
                return _add_shared(key, amount, window_seconds)
            except (RedisError, OSError) as error:
                self._redis_again_at = time.monotonic() + RETRY_REDIS_AFTER_SECONDS
                _logger.warning("redis is away, counting in this process alone: %s", error)
        return _add_alone(key, amount, window_seconds)


def seconds_left(window_seconds: int) -> int:
    """Until the current window of this length ends; at least 1."""
    return window_seconds - int(time.time()) % window_seconds


def _add_shared(key: str, amount: int, window_seconds: int) -> int:
    # held until the answer is there: of two clients made at once one is dropped, and closes its connections
    client = _redis(settings.REDIS_URL)
    with client.pipeline() as both:
        both.incrby(key, amount)
        both.expire(key, 2 * window_seconds)
        return int(both.execute()[0])


def _add_alone(key: str, amount: int, window_seconds: int) -> int:
    memory.add(key, 0, timeout=2 * window_seconds)
    return memory.incr(key, amount)


@cache
def _redis(url: str) -> Redis:
    """One client with one pool per process.

    Not Django's cache: that opens a connection per request under ASGI, at 4 ms each. Tried again once, for
    connections that died with a Redis that is back, and not longer: every request would wait.
    """
    patience = {"socket_timeout": PATIENCE_SECONDS, "socket_connect_timeout": PATIENCE_SECONDS}
    return Redis.from_url(url, retry=Retry(NoBackoff(), 1), **patience)


counter = SharedCounter()
