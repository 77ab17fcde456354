from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest

from analysis.engine.errors import Cancelled
from analysis.engine.types import FootageSettings, Observation, SourceOffline, SourceOnline
from analysis.engine.watching.watch import LiveSource, Patience, Pulse, Watching, watch
from tests.analysis.engine.watching.seer import Seer, registry

SOON = Patience(open_seconds=3, stall_seconds=1, first_retry_seconds=0.2, most_retry_seconds=1)


class Watch:
    """A watch that a test follows; what it yields lies in `seen`."""

    def __init__(self, watching: Watching, seer: Seer, enough: Event) -> None:
        self.watching, self.seer, self.enough = watching, seer, enough
        self.seen: list[Observation | Pulse] = []

    def until(self, condition: Callable[[Observation | Pulse], bool], *, most: int = 2000) -> Any:
        """The first thing that is so; fails when it does not come among so many."""
        for _ in range(most):
            told = next(self.watching)
            self.seen.append(told)
            if condition(told):
                return told
        raise AssertionError(f"not among {most} things told")

    def until_online(self) -> SourceOnline:
        return self.until(lambda told: isinstance(told, SourceOnline))

    def until_offline(self) -> SourceOffline:
        return self.until(lambda told: isinstance(told, SourceOffline))

    def to_the_end(self) -> list[Observation | Pulse]:
        """Everything that is told, once the watch is over or cancelled."""
        try:
            self.seen += self.watching
        except Cancelled:
            return self.seen
        return self.seen

    def cancel(self) -> list[Observation | Pulse]:
        self.enough.set()
        return self.to_the_end()

    def of(self, kind: type) -> list[Any]:
        return [told for told in self.seen if isinstance(told, kind)]


@pytest.fixture
def begin() -> Iterator[Callable[..., Watch]]:
    """Begins a watch; it is closed with the test."""
    begun: list[Watch] = []

    def make(source: LiveSource, *seers: Seer, max_fps: float = 60.0, **fields: Any) -> Watch:
        seers, enough = seers or (Seer(),), Event()
        patience, options = fields.pop("patience", SOON), fields.pop("options", None)
        watching = watch(
            source,
            registry=registry(*seers),
            detectors=[seer.name for seer in seers],
            settings=FootageSettings(max_fps=max_fps, **fields),
            cancelled=enough.is_set,
            patience=patience,
            options=options,
        )
        begun.append(Watch(watching, seers[0], enough))
        return begun[-1]

    yield make
    for one in begun:
        assert one.watching.close(10)
