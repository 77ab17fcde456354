"""Turns what each picture says into spells that begin once and end once, in media time."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Began:
    """pts_seconds: of the first picture of the spell, which is told `least_seconds` later."""

    pts_seconds: float


@dataclass(frozen=True)
class Ended:
    """Of the first and the last picture of the spell that has ended, which is told `cooldown_seconds` later."""

    began_seconds: float
    pts_seconds: float


class Spells:
    """A spell begins when the same has been so for `least_seconds` without a break, and ends when it has not been
    for `cooldown_seconds`. Two pictures are needed, however far apart they are."""

    def __init__(self, *, least_seconds: float, cooldown_seconds: float) -> None:
        self._least_seconds = least_seconds
        self._cooldown_seconds = cooldown_seconds
        self._first: float | None = None
        self._last = 0.0
        self.open = False

    def take(self, pts_seconds: float, *, so: bool) -> Began | Ended | None:
        """Times must not fall."""
        if so:
            return self._on(pts_seconds)
        if not self.open:
            self._first = None
            return None
        return self.close() if pts_seconds - self._last >= self._cooldown_seconds else None

    def _on(self, pts_seconds: float) -> Began | None:
        self._last = pts_seconds
        if self._first is None:
            self._first = pts_seconds
        elif not self.open and pts_seconds - self._first >= self._least_seconds:
            self.open = True
            return Began(self._first)
        return None

    def close(self) -> Ended | None:
        """Ends an open spell where it was seen last, and forgets one that had not begun."""
        first, self._first = self._first, None
        if not self.open or first is None:
            return None
        self.open = False
        return Ended(first, self._last)
