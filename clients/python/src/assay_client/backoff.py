"""How long to wait before asking again."""

import random

FIRST_SECONDS = 0.1
MOST_SECONDS = 5.0


class Backoff:
    """Waits that double, each a little random: a thousand clients must not come back at the same moment."""

    def __init__(self) -> None:
        self._next = FIRST_SECONDS

    def reset(self) -> None:
        """Begins with short waits again."""
        self._next = FIRST_SECONDS

    def seconds(self) -> float:
        """The next wait."""
        wait, self._next = self._next, min(MOST_SECONDS, self._next * 2)
        return wait * random.uniform(0.5, 1.0)  # noqa: S311  # spreads load, protects nothing
