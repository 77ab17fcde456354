"""No more events of a camera in a minute than it may tell: a tree in the wind must not fill the log.

What is beyond is counted, and the log says so: at once that events are being left out, and at the end of the minute how
many were. Minutes are those of media time, so that a file is treated alike at any pace.
"""

import time
from collections.abc import Iterator

from analysis.engine.analytics.objects import TrackAction
from analysis.engine.types import FootageGap, Observation
from analysis.engine.types.footage import MotionTold, PlateTold, TrackTold

MINUTE_SECONDS = 60.0
Told = MotionTold | PlateTold | TrackTold


class Pace:
    """Of one watch. What began on record also ends there, whatever the minute holds."""

    def __init__(self, most_per_minute: int) -> None:
        self._most = most_per_minute
        self._begins: float | None = None
        self._told = self._left_out = 0
        self._from = self._to = 0.0
        self._over_at = 0.0
        # tracks, and detectors of motion, that are on record and have not ended there
        self._open: set[int | str] = set()

    def keep(self, seen: Observation) -> Iterator[Observation]:
        """What of it goes on record, and before it what was left out in the minute that has ended."""
        if not isinstance(seen, Told):
            yield seen
            return
        if self._begins is None or not self._begins <= seen.pts_seconds < self._begins + MINUTE_SECONDS:
            yield from self.rest()
            self._begins, self._told = seen.pts_seconds, 0
        if self._is_kept(seen):
            self._told += 1
            yield seen
        else:
            yield from self._leave_out(seen)

    def rest(self) -> Iterator[FootageGap]:
        """What was left out and not said yet."""
        if self._left_out:
            count, self._left_out = self._left_out, 0
            reason = f"{count} events were left out: more than {self._most} in a minute."
            yield FootageGap(self._from, self._to, 0, reason, count)

    def overdue(self) -> Iterator[FootageGap]:
        """The same, where nothing came any more that would have begun another minute."""
        if self._left_out and time.monotonic() - self._over_at >= MINUTE_SECONDS:
            yield from self.rest()

    def _is_kept(self, seen: Told) -> bool:
        if isinstance(seen, PlateTold):
            return self._told < self._most
        name = seen.track if isinstance(seen, TrackTold) else seen.detector
        ends = seen.action is TrackAction.LEFT if isinstance(seen, TrackTold) else seen.ended
        if ends:
            kept = name in self._open
            self._open.discard(name)
            return kept
        if self._told < self._most:
            self._open.add(name)
            return True
        return False

    def _leave_out(self, seen: Told) -> Iterator[FootageGap]:
        if not self._left_out:
            self._from, self._over_at = seen.pts_seconds, time.monotonic()
            reason = f"There are more than {self._most} events in a minute: what is beyond is left out."
            yield FootageGap(seen.pts_seconds, seen.pts_seconds, 0, reason, 0)
        self._left_out += 1
        self._to = max(self._from, seen.pts_seconds)
