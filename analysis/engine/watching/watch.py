"""Watches one source with several footage detectors, and yields what happens as it happens.

For whoever records it: every observation is a fact to be kept, except Pulse, which only says that frames are handed
out. It comes about every two seconds, also while the source is offline and while a detector hangs: each looks in a
thread of its own, and one that is busy skips frames of a source that goes on without us. A watchdog blames `current`
when that has been the same for its time. Take observations as they come: where that is not possible (no database), the
belt of 64 fills, detectors skip frames, memory stays as it is, and FootageGaps say so afterwards.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from types import TracebackType
from typing import Self

from analysis.engine.errors import Cancelled
from analysis.engine.lane import InFeed
from analysis.engine.registry import Registry
from analysis.engine.schedule import Options
from analysis.engine.types import FootageSettings, Observation, Snapshot
from analysis.engine.watching.live_view import view_of
from analysis.engine.watching.lookout import Lookout
from analysis.engine.watching.panel import Panel
from analysis.engine.watching.presence import Presence
from analysis.engine.watching.source import LiveSource, Patience, Pulse

__all__ = ["LiveSource", "Patience", "Pulse", "Watching", "watch"]

CANCEL_LOOK_SECONDS = 0.1
HALT_SECONDS = 0.3
WIND_UP_SECONDS = 10.0
LEAST_VIEW_SECONDS = 0.2


def watch(
    source: LiveSource,
    *,
    registry: Registry,
    detectors: Sequence[str],
    settings: FootageSettings,
    options: Options | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    patience: Patience | None = None,
) -> "Watching":
    """The watch over a source. It ends when a file does that is not looped, and when every detector has failed.

    detectors: those of footage, by name; of none when it is for the live view alone. cancelled: asked about every
    0.1 s, from the thread that iterates; then sessions conclude, what they tell is still yielded, and Cancelled is
    raised. Raises UnknownDetector at once; FileFailed, after conclusions, of a file that cannot be read on.
    """
    options = options or Options()
    panel = Panel(registry, detectors, settings, options, may_drop=source.may_drop)
    presence = Presence(source, settings, options.limits, patience or Patience())
    return Watching(Lookout(presence, panel), cancelled)


class Watching(Iterator[Observation | Pulse]):
    """One watch under way. Iterate in one thread; `current` and `latest` may be asked from any."""

    def __init__(self, lookout: Lookout, cancelled: Callable[[], bool]) -> None:
        self._lookout, self._cancelled = lookout, cancelled
        self._looked = 0.0
        self._cancelled_at: float | None = None
        self._closed = False
        self._view: tuple[float, int, Snapshot] | None = None
        self._lock = Lock()
        lookout.start()

    @property
    def current(self) -> InFeed | None:
        """The detector that has been computing longest, and since when; None while none is. Whom a watchdog blames."""
        return self._lookout.in_feed

    def latest(self) -> Snapshot | None:
        """The newest frame that was looked at, as JPEG, clean and with the boxes of what is followed; None before the
        first. Made when asked for, at most five times a second; between, the same object is given."""
        with self._lock:
            newest, now = self._lookout.newest, time.monotonic()
            if newest is None:
                return None
            if self._view and (now - self._view[0] < LEAST_VIEW_SECONDS or self._view[1] == newest.number):
                return self._view[2]
            self._view = (now, newest.number, view_of(newest))
            return self._view[2]

    def __next__(self) -> Observation | Pulse:
        while not self._closed:
            self._look()
            # asked before polling: what was put before the end is still to be taken after it
            over = self._lookout.finished
            told = self._lookout.out.poll(0 if over else CANCEL_LOOK_SECONDS)
            if told is not None:
                return told
            if over or self._is_overdue():
                self._end()
        raise StopIteration

    def _look(self) -> None:
        if self._cancelled_at is not None or time.monotonic() - self._looked < CANCEL_LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        if self._cancelled():
            self._cancelled_at = time.monotonic()
            self._lookout.wind_up()

    def _is_overdue(self) -> bool:
        """Whether a session does not conclude."""
        return self._cancelled_at is not None and time.monotonic() - self._cancelled_at > WIND_UP_SECONDS

    def _end(self) -> None:
        self.close()
        if self._lookout.error:
            raise self._lookout.error
        if self._cancelled_at is not None:
            raise Cancelled("The watch was cancelled.")

    def close(self, within_seconds: float = HALT_SECONDS) -> bool:
        """Ends the child and, at its next frame, the thread, without conclusions. Whether it has ended in time.

        Call it again with more time before the process exits: torch aborts when Python ends under a busy thread.
        """
        self._closed = True
        return self._lookout.halt(within_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
