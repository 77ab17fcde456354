"""The cameras somebody watches in this process: each is asked for once, whoever and however many they are."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID
from weakref import WeakKeyDictionary

from redis.exceptions import RedisError

from analysis.cameras.live_view import LEAST_SECONDS, Reader, async_redis

logger = logging.getLogger(__name__)
# from the first look: who has the camera notices within half a second that it is watched, and makes a picture
NONE_AFTER_SECONDS = 3.0
AWAY_SECONDS = 1.0


class Shows(StrEnum):
    """What there is to be seen: a picture; none from the camera now; nothing, since Redis cannot be asked."""

    PICTURE = "picture"
    NONE = "none"
    AWAY = "away"


@dataclass(frozen=True)
class Sight:
    """What is to be seen of a camera at a moment; pictures by name where it `shows` one."""

    shows: Shows
    at: bytes = b""
    pictures: tuple[tuple[str, bytes], ...] = ()

    def picture(self, name: str) -> bytes:
        """Raises KeyError for one nobody asked for in time."""
        return dict(self.pictures)[name]


class View:
    """The newest frame of one camera, asked for while it has watchers."""

    def __init__(self, camera: UUID) -> None:
        self.names: Counter[str] = Counter()
        self._camera = camera
        self._sight: Sight | None = None
        self._changed = asyncio.Event()
        self._none_since = time.monotonic()

    async def next(self, name: str, after: Sight | None, *, within_seconds: float) -> Sight | None:
        """The newest sight once it is another than `after`; the same again, or None, when none comes in time."""
        try:
            async with asyncio.timeout(within_seconds):
                while not self._is_news(name, after):
                    await self._changed.wait()
        except TimeoutError:
            pass
        return self._sight if self._has(name) else None

    async def follow(self) -> None:
        """Asks for the newest frame, again and again; for a task."""
        async with async_redis() as redis:
            reader = Reader(redis, self._camera)
            while True:
                began = time.monotonic()
                pause_seconds = await self._looked(reader)
                await asyncio.sleep(max(0.0, pause_seconds - (time.monotonic() - began)))

    async def _looked(self, reader: Reader) -> float:
        """After how many seconds to look again."""
        try:
            await self._look(reader)
        except (RedisError, OSError) as error:
            if self._sight is None or self._sight.shows != Shows.AWAY:
                logger.warning("live views wait for redis: %s", error)
            self._becomes(Sight(Shows.AWAY))
            return AWAY_SECONDS
        return LEAST_SECONDS

    async def _look(self, reader: Reader) -> None:
        newest = await reader.newest()
        if newest is None:
            return self._none()
        self._none_since = time.monotonic()
        names = sorted(self.names)
        known = self._sight
        if known and known.at == newest and all(self._has(name) for name in names):
            return None
        at, *found = await reader.picture(*names)
        pictures = tuple((name, one) for name, one in zip(names, found, strict=True) if one)
        if at is not None and len(pictures) == len(names):
            self._becomes(Sight(Shows.PICTURE, at, pictures))
        return None

    def _none(self) -> None:
        if self._sight and self._sight.shows == Shows.AWAY:
            self._none_since, self._sight = time.monotonic(), None
        if time.monotonic() - self._none_since > NONE_AFTER_SECONDS:
            self._becomes(Sight(Shows.NONE))

    def _becomes(self, sight: Sight) -> None:
        if sight != self._sight:
            self._sight = sight
            self._changed.set()
            self._changed = asyncio.Event()

    def _has(self, name: str) -> bool:
        sight = self._sight
        return sight is not None and (sight.shows != Shows.PICTURE or name in dict(sight.pictures))

    def _is_news(self, name: str, after: Sight | None) -> bool:
        sight = self._sight
        if sight is None or not self._has(name):
            return False
        return after is None or (sight.shows, sight.at) != (after.shows, after.at)


class Views:
    """What is watched in one event loop."""

    def __init__(self) -> None:
        self._views: dict[UUID, tuple[View, asyncio.Task[None]]] = {}

    @asynccontextmanager
    async def of(self, camera: UUID, name: str) -> AsyncIterator[View]:
        """The view of a camera, for who needs its pictures of that name; nobody is left: nobody asks any more."""
        if camera not in self._views:
            view = View(camera)
            self._views[camera] = (view, asyncio.get_running_loop().create_task(view.follow()))
        view, following = self._views[camera]
        view.names[name] += 1
        try:
            yield view
        finally:
            view.names[name] -= 1
            view.names = +view.names
            if not view.names:
                del self._views[camera]
                following.cancel()


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, Views] = WeakKeyDictionary()


def views() -> Views:
    """Those of the running event loop."""
    return _by_loop.setdefault(asyncio.get_running_loop(), Views())
