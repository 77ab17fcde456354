"""Hears at once that somebody asked for a run to be cancelled (LISTEN)."""

import psycopg
from procrastinate.contrib.django.utils import connector_params

from analysis.queue import Attempt
from analysis.queue.asking import CANCEL_CHANNEL


class Bell:
    """A connection that only listens. `rung` raises psycopg.OperationalError once it is broken."""

    def __init__(self) -> None:
        self._connection = psycopg.connect(**connector_params(), autocommit=True)
        self._connection.execute(f"LISTEN {CANCEL_CHANNEL}")
        self._number = self._connection.fileno()

    def fileno(self) -> int:
        """For a selector, which asks a last time when the connection is broken."""
        return self._number

    def rung(self) -> list[Attempt]:
        """Attempts to be cancelled, said since the last call."""
        return [Attempt.parse(heard.payload) for heard in self._connection.notifies(timeout=0)]

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()
