"""When which observation becomes an event: progress and scores are thinned, everything else goes at once.

Per detector one progress line each 250 ms at most, and the first and the last always. Slow detectors (below
40 frames/s, where ten frames take longer than that) are shown at every tenth frame. What waits of all detectors
is written together: a transaction for each of their lines would cost more than what it tells.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from analysis.engine.types import (
    DetectorEnded,
    DetectorProgressed,
    Observation,
    ScorePoint,
    ScoresMeasured,
)
from analysis.recorder.pictures import Pictured

LINE_SECONDS = 0.25
SLOW_FPS = 40.0
TENTH = 10
POINTS_PER_LINE = 500  # about 35 KB of an event's 64


@dataclass
class _Pace:
    """Of one detector: what was shown last, what waits."""

    detector: str
    shown: DetectorProgressed | None = None
    shown_at: float = 0.0
    waiting: DetectorProgressed | None = None
    behind: DetectorProgressed | None = None
    waits_until: float = 0.0
    points: list[ScorePoint] = field(default_factory=list)
    scored_at: float = float("-inf")

    def take(self, progress: DetectorProgressed, now: float) -> DetectorProgressed | None:
        """The line to show at once: the first."""
        newest = self.behind or self.waiting or self.shown
        if newest and (progress.done < newest.done or _same(progress, newest)):
            return None
        # The last one is not known by its number: past a header's estimate every one of them is its own total.
        if self.shown is None:
            return self._show(progress, now)
        self.waits_until = self._due(progress, now)
        # A tenth frame that had to wait for its 250 ms is shown then; what came after it waits behind it.
        if self.waiting and _is_tenth(self.waiting) and _is_slow(self.waiting):
            self.behind = progress
        else:
            self.waiting = progress
        return None

    def _due(self, progress: DetectorProgressed, now: float) -> float:
        earliest = self.shown_at + LINE_SECONDS
        if self.shown and not _passes_tenth(self.shown, progress) and _tenth_is_near(progress):
            earliest = max(earliest, now + LINE_SECONDS)
        return earliest

    def _show(self, progress: DetectorProgressed, now: float) -> DetectorProgressed:
        self.shown, self.shown_at = progress, now
        self.waiting = self.behind = None
        return progress

    def release(self, now: float, *, all_of_it: bool) -> Iterator[Observation | Pictured]:
        """What has waited long enough."""
        if self.points and (all_of_it or now >= self.scored_at + LINE_SECONDS):
            yield from self._lines(now)
        if self.waiting and all_of_it:
            yield self._show(self.behind or self.waiting, now)
        elif self.waiting and now >= self.waits_until:
            behind = self.behind
            yield self._show(self.waiting, now)
            self.waiting, self.waits_until = behind, now + LINE_SECONDS

    def _lines(self, now: float) -> Iterator[Observation | Pictured]:
        self.scored_at = now
        points, self.points = self.points, []
        for at in range(0, len(points), POINTS_PER_LINE):
            yield ScoresMeasured(self.detector, tuple(points[at : at + POINTS_PER_LINE]))

    @property
    def due(self) -> float | None:
        times = []
        if self.points:
            times.append(self.scored_at + LINE_SECONDS)
        if self.waiting:
            times.append(self.waits_until)
        return min(times, default=None)


class Pacer:
    """Takes observations with their time of arrival; gives back, in order, what is to be written now."""

    def __init__(self) -> None:
        self._paces: dict[str, _Pace] = {}
        self._ready: list[Observation | Pictured] = []
        self._opens = float("-inf")

    def take(self, observation: Observation | Pictured, now: float) -> None:
        """Times are seconds of a monotonic clock."""
        if isinstance(observation, DetectorProgressed):
            line = self._pace(observation.detector).take(observation, now)
            if line:
                self._ready.append(line)
        elif isinstance(observation, ScoresMeasured):
            self._pace(observation.detector).points.extend(observation.points)
        else:
            if isinstance(observation, DetectorEnded):
                self._release(observation.detector, now, all_of_it=True)
            self._ready.append(observation)

    def ready(self, now: float) -> list[Observation | Pictured]:
        """What is to be written now."""
        if self._ready or now >= self._opens:
            urgent = len(self._ready)
            for detector in self._paces:
                self._release(detector, now, all_of_it=False)
            if len(self._ready) > urgent:
                self._opens = now + LINE_SECONDS
        ready, self._ready = self._ready, []
        return ready

    @property
    def due(self) -> float | None:
        """When something that waits is to be written; None while nothing waits."""
        times = [pace.due for pace in self._paces.values() if pace.due is not None]
        return max(self._opens, min(times)) if times else None

    def _pace(self, detector: str) -> _Pace:
        return self._paces.setdefault(detector, _Pace(detector))

    def _release(self, detector: str, now: float, *, all_of_it: bool) -> None:
        self._ready.extend(self._pace(detector).release(now, all_of_it=all_of_it))


def _is_slow(progress: DetectorProgressed) -> bool:
    return progress.unit == "frames" and progress.fps is not None and progress.fps < SLOW_FPS


def _is_tenth(progress: DetectorProgressed) -> bool:
    return progress.done % TENTH == 0


def _passes_tenth(before: DetectorProgressed, now: DetectorProgressed) -> bool:
    return now.done // TENTH > before.done // TENTH


def _tenth_is_near(progress: DetectorProgressed) -> bool:
    """Whether the next tenth frame comes within the next line's time, so that it is worth waiting for."""
    if not progress.fps or not _is_slow(progress):
        return False
    return (TENTH - progress.done % TENTH) / progress.fps < LINE_SECONDS


def _same(progress: DetectorProgressed, other: DetectorProgressed) -> bool:
    return (progress.done, progress.total) == (other.done, other.total)
