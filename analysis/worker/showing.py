"""Shows the newest frame of a watched camera to whoever looks, from a thread of its own: no detector waits for it."""

import logging
from collections.abc import Callable
from threading import Event as Flag
from threading import Thread
from types import TracebackType
from typing import Self, TypeVar
from uuid import UUID

from redis.exceptions import RedisError

from analysis.cameras.live_view import LEAST_SECONDS, Publisher
from analysis.engine.watching.watch import Watching

Found = TypeVar("Found")
logger = logging.getLogger(__name__)
UNWATCHED_SECONDS, AWAY_SECONDS = 0.5, 2.0
JOIN_SECONDS = 2.0


class Showing:
    """While it is entered, frames of `going` are shown as long as the camera is `online` and somebody watches."""

    def __init__(self, camera: UUID) -> None:
        self.going: Watching | None = None
        self.online = False
        self._publisher = Publisher(camera)
        self._over = Flag()
        self._away = False
        self._thread = Thread(target=self._run, name="live view", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(JOIN_SECONDS)

    def _run(self) -> None:
        pause_seconds = 0.0
        while not self._over.wait(pause_seconds):
            pause_seconds = self._look()
        self._tried(lambda: self._publisher.show(None))
        self._publisher.close()

    def _look(self) -> float:
        """Shows a frame if one is wanted; after how many seconds to look again."""
        watched = self._tried(self._publisher.is_watched)
        if watched is None or (watched and not self._tried(self._shown)):
            return AWAY_SECONDS
        return LEAST_SECONDS if watched else UNWATCHED_SECONDS

    def _shown(self) -> bool:
        going = self.going
        self._publisher.show(going.latest() if going and self.online else None)
        return True

    def _tried(self, ask: Callable[[], Found]) -> Found | None:
        """What it gives; None while Redis is away."""
        try:
            found = ask()
        except (RedisError, OSError) as error:
            if not self._away:
                logger.warning("the live view waits for redis: %s", error)
            self._away = True
            return None
        self._away = False
        return found
