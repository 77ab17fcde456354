"""How far a run is, over all its detectors."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

# 1.0 is kept for the ending: detectors may be done while the outcome is still being weighed.
MOST = 0.99
LONGEST_SECONDS = 365 * 24 * 3600.0
_FRAMES = frozenset({"frames", "images"})


@dataclass
class _Part:
    """Of one detector."""

    share: float = 0.0
    done: int = 0
    total: int = 0
    frames: bool = False
    ends: datetime | None = None


@dataclass
class Advance:
    """One share per detector, each counted alike; what was reached once is never taken back by `begin`."""

    reached: float = 0.0
    _parts: dict[str, _Part] = field(default_factory=dict)

    def begin(self, detectors: Iterable[str]) -> None:
        """An attempt begins: nothing is done yet, but `reached` stays until the attempt has come further."""
        self._parts = {name: _Part() for name in detectors}

    def name(self, detector: str) -> None:
        self._parts.setdefault(detector, _Part())

    def move(self, data: Mapping[str, Any], time: datetime) -> None:
        """Takes the data of a run.progressed."""
        part = self._parts.setdefault(data["detector"], _Part())
        done, total = data.get("done") or 0, data.get("total") or 0
        if total > 0:
            part.share = max(part.share, min(1.0, done / total))
        part.done, part.total = max(part.done, done), max(part.total, total)
        part.frames = data.get("unit") in _FRAMES
        part.ends = _later(time, data.get("seconds_left"))
        self._reach()

    def finish(self, detector: str) -> None:
        """The detector has ended, however."""
        part = self._parts.setdefault(detector, _Part())
        part.share, part.ends = 1.0, None
        self._reach()

    def complete(self) -> None:
        self.reached = 1.0

    def ends(self, now: datetime) -> datetime | None:
        """When the slowest detector that says how long it needs will be done."""
        known = [part.ends for part in self._parts.values() if part.ends]
        return max(now, *known) if known else None

    @property
    def frames(self) -> tuple[int, int]:
        """How many pictures were looked at by the detector that saw most, and of how many."""
        seen = [part for part in self._parts.values() if part.frames]
        done = max((part.done for part in seen), default=0)
        return done, max([done, *(part.total for part in seen)])

    def _reach(self) -> None:
        shares = [part.share for part in self._parts.values()]
        self.reached = max(self.reached, min(MOST, round(sum(shares) / len(shares), 4)))


def _later(time: datetime, seconds: float | None) -> datetime | None:
    """None also for what is no time anybody waits: programs may append lines of any value."""
    known = isinstance(seconds, int | float) and 0 <= seconds < LONGEST_SECONDS
    return time + timedelta(seconds=seconds) if known and seconds is not None else None
