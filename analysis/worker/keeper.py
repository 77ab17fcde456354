"""The keeper: one thread of a worker that removes what need not be kept any longer.

A thread of its own, with a connection of its own: deleting files and rows may take a while, and leases must be kept
meanwhile. Any number of workers may have one.
"""

import logging
import threading
from collections.abc import Callable, Sequence

from django.db import connection

from analysis.retention import counting, expiry, quota, summaries

logger = logging.getLogger(__name__)
LOOK_SECONDS = 30.0
# Between two portions: the database is there for those who record as well.
PAUSE_SECONDS = 0.1
STOP_SECONDS = 3.0
# Each does one portion of its work and says how much; 0 when there is no more.
CHORES: Sequence[Callable[[], int]] = (counting.count_old, expiry.expire, summaries.expire, quota.make_room)


class Keeper:
    """Looks around until stopped."""

    def __init__(
        self, chores: Sequence[Callable[[], int]] = CHORES, *, look_seconds: float = LOOK_SECONDS
    ) -> None:
        self._chores, self._look_seconds = chores, look_seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def leave(self) -> None:
        """Has it end after the portion it is at."""
        self._over.set()

    def stop(self) -> None:
        """Ends it, and waits for that."""
        self.leave()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self._over.is_set():
            done = sum(map(self._do, self._chores))
            connection.close()
            self._over.wait(PAUSE_SECONDS if done else self._look_seconds)

    def _do(self, chore: Callable[[], int]) -> int:
        try:
            return chore()
        except Exception:  # the worker loop of this thread: one chore must not end the others
            logger.exception("a chore of the keeper failed; tried again with the next look")
            connection.close()
            return 0
