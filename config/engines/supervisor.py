"""Keeps the processes of one installation running: what dies is back within 5 s."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from config.engines.errors import EngineFailed
from config.engines.processes import Pause, Record, collect

logger = logging.getLogger(__name__)

FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 3.0
STEADY_SECONDS = 30.0


@dataclass
class Service:
    """One process to keep: how to start it, and how often it died lately."""

    name: str
    starter: Callable[[Pause], Record]
    record: Record | None = None
    started: float = 0.0
    deaths: int = 0
    due: float = 0.0

    def start(self, pause: Pause) -> None:
        """Starts it; an engine may take its recovery time."""
        self.started = time.monotonic()
        self.record = self.starter(pause)

    def note_death(self, now: float) -> None:
        """Sets when to start it again: at once, then ever later, never later than 3 s."""
        self.deaths = 0 if now - self.started > STEADY_SECONDS else self.deaths + 1
        self.due = now + min(FIRST_DELAY_SECONDS * 2**self.deaths, LONGEST_DELAY_SECONDS)
        self.record = None


class Supervisor:
    """Starts services in order and starts again what died."""

    def __init__(self, pause: Pause) -> None:
        self._pause = pause
        self._services: list[Service] = []

    def add(self, name: str, starter: Callable[[Pause], Record]) -> None:
        """Starts a service and keeps it from now on."""
        service = Service(name, starter)
        service.start(self._pause)
        self._services.append(service)

    def look(self) -> None:
        """One look at every service, in the order they were added: the database comes back first."""
        for service in self._services:
            self._look_at(service, time.monotonic())
        collect()

    def _look_at(self, service: Service, now: float) -> None:
        if service.record is not None and not service.record.alive():
            logger.warning("%s (process %d) ended, starting it again", service.name, service.record.pid)
            service.note_death(now)
        if service.record is None and now >= service.due:
            try:
                service.start(self._pause)
            except EngineFailed as error:
                logger.error("%s did not start: %s", service.name, error)
                service.note_death(now)
