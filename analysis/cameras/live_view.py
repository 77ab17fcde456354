"""The newest frame of a camera, on its way from its worker to who watches it: through Redis, and only meanwhile.

Who watches says so again and again, each time for a few seconds; who has the camera looks there, and keeps the newest
frame beside it for as long. Nothing queues: there is one frame, and the next takes its place.
"""

from secrets import token_hex
from typing import Any
from uuid import UUID

from django.conf import settings
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.backoff import NoBackoff
from redis.retry import Retry

from analysis.engine.types.footage import Snapshot

WATCHED_SECONDS = 5
KEPT_SECONDS = 5
# at most five frames a second: more are for players, this is for looking after a camera
LEAST_SECONDS = 0.2
# Redis is shared with everything that is announced
MOST_BYTES = 2 << 20
PATIENCE_SECONDS = 0.5
AT, CLEAN, BOXED = "at", "clean", "boxed"
_PATIENCE: dict[str, Any] = {
    "socket_timeout": PATIENCE_SECONDS,
    "socket_connect_timeout": PATIENCE_SECONDS,
}


def watched_key(camera: UUID) -> str:
    """There while somebody watches."""
    return f"{settings.REDIS_PREFIX}assay.camera.watched.{camera.hex}"


def frame_key(camera: UUID) -> str:
    """A hash: which frame it is (`at`), and the two pictures of it."""
    return f"{settings.REDIS_PREFIX}assay.camera.frame.{camera.hex}"


class Publisher:
    """Puts the frames of one camera where they are watched. Raises RedisError, OSError."""

    def __init__(self, camera: UUID) -> None:
        self._redis = Redis.from_url(settings.REDIS_URL, retry=Retry(NoBackoff(), 1), **_PATIENCE)
        self._watched, self._frame = watched_key(camera), frame_key(camera)
        self._shown: Snapshot | None = None
        # another worker may have shown this camera a moment ago
        self._name, self._number = token_hex(4), 0

    def is_watched(self) -> bool:
        """Whether anybody watches the camera now."""
        return bool(self._redis.exists(self._watched))

    def show(self, snapshot: Snapshot | None) -> None:
        """Makes it the newest frame; None: there is none. One that is too large is not shown."""
        if snapshot is not None and max(len(snapshot.clean), len(snapshot.boxed)) > MOST_BYTES:
            snapshot = None
        if snapshot is None:
            self._redis.delete(self._frame)
        # the same frame stays the newest one for as long as the camera gives no other
        elif snapshot is not self._shown or not self._redis.expire(self._frame, KEPT_SECONDS):
            self._put(snapshot)
        self._shown = snapshot

    def close(self) -> None:
        self._redis.close()

    def _put(self, snapshot: Snapshot) -> None:
        self._number += 1
        at = f"{self._name}.{self._number}"
        with self._redis.pipeline() as pipe:
            pipe.hset(self._frame, mapping={AT: at, CLEAN: snapshot.clean, BOXED: snapshot.boxed})
            pipe.expire(self._frame, KEPT_SECONDS)
            pipe.execute()


class Reader:
    """Asks for the frames of one camera, which says that it is watched. Raises RedisError, OSError."""

    def __init__(self, redis: AsyncRedis, camera: UUID) -> None:
        self._redis = redis
        self._watched, self._frame = watched_key(camera), frame_key(camera)

    async def newest(self) -> bytes | None:
        """Which frame is the newest one; None when there is none."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.set(self._watched, "1", ex=WATCHED_SECONDS)
        pipe.hget(self._frame, AT)
        found: bytes | None = (await pipe.execute())[1]
        return found

    async def picture(self, *names: str) -> list[bytes | None]:
        """Which frame it is, and its pictures of these names."""
        found: Any = self._redis.hmget(self._frame, [AT, *names])
        return list(await found)


def async_redis() -> AsyncRedis:
    """For readers of one event loop."""
    return AsyncRedis.from_url(settings.REDIS_URL, **_PATIENCE)
