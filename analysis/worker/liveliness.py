"""Whether a watch lives: its detectors look side by side, and one that hangs is not to be hidden by the others."""

from collections.abc import Callable

from analysis.engine.lane import InFeed


class Liveliness:
    """Called with every sign of life: passed on unless the call that was under way longest the last time still is,
    so the supervisor's clock runs from when that began, whatever the others tell meanwhile.

    Used by several threads; at worst one sign more is passed on.
    """

    def __init__(self, pulse: Callable[[], None]) -> None:
        self.current: Callable[[], InFeed | None] = lambda: None
        self._pulse = pulse
        self._longest: InFeed | None = None

    def __call__(self) -> None:
        longest, self._longest = self._longest, self.current()
        if self._longest is None or self._longest != longest:
            self._pulse()
