"""Detectors that waver when their file is altered, each in one way, and what stressing a verdict by them yields."""

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from analysis.engine.calibration import Calibration
from analysis.engine.pipeline import Options, examine
from analysis.engine.stress import Stressed, StressOrder
from analysis.engine.types import (
    Assessment,
    Batch,
    Compared,
    Concluded,
    Coverage,
    NotAssessed,
    Observation,
    Reason,
    Source,
    Stress,
    VariantEnded,
    Verdict,
)
from tests.analysis.engine.plugins import Plain, registry


class Wavering(Plain):
    """Scores `score` for the first file it is opened for, and what `then` says for the n-th one after it (from 0)."""

    def __init__(self, *args: object, then: Callable[[int], float | Reason], **fields: object) -> None:
        super().__init__(*args, **fields)  # type: ignore[arg-type]
        self.then, self.opened = then, -2
        self.sources: list[Source] = []

    def open(self, source: Source) -> Plain:
        self.opened += 1
        self.units = 0
        self.batches.clear()
        self.sources.append(source)
        return super().open(source)

    def finish(self) -> Assessment:
        said = self.score if self.opened < 0 else self.then(self.opened)
        if isinstance(said, Reason):
            return NotAssessed(said, "the copy is none of mine")
        return Verdict(said, Coverage(self.units, self.units))


class Stopping(Plain):
    """From the second file on it computes until `let_go`, which a stop of the examination does not set."""

    def __init__(self, *args: object, **fields: object) -> None:
        super().__init__(*args, **fields)  # type: ignore[arg-type]
        self.opened = 0
        self.reached, self.let_go = threading.Event(), threading.Event()

    def open(self, source: Source) -> Plain:
        self.opened += 1
        return super().open(source)

    def feed(self, batch: Batch) -> Iterator[Observation]:
        if self.opened > 1:
            self.reached.set()
            self.let_go.wait(60)
        yield from super().feed(batch)


def stressing(
    path: Path,
    scratch: Path,
    *detectors: Plain,
    budget_seconds: float = 300.0,
    stall_seconds: float = 60.0,
    cancelled: Callable[[], bool] = lambda: False,
    calibrations: Mapping[str, Calibration] | None = None,
    options: Options | None = None,
) -> Stressed:
    """An examination of that file by these detectors, whose verdict will be stressed."""
    known = registry(*detectors)
    given = {"registry": known, "options": options, "cancelled": cancelled, "calibrations": calibrations}
    first = examine(path, **given)  # type: ignore[arg-type]
    return Stressed(first, StressOrder(budget_seconds, scratch, stall_seconds), path, **given)  # type: ignore[arg-type]


def stressed(path: Path, scratch: Path, *detectors: Plain, **options: object) -> list[Observation]:
    """Everything that it yields."""
    with stressing(path, scratch, *detectors, **options) as going:  # type: ignore[arg-type]
        return list(going)


def conclusion(seen: list[Observation]) -> tuple[Concluded, Stress]:
    """The last observation, and the stress test in it."""
    last = seen[-1]
    assert isinstance(last, Concluded)
    assert last.stress
    return last, last.stress


def states(stress: Stress) -> dict[str, str]:
    """What became of each copy."""
    return {variant.variant: variant.state for variant in stress.variants}


def compared(variant: VariantEnded) -> Compared:
    """The only comparison."""
    (one,) = variant.compared
    return one
