"""A plug-in of detectors that misbehave, for tests that look at the worker from outside."""

import math
import os
import signal
import threading
import time
from collections.abc import Iterable
from dataclasses import replace

from analysis.engine.detectors.base import Card, Detector, Session
from analysis.engine.types import (
    Assessment,
    Batch,
    Consumes,
    Coverage,
    EvidenceMade,
    FrameBatch,
    MediaKind,
    Observation,
    ScorePoint,
    ScoresMeasured,
    Source,
    Verdict,
)
from analysis.engine.weights import WeightStore

SLOW_SECONDS = 0.4


class Calm:
    """A session that scores every frame 0.25; its kin misbehave in `look`."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.scored = 0

    def feed(self, batch: Batch) -> Iterable[Observation]:
        assert isinstance(batch, FrameBatch)
        self.look()
        self.scored += len(batch.frames)
        points = tuple(ScorePoint(frame.pts_seconds, self.score()) for frame in batch.frames)
        yield ScoresMeasured(self.card.name, points)

    def look(self) -> None:
        """What this one does with a batch."""

    def score(self) -> float:
        return 0.25

    def drain(self) -> Iterable[Observation]:
        return ()

    def finish(self) -> Assessment:
        return Verdict(0.25, Coverage(self.scored, self.scored), facts={"calm": True})

    def evidence(self) -> Iterable[EvidenceMade]:
        yield EvidenceMade(self.card.name, "note", "A note", "Seen.", "image/png", b"\x89PNG not really")


class Slow(Calm):
    def look(self) -> None:
        time.sleep(SLOW_SECONDS)


class Raises(Calm):
    def look(self) -> None:
        raise ValueError("this detector always raises")


class Nan(Calm):
    def score(self) -> float:
        return math.nan


class Hangs(Calm):
    def look(self) -> None:
        threading.Event().wait()


class Kills(Calm):
    def look(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class Hoards(Calm):
    def look(self) -> None:
        self.hoard = bytearray(2 << 30)
        self.hoard[::4096] = b"x" * len(self.hoard[::4096])
        threading.Event().wait()


class Wavers(Calm):
    """Scores 0.71 what is 240 px high or more, 0.38 what is not."""

    def feed(self, batch: Batch) -> Iterable[Observation]:
        assert isinstance(batch, FrameBatch)
        self.high = batch.frames[0].rgb.shape[0] >= 240
        yield from super().feed(batch)

    def score(self) -> float:
        return 0.71 if self.high else 0.38

    def finish(self) -> Assessment:
        return Verdict(self.score(), Coverage(self.scored, self.scored))


class Stuck(Calm):
    def feed(self, batch: Batch) -> Iterable[Observation]:
        threading.Event().wait()
        return ()


KINDS = {kind.__name__.lower(): kind for kind in (Calm, Slow, Raises, Nan, Hangs, Kills, Hoards, Wavers)}


class Trouble:
    """One of the detectors."""

    def __init__(self, card: Card) -> None:
        self.card = card

    def open(self, source: Source) -> Session:
        return (Stuck if self.card.name == "stuck" else KINDS[self.card.name])(self.card)


def cards() -> list[Card]:
    """One per kind of trouble; none runs unless asked for by name."""
    return [*(_card(name, Consumes.FRAMES) for name in KINDS), _stuck()]


def _card(name: str, consumes: Consumes) -> Card:
    return Card(
        name=name,
        title=name.capitalize(),
        version="1.0",
        family=f"trouble {name}",
        subject="picture",
        consumes=consumes,
        kinds=frozenset({MediaKind.VIDEO, MediaKind.IMAGE}),
        unit="frames",
        looks_at="Nothing.",
        cannot_see="Everything.",
        paper="",
        licence="Apache-2.0",
        accuracy="None.",
        preprocessing="None.",
        by_default=False,
    )


def _stuck() -> Card:
    """One of footage, whose session hangs as it is shown its first frame."""
    return replace(
        _card("stuck", Consumes.FOOTAGE),
        subject="footage",
        kinds=frozenset({MediaKind.VIDEO}),
        forensic=False,
    )


def make(name: str, weights: WeightStore, device: str) -> Detector:
    """The detector of that name."""
    return Trouble(next(card for card in cards() if card.name == name))
