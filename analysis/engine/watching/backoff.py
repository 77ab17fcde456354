"""How long to wait before a source is tried again."""

from random import Random

from analysis.engine.watching.source import Patience

_JITTER = 0.25


class Backoff:
    """Doubles from attempt to attempt, a little shortened by chance: cameras that went down together must not all be
    asked in the same moment."""

    def __init__(self, patience: Patience, chance: Random | None = None) -> None:
        self._patience, self._chance = patience, chance or Random()  # noqa: S311 - no secret
        self._seconds = patience.first_retry_seconds

    def next_seconds(self) -> float:
        seconds = self._seconds
        self._seconds = min(2 * seconds, self._patience.most_retry_seconds)
        return seconds * (1 - _JITTER * self._chance.random())

    def longest(self) -> None:
        """The next wait is the longest: what went wrong does not pass by itself."""
        self._seconds = self._patience.most_retry_seconds

    def was_online(self, seconds: float) -> None:
        """Begins anew after pictures for long enough; one that goes again at once is asked ever more rarely."""
        if seconds >= self._patience.steady_seconds:
            self._seconds = self._patience.first_retry_seconds
