"""Feeds one content to one detector the way the engine does, and keeps what came of it."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TypeVar

from analysis.engine.conformance.contents import Content
from analysis.engine.conformance.portions import portioned
from analysis.engine.detectors.base import Detector, Session
from analysis.engine.endings import BrokenProtocol, checked_assessment, checked_evidence
from analysis.engine.telling import Telling, Told
from analysis.engine.types import (
    Assessment,
    Batch,
    EvidenceMade,
    FootageBatch,
    FootageTold,
    Observation,
    ScorePoint,
    ScoresMeasured,
    Snapshot,
)

SCHEDULE = Path("/proc/thread-self/schedstat")
MOST_POINTS = 100_000  # of contents that hold a few hundred frames or seconds
Result = TypeVar("Result")


@dataclass(frozen=True)
class Step:
    """The longest call of a session up to its next yield: nobody can cancel within one."""

    seconds: float
    call: str


@dataclass
class Played:
    """What one content led to."""

    content: Content
    assessment: Assessment
    points: tuple[ScorePoint, ...]
    evidence: tuple[EvidenceMade, ...]
    seconds: float
    longest: Step
    told: tuple[FootageTold, ...] = ()

    @property
    def scores(self) -> list[float]:
        return [point.score for point in self.points if point.score is not None]


@dataclass
class Stopwatch:
    """Times calls one by one, without what other programs took of the processor meanwhile."""

    seconds: float = 0.0
    longest: Step = field(default_factory=lambda: Step(0.0, "open"))

    def time(self, name: str, call: Callable[[], Result]) -> Result:
        began, waited = time.monotonic(), _waited_seconds()
        try:
            return call()
        finally:
            passed = time.monotonic() - began - (_waited_seconds() - waited)
            self.seconds += passed
            if passed > self.longest.seconds:
                self.longest = Step(passed, name)


def _waited_seconds() -> float:
    """How long this thread was ready to run and was not run (proc(5), schedstat); 0 where nobody counts that."""
    try:
        return int(SCHEDULE.read_bytes().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def play(detector: Detector, content: Content, size: int | None = None) -> Played:
    """One run of a new session, fed as the engine feeds it or in portions of `size`.

    Raises BrokenProtocol, and whatever the detector raises.
    """
    watch, card = Stopwatch(), detector.card
    session = watch.time("open", lambda: detector.open(content.source))
    points: list[ScorePoint] = []
    told: list[FootageTold] = []
    for one in _told(detector, session, content, size, watch):
        if isinstance(one, ScoresMeasured):
            points += one.points
        else:
            told.append(_without_pictures(one))
        if len(points) + len(told) > MOST_POINTS:
            raise BrokenProtocol(f"{card.name} gave more than {MOST_POINTS} points for one content.")
    assessment = watch.time("finish", lambda: checked_assessment(card, session.finish()))
    evidence = watch.time("evidence", lambda: checked_evidence(card, session.evidence()))
    seconds, longest = watch.seconds, watch.longest
    return Played(content, assessment, tuple(points), evidence, seconds, longest, tuple(told))


def _told(
    detector: Detector, session: Session, content: Content, size: int | None, watch: Stopwatch
) -> Iterator[Told]:
    telling = Telling(detector.card)
    for batch in portioned(content.batches(), size):
        telling.fed(_until(batch))
        yielded = watch.time("feed", lambda fed=batch: iter(session.feed(fed)))  # type: ignore[misc]  # bound now
        for measured in _one_by_one("feed", yielded, watch):
            yield from telling.checked(measured)
    for measured in _one_by_one("drain", watch.time("drain", lambda: iter(session.drain())), watch):
        yield from telling.checked(measured)


def _until(batch: Batch) -> float:
    return batch.frames[-1].pts_seconds if isinstance(batch, FootageBatch) and batch.frames else 0.0


def _without_pictures(told: FootageTold) -> FootageTold:
    """With digests in place of a snapshot, so that what is kept of many plays stays small."""
    if told.snapshot is None:
        return told
    clean, boxed = (sha256(content).digest() for content in (told.snapshot.clean, told.snapshot.boxed))
    return replace(told, snapshot=Snapshot(clean, boxed))


def _one_by_one(
    call: str, yielded: Iterator[Observation], watch: Stopwatch
) -> Iterator[Iterable[Observation]]:
    while measured := watch.time(call, lambda: tuple(islice(yielded, 1))):
        yield measured
