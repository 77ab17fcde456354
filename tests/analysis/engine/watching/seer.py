"""A detector of footage for tests: it tells what it was shown, and does what a test wants besides."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from analysis.engine.detectors.base import Card, DetectorModule
from analysis.engine.registry import Registry
from analysis.engine.types import (
    Assessment,
    Batch,
    Consumes,
    EvidenceMade,
    FootageBatch,
    FootageFrame,
    MotionTold,
    NotAssessed,
    Observation,
    Reason,
    Source,
)
from tests.analysis.engine.plugins import NO_WEIGHTS, card


@dataclass
class Seer:
    """Module, detector and session in one. `told`: tells of each frame as motion. on_frame: called with each."""

    name: str = "seer"
    told: bool = False
    on_frame: Callable[[FootageFrame], None] = lambda frame: None
    frames: list[tuple[int, float, tuple[int, ...]]] = field(default_factory=list)
    opened: int = 0

    @property
    def card(self) -> Card:
        return card(self.name, consumes=Consumes.FOOTAGE, forensic=False, by_default=False)

    def cards(self) -> list[Card]:
        return [self.card]

    def make(self, *_: Any) -> "Seer":
        return self

    def open(self, source: Source) -> "Seer":
        self.opened += 1
        return self

    def feed(self, batch: Batch) -> Iterator[Observation]:
        assert isinstance(batch, FootageBatch)
        for frame in batch.frames:
            self.frames.append((frame.number, frame.pts_seconds, frame.rgb.shape))
            self.on_frame(frame)
            if self.told:
                count = len(self.frames)
                ended = count % 2 == 0
                duration = 0.1 if ended else None
                yield MotionTold(
                    self.name, ended, frame.pts_seconds, frame.number, 0.5, 0.1, duration_seconds=duration
                )

    def drain(self) -> Iterable[Observation]:
        return ()

    def finish(self) -> Assessment:
        return NotAssessed(Reason.REPORTS_FACTS, f"{len(self.frames)} frames were seen.")

    def evidence(self) -> Iterable[EvidenceMade]:
        return ()

    @property
    def times(self) -> list[float]:
        return [pts for _, pts, _ in self.frames]

    @property
    def numbers(self) -> list[int]:
        return [number for number, _, _ in self.frames]


def registry(*seers: Seer, **modules: DetectorModule) -> Registry:
    cards = {name: module.cards()[0] for name, module in modules.items()}
    return Registry(
        NO_WEIGHTS,
        modules={seer.name: seer for seer in seers} | modules,  # type: ignore[misc]
        catalogue={seer.name: seer.card for seer in seers} | cards,
    )
