"""Detectors for tests, registered the way a plug-in is: each does one thing, well or badly."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from analysis.engine.detectors.base import Card
from analysis.engine.pipeline import examine
from analysis.engine.registry import Registry
from analysis.engine.types import (
    Assessment,
    Batch,
    Consumes,
    Coverage,
    DetectorEnded,
    EvidenceMade,
    FaceBatch,
    FrameBatch,
    MediaKind,
    Observation,
    ScorePoint,
    ScoresMeasured,
    SoundBatch,
    Source,
    Verdict,
)
from analysis.engine.weights import WeightStore

NO_WEIGHTS = WeightStore(Path("/nonexistent"))


def card(name: str = "plain", *, consumes: Consumes = Consumes.FRAMES, **fields: object) -> Card:
    given = {
        "title": name.capitalize(),
        "version": "1.0",
        "family": name,
        "subject": "picture",
        "kinds": frozenset(MediaKind),
        "unit": "frames",
        "looks_at": "Nothing.",
        "cannot_see": "Anything.",
        "paper": "",
        "licence": "",
        "accuracy": "",
        "preprocessing": "",
    }
    return Card(name=name, consumes=consumes, **(given | fields))  # type: ignore[arg-type]


@dataclass
class Plain:
    """Scores everything 0.25 and remembers what it was fed; as its own module, detector and session."""

    card: Card = field(default_factory=card)
    batches: list[Batch] = field(default_factory=list)
    units: int = 0
    keep: bool = True
    score: float = 0.25

    def cards(self) -> list[Card]:
        return [self.card]

    def make(self, name: str, weights: WeightStore, device: str) -> "Plain":
        return self

    def open(self, source: Source) -> "Plain":
        self.source = source
        return self

    def feed(self, batch: Batch) -> Iterator[Observation]:
        if self.keep:
            self.batches.append(batch)
        times = _times(batch)
        self.units += len(times)
        yield ScoresMeasured(self.card.name, tuple(ScorePoint(at, self.score) for at in times))

    def drain(self) -> Iterable[Observation]:
        return ()

    def finish(self) -> Assessment:
        return Verdict(self.score, Coverage(self.units, self.units))

    def evidence(self) -> Iterable[EvidenceMade]:
        return ()


def _times(batch: Batch) -> list[float]:
    if isinstance(batch, FrameBatch):
        return [frame.pts_seconds for frame in batch.frames]
    if isinstance(batch, FaceBatch):
        return [pts_seconds for _, pts_seconds in batch.sampled]
    if isinstance(batch, SoundBatch):
        return [batch.start_seconds]
    return [0.0]


class Failing(Plain):
    """Raises `error` in the method called `where`."""

    def __init__(self, where: str, error: BaseException) -> None:
        super().__init__(card("failing"))
        self.where, self.error = where, error

    def __getattribute__(self, name: str) -> object:
        if name in {"make", "open", "feed", "drain", "finish", "evidence"} and self.where == name:
            return self._fail
        return super().__getattribute__(name)

    def _fail(self, *args: object) -> None:
        raise self.error


class Hanging(Plain):
    """Never comes back from its first batch until `let_go` is set."""

    def __init__(self, where: str = "feed") -> None:
        super().__init__(card("hanging"))
        self.where, self.let_go, self.reached = where, Event(), Event()

    def feed(self, batch: Batch) -> Iterator[Observation]:
        self._hang("feed")
        yield from super().feed(batch)

    def finish(self) -> Assessment:
        self._hang("finish")
        return super().finish()

    def _hang(self, where: str) -> None:
        if where == self.where:
            self.reached.set()
            self.let_go.wait(60)


def registry(*detectors: Plain) -> Registry:
    """A registry of just these."""
    return Registry.of(detectors, NO_WEIGHTS)


def run(path: Path, *detectors: Plain, **options: object) -> list[Observation]:
    """Everything that an examination by these detectors yields."""
    with examine(path, registry=registry(*detectors), **options) as going:  # type: ignore[arg-type]
        return list(going)


def of(kind: type, observations: Iterable[Observation]) -> list:
    return [seen for seen in observations if isinstance(seen, kind)]


def ending(observations: Iterable[Observation], name: str) -> DetectorEnded:
    (found,) = [seen for seen in of(DetectorEnded, observations) if seen.detector == name]
    return found


NAN = math.nan
Condition = Callable[[], bool]
