"""Sockets that wait for external jobs that are not there yet: one query a tick for all of them."""

from collections.abc import Callable

from realtime.jobs import topics as job_topics
from realtime.jobs.topics import Name
from realtime.readers import ask
from realtime.topics import Found

Appeared = Callable[[Found], None]


class Waiting:
    """Who is to be told when a user's job of some id appears."""

    def __init__(self) -> None:
        self._told: dict[Name, set[Appeared]] = {}

    def add(self, name: Name, appeared: Appeared) -> None:
        self._told.setdefault(name, set()).add(appeared)

    def remove(self, name: Name, appeared: Appeared) -> None:
        told = self._told.get(name, set())
        told.discard(appeared)
        if not told:
            self._told.pop(name, None)

    async def look(self) -> None:
        """Asks for all of them at once; who finds theirs waits no more."""
        if not self._told:
            return
        found = await ask(job_topics.named, list(self._told))
        for name, topic in found.items():
            for appeared in self._told.pop(name, set()):
                appeared(topic)
