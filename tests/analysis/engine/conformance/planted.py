"""A plug-in of detectors that score brightness: one honestly, the others each with a fault of its own."""

import math
import os
import signal
import subprocess
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from analysis.engine.conformance import Terms
from analysis.engine.detectors.base import Card
from analysis.engine.detectors.evidence import png
from analysis.engine.types import (
    Assessment,
    Batch,
    Consumes,
    Coverage,
    EvidenceMade,
    FootageBatch,
    FootageFrame,
    Frame,
    FrameBatch,
    MediaKind,
    MotionTold,
    NotAssessed,
    Observation,
    Reason,
    ScorePoint,
    ScoresMeasured,
    Source,
    Verdict,
)
from analysis.engine.weights import WeightStore

STARTED_BY_ENDLESS = "86399"  # seconds: no other program sleeps for just as long


class Honest:
    """Its own detector and session; abstains on pictures under 16 px."""

    kinds = frozenset({MediaKind.IMAGE})
    consumes = Consumes.FRAMES
    least_side = 16
    terms: dict[str, float] = {}

    def __init__(self, card: Card) -> None:
        self.card = card
        self.scores: list[float] = []
        self.sampled = 0

    def open(self, source: Source) -> "Honest":
        return type(self)(self.card)

    def feed(self, batch: Batch) -> Iterator[Observation]:
        assert isinstance(batch, FrameBatch)
        self.look(batch)
        for frame in batch.frames:
            yield ScoresMeasured(self.card.name, (self.point(frame),))

    def look(self, batch: FrameBatch) -> None:
        """What the others do to a batch."""

    def point(self, frame: Frame) -> ScorePoint:
        self.sampled += 1
        if min(frame.rgb.shape[:2]) < self.least_side:
            return ScorePoint(frame.pts_seconds, None, reason=Reason.OUTSIDE_DOMAIN)
        self.scores.append(self.score(float(frame.rgb[::4, ::4].mean()) / 255))
        return ScorePoint(frame.pts_seconds, self.scores[-1])

    def score(self, brightness: float) -> float:
        return brightness

    def drain(self) -> Iterable[Observation]:
        return ()

    def finish(self) -> Assessment:
        if not self.scores:
            return NotAssessed(Reason.OUTSIDE_DOMAIN, "the picture is under 16 px")
        return Verdict(
            sum(self.scores) / len(self.scores), Coverage(len(self.scores), self.sampled), facts=self.facts()
        )

    def facts(self) -> dict[str, object]:
        return {}

    def evidence(self) -> Iterable[EvidenceMade]:
        yield EvidenceMade(self.card.name, "patch", "A patch", self.caption, "image/png", self.picture())

    caption = "As bright as the picture."

    def picture(self) -> bytes:
        return png(Image.new("RGB", (8, 8)))


class Inverted(Honest):
    def score(self, brightness: float) -> float:
        return 1 - brightness


class Nan(Honest):
    def score(self, brightness: float) -> float:
        return math.nan


class Endless(Honest):
    terms = {"pace": 0.02}

    def look(self, batch: FrameBatch) -> None:
        subprocess.Popen(["/bin/sleep", STARTED_BY_ENDLESS])
        threading.Event().wait()


class Babbling(Honest):
    def feed(self, batch: Batch) -> Iterator[Observation]:
        while True:
            yield ScoresMeasured(self.card.name, (ScorePoint(0.0, 0.5),) * 1000)


class Rolling(Honest):
    """Scores by dice."""

    def score(self, brightness: float) -> float:
        return brightness * float(np.random.default_rng().uniform())


class Remembering(Honest):
    """Scores by what other runs of the process have seen."""

    seen: list[float] = []

    def score(self, brightness: float) -> float:
        self.seen.append(brightness)
        return sum(self.seen) / len(self.seen)


class Huddling(Honest):
    """Scores a frame by the frames that came in the same batch."""

    kinds = frozenset({MediaKind.VIDEO, MediaKind.IMAGE})

    def look(self, batch: FrameBatch) -> None:
        self.together = len(batch.frames)

    def score(self, brightness: float) -> float:
        return brightness / self.together


class Hasty(Honest):
    """Made for films, and scores a single frame."""

    kinds = frozenset({MediaKind.VIDEO})


class Overbold(Honest):
    least_side = 0


class Undecided(Honest):
    """Abstains on what it scored."""

    def finish(self) -> Assessment:
        self.scores = self.scores if self.sampled and self.large else []
        return super().finish()

    least_side = 0

    def look(self, batch: FrameBatch) -> None:
        self.large = batch.frames[0].rgb.size > 1000


class Unstoppable(Honest):
    """Takes its time over large pictures, without a pause."""

    def look(self, batch: FrameBatch) -> None:
        if batch.frames[0].rgb.size > 10_000_000:
            threading.Event().wait(2.2)


class Hoarding(Honest):
    """Keeps what it saw."""

    kinds = frozenset({MediaKind.VIDEO, MediaKind.IMAGE})

    def look(self, batch: FrameBatch) -> None:
        self.hoard = [*getattr(self, "hoard", []), *(frame.rgb for frame in batch.frames)]


class Greedy(Honest):
    terms = {"memory_bytes": 400 << 20}

    def look(self, batch: FrameBatch) -> None:
        self.hoard = np.ones(800 << 20, np.uint8)
        threading.Event().wait()


class Large(Honest):
    """Holds more than its terms say, though not so much that it is ended."""

    terms = {"memory_bytes": 1000 << 20}

    def look(self, batch: FrameBatch) -> None:
        if batch.frames[0].rgb.size > 10_000_000:
            np.ones(1100 << 20, np.uint8)


class Scribbling(Honest):
    def picture(self) -> bytes:
        return b"\x89PNG not really"


class Speechless(Honest):
    caption = " "


class Mapping(Honest):
    def facts(self) -> dict[str, object]:
        return {"map": np.zeros((65, 65)).tolist()}


class Dying(Honest):
    def look(self, batch: FrameBatch) -> None:
        os.kill(os.getpid(), signal.SIGSEGV)


class Raising(Honest):
    def look(self, batch: FrameBatch) -> None:
        raise ValueError("no idea")


class Watching:
    """Tells of motion once for each of its batches, which are no promise of anybody's."""

    kinds = frozenset({MediaKind.VIDEO})
    terms: dict[str, float] = {}
    consumes = Consumes.FOOTAGE

    def __init__(self, card: Card) -> None:
        self.card = card

    def open(self, source: Source) -> "Watching":
        return type(self)(self.card)

    def feed(self, batch: Batch) -> Iterator[Observation]:
        if isinstance(batch, FootageBatch) and batch.frames:
            yield from self.tell(batch.frames)

    def tell(self, frames: tuple[FootageFrame, ...]) -> Iterator[Observation]:
        last = frames[-1]
        told = MotionTold(self.card.name, False, last.pts_seconds, last.number, 0.1, 0.1)
        yield told
        yield replace(told, ended=True, duration_seconds=0.0)

    def drain(self) -> Iterator[Observation]:
        return iter(())

    def finish(self) -> Assessment:
        return NotAssessed(Reason.REPORTS_FACTS, "Watched.")

    def evidence(self) -> Iterator[EvidenceMade]:
        return iter(())


class Foreseeing(Watching):
    """Tells of a moment that it was not fed yet."""

    def tell(self, frames: tuple[FootageFrame, ...]) -> Iterator[Observation]:
        yield MotionTold(self.card.name, False, frames[-1].pts_seconds + 60, 1, 0.1, 0.1)


class Lazy(Honest):
    """Gives no reason when it abstains."""

    def finish(self) -> Assessment:
        return super().finish() if self.scores else NotAssessed(Reason.OUTSIDE_DOMAIN, "")


FAULTS = {
    kind.__name__.lower(): kind
    for kind in (
        Honest, Inverted, Nan, Endless, Babbling, Rolling, Remembering, Huddling, Hasty, Overbold, Undecided,
        Unstoppable, Hoarding, Greedy, Large, Scribbling, Speechless, Mapping, Dying, Raising, Lazy,
        Watching, Foreseeing,
    )
}  # fmt: skip


def cards() -> list[Card]:
    return [
        Card(
            name=name,
            title=name.capitalize(),
            version="1.0",
            family="brightness",
            subject="picture",
            consumes=kind.consumes,
            kinds=kind.kinds,
            unit="frames",
            looks_at="How bright a picture is.",
            cannot_see="Anything else.",
            paper="",
            licence="Apache-2.0",
            accuracy="None: brightness says nothing about manipulation.",
            preprocessing="None.",
            by_default=False,
            forensic=kind.consumes is not Consumes.FOOTAGE,
        )
        for name, kind in FAULTS.items()
    ]


def make(name: str, weights: WeightStore, device: str) -> Honest | Watching:
    return FAULTS[name](next(card for card in cards() if card.name == name))


def terms(name: str, folder: Path) -> Terms:
    """Dark is genuine and bright is manipulated, as far as these are concerned; films have no pair."""
    if MediaKind.VIDEO in FAULTS[name].kinds:
        return Terms()
    for shade in (40, 200):
        Image.new("RGB", (64, 64), (shade,) * 3).save(folder / f"{shade}.png")
    return Terms(folder / "40.png", folder / "200.png", **FAULTS[name].terms)  # type: ignore[arg-type]
