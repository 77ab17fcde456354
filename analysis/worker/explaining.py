"""A map being made in a thread, so that a sign of life is given meanwhile: a big net takes half a minute."""

import time
from collections.abc import Callable
from threading import Thread

from analysis.engine.detectors.base import Attention
from analysis.engine.lane import InFeed
from analysis.errors import NoHeatmap

LOOK_SECONDS = 0.2
# A map that takes longer is none. A thread cannot be stopped: its slot is replaced.
EXPLAIN_SECONDS = 120.0


class Explaining:
    """One map. `detector` is whom a watchdog blames meanwhile."""

    def __init__(self, detector: str, explain: Callable[[], Attention]) -> None:
        self._explain = explain
        self._made: Attention | None = None
        self._error: BaseException | None = None
        self._current = InFeed(detector, time.monotonic())
        self._thread = Thread(target=self._work, name="explaining", daemon=True)

    @property
    def current(self) -> InFeed | None:
        """None while it is not at work."""
        return self._current if self._thread.is_alive() else None

    def wait(self, look: Callable[[], None]) -> Attention:
        """look: called meanwhile; what it raises ends the waiting, but not the work. Raises NoHeatmap."""
        self._thread.start()
        for _ in range(round(EXPLAIN_SECONDS / LOOK_SECONDS)):
            if self.close(LOOK_SECONDS):
                break
            look()
        else:
            raise NoHeatmap(f"no map could be made within {EXPLAIN_SECONDS:g} s.")
        if self._made is None:
            raise NoHeatmap(f"no map could be made: {type(self._error).__name__}: {self._error}"[:500])
        return self._made

    def close(self, within_seconds: float) -> bool:
        """Whether it has ended by then."""
        if self._thread.is_alive():
            self._thread.join(within_seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        try:
            self._made = self._explain()
        # a plug-in may raise anything at all
        except BaseException as error:
            self._error = error
