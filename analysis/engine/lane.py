"""One detector at work on one file: its thread, its inbox, its progress and its ending."""

import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from threading import BoundedSemaphore, Event, Thread
from typing import TypeVar

from analysis.engine.banding import Faces, banded
from analysis.engine.belt import LOOK_SECONDS, Belt, Stopped
from analysis.engine.calibration import Calibration
from analysis.engine.detectors.base import Card, Detector, Session
from analysis.engine.endings import (
    checked_assessment,
    checked_evidence,
    ended,
    failed,
    unread,
    without,
)
from analysis.engine.errors import EngineError
from analysis.engine.score_curve import ScoreCurve
from analysis.engine.telling import Telling, Told
from analysis.engine.types import (
    Assessment,
    Batch,
    Condition,
    Consumes,
    DetectorEnded,
    DetectorProgressed,
    FaceBatch,
    FootageBatch,
    FrameBatch,
    Observation,
    Reason,
    ScorePoint,
    ScoresMeasured,
    SoundBatch,
    Source,
)

logger = logging.getLogger(__name__)
INBOX_BATCHES = 2
SOUND_RATE_HZ = 16_000
Result = TypeVar("Result")


@dataclass(frozen=True)
class InFeed:
    """A detector that is computing right now, and since when (time.monotonic)."""

    detector: str
    since: float


@dataclass(frozen=True)
class End:
    """No further batch comes; `error` says if reading broke off, `raised` what failed that this detector needs."""

    error: EngineError | None = None
    raised: BaseException | None = None


class Lane:
    """Runs a session in a thread of its own. `permits` bounds how many detectors compute at once."""

    def __init__(
        self,
        detector: Detector,
        source: Source,
        *,
        out: Belt[Observation],
        stop: Event,
        permits: BoundedSemaphore,
        calibration: Calibration | None = None,
        condition: Condition | None = None,
        prepared: Card | None = None,
    ) -> None:
        self.card = detector.card
        self._prepared = prepared or detector.card
        self.inbox: Belt[Batch | End] = Belt(INBOX_BATCHES, stop)
        self.fed = Event()
        self.done = Event()
        self.ending: DetectorEnded | None = None
        self.in_feed: InFeed | None = None
        self._detector, self._source = detector, source
        self._out, self._stop, self._permits = out, stop, permits
        self._total = _expected(self.card.consumes, source)
        self._done = 0.0
        self._last_pts = 0.0
        self._damaged = 0
        self._calibration, self._condition = calibration, condition or Condition()
        self._faces = Faces()
        self._curve = ScoreCurve()
        self._telling = Telling(self.card)
        self._busy_seconds = 0.0
        self._began = time.monotonic()
        self._thread = Thread(target=self._run, name=f"detector {self.card.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def join(self, seconds: float) -> None:
        if self._thread.ident is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self.ending = self._examine()
            self._out.put(self.ending)
        except Stopped:
            return
        finally:
            self.inbox.abandon()
            self.fed.set()
            self.done.set()

    def _examine(self) -> DetectorEnded:
        try:
            assessment = self._judge()
        except Stopped:
            raise
        # a detector, a plug-in too, may raise anything at all: the others go on
        except BaseException as error:
            logger.exception("detector %s failed", self.card.name)
            return failed(self.card, error, seconds=self._busy_seconds)
        condition = replace(self._condition, face_px=self._faces.median_px())
        assessment = banded(self._prepared, assessment, self._calibration, condition)
        ending = ended(self.card, assessment, seconds=self._busy_seconds)
        return replace(ending, condition=condition)

    def _judge(self) -> Assessment:
        session = self._call(lambda: self._detector.open(self._source))
        self._report(0.0)
        end = self._feed_all(session)
        if self._done <= self._damaged:
            self.fed.set()
            return unread(end.error, what=_CONTENT[self.card.consumes])
        self._take_scores(session.drain)
        self._total = self._units()
        self._report(self._last_pts)
        self.fed.set()
        assessment = self._call(lambda: checked_assessment(self.card, session.finish()))
        for evidence in self._call(lambda: checked_evidence(self.card, session.evidence())):
            self._out.put(evidence)
        if curve := self._curve.evidence(self.card.name):
            self._out.put(curve)
        return without(assessment, self._damaged)

    def _feed_all(self, session: Session) -> End:
        while not isinstance(batch := self.inbox.take(), End):
            self._feed(session, batch)
        if batch.raised:
            raise batch.raised
        return batch

    def _feed(self, session: Session, batch: Batch) -> None:
        if self._done == 0:
            self._began = time.monotonic()
        whole, gaps = _whole(batch)
        amount, until = _measure(batch, self._last_pts)
        self._telling.fed(until)
        if whole:
            self._take_scores(lambda: session.feed(whole))
        if gaps:
            self._damaged += len(gaps)
            self._emit([ScoresMeasured(self.card.name, gaps)])
        if isinstance(batch, FaceBatch):
            self._faces.count(batch.faces)
        if isinstance(batch, SoundBatch) and self.card.hears:
            # beside its frames, in which its progress is counted
            return
        self._last_pts = until
        self._done += amount
        if self._total is not None and self._units() > self._total:
            self._total = self._units()
        self._report(self._last_pts, _faces_in(batch))

    def _take_scores(self, give: Callable[[], Iterable[Observation]]) -> None:
        """Hands on what is yielded one by one, so that a stop is noticed in between."""
        given = self._call(lambda: iter(give()))
        while measured := self._call(lambda: tuple(islice(given, 1))):
            self._emit(self._telling.checked(measured))
            if self._stop.is_set():
                raise Stopped

    def _emit(self, told: Iterable[Told]) -> None:
        for one in told:
            if isinstance(one, ScoresMeasured):
                self._curve.add(one.points)
            self._out.put(one)

    def _call(self, call: Callable[[], Result]) -> Result:
        with self._permit(), self._blame():
            return call()

    @contextmanager
    def _permit(self) -> Iterator[None]:
        while not self._permits.acquire(timeout=LOOK_SECONDS):
            if self._stop.is_set():
                raise Stopped
        try:
            yield
        finally:
            self._permits.release()

    @contextmanager
    def _blame(self) -> Iterator[None]:
        began = time.monotonic()
        self.in_feed = InFeed(self.card.name, began)
        try:
            yield
        finally:
            self.in_feed = None
            self._busy_seconds += time.monotonic() - began

    def _units(self) -> int:
        return math.ceil(self._done)

    def _report(self, pts_seconds: float, faces: int | None = None) -> None:
        """Progress, counted here so that no detector has to."""
        done, total = self._units(), self._total
        passed = time.monotonic() - self._began
        rate = done / passed if done and passed > 0 else None
        left = (total - done) / rate if rate and total is not None else None
        unit = _UNIT[self.card.consumes]
        self._out.put(DetectorProgressed(self.card.name, done, total, unit, rate, left, pts_seconds, faces))


_UNIT = {
    Consumes.FRAMES: "frames",
    Consumes.FACES: "frames",
    Consumes.SOUND: "seconds",
    Consumes.FILE: "files",
    Consumes.FOOTAGE: "frames",
}
_CONTENT = {
    Consumes.FRAMES: "picture",
    Consumes.FACES: "picture",
    Consumes.SOUND: "sound",
    Consumes.FILE: "file",
    Consumes.FOOTAGE: "picture",
}


def _expected(consumes: Consumes, source: Source) -> int | None:
    if consumes is Consumes.FILE:
        return 1
    if consumes is Consumes.SOUND:
        seconds = source.probe.duration_seconds
        return math.ceil(seconds) if seconds is not None else None
    return source.expected_samples


def _measure(batch: Batch, before: float) -> tuple[float, float]:
    """How much this batch holds, in the unit of progress, and the media time it ends at, `before` without frames."""
    if isinstance(batch, FootageBatch):
        return len(batch.frames), batch.frames[-1].pts_seconds if batch.frames else before
    if isinstance(batch, FrameBatch):
        return len(batch.frames), batch.frames[-1].pts_seconds
    if isinstance(batch, FaceBatch):
        return len(batch.sampled), batch.sampled[-1][1]
    if isinstance(batch, SoundBatch):
        seconds = len(batch.samples) / SOUND_RATE_HZ
        return seconds, batch.start_seconds + seconds
    return 1, 0.0


def _whole(batch: Batch) -> tuple[Batch | None, tuple[ScorePoint, ...]]:
    """What of a batch a session may see, and a gap for each damaged frame, which none must score.

    Faces are not looked for in damaged frames, so face batches have their gaps already.
    """
    if not isinstance(batch, FrameBatch) or not any(frame.damaged for frame in batch.frames):
        return batch, ()
    whole = tuple(frame for frame in batch.frames if not frame.damaged)
    gaps = tuple(
        ScorePoint(frame.pts_seconds, None, reason=Reason.DECODE_ERROR)
        for frame in batch.frames
        if frame.damaged
    )
    return FrameBatch(whole) if whole else None, gaps


def _faces_in(batch: Batch) -> int | None:
    """The faces of the last frame of a face batch."""
    if not isinstance(batch, FaceBatch):
        return None
    last = batch.sampled[-1][0]
    return sum(face.index == last for face in batch.faces)
