"""Detectors that are nothing but code: no weights, no device, nothing shared between runs."""

from collections.abc import Callable
from dataclasses import dataclass

from analysis.engine.detectors.base import Card, Session
from analysis.engine.types import Source


@dataclass
class Weightless:
    """Begins a session for each run, which needs to know nothing of its source."""

    card: Card
    begin: Callable[[], Session]

    def open(self, source: Source) -> Session:
        return self.begin()
