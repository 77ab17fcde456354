"""Tells when the steps of an examination begin and end; they may overlap."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from analysis.engine.belt import Belt
from analysis.engine.types import Observation, Stage, StageFinished, StageStarted


class Stages:
    """Says each stage once; used by several threads, each for its own stages."""

    def __init__(self, out: Belt[Observation]) -> None:
        self._out = out
        self._began: dict[Stage, float] = {}

    def begin(self, stage: Stage, message: str) -> None:
        self._began[stage] = time.monotonic()
        self._out.put(StageStarted(stage, message))

    def finish(self, stage: Stage, message: str) -> None:
        self._out.put(StageFinished(stage, message, time.monotonic() - self._began[stage]))

    @contextmanager
    def during(self, stage: Stage, message: str) -> Iterator[None]:
        """Begins the stage, and finishes it unless the block raises."""
        self.begin(stage, message)
        yield
        self.finish(stage, message)
