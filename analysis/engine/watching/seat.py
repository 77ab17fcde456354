"""One detector at a watch, with its session."""

from collections.abc import Iterable, Iterator

from analysis.engine.detectors.base import Detector, Session
from analysis.engine.endings import checked_assessment, checked_evidence, ended, unread
from analysis.engine.telling import Telling
from analysis.engine.types import DetectorStarted, FootageBatch, Observation, Source


class Seat:
    """What it tells is checked on the way. Raises whatever the session raises, and BrokenProtocol."""

    def __init__(self, detector: Detector) -> None:
        self.card = detector.card
        self.busy_seconds = 0.0
        self._detector = detector
        self._session: Session | None = None
        self._telling = Telling(detector.card)
        self._has_looked = False

    def open(self, source: Source) -> Iterator[Observation]:
        """Once; the session lives on through outages."""
        if self._session is None:
            self._session = self._detector.open(source)
            yield DetectorStarted(self.card.name, f"{self.card.title} started.")

    def feed(self, batch: FootageBatch) -> Iterator[Observation]:
        if self._session is None:
            return
        if batch.frames:
            self._has_looked = True
            self._telling.fed(batch.frames[-1].pts_seconds)
        yield from self._checked(self._session.feed(batch))

    def drain(self) -> Iterator[Observation]:
        if self._session is not None and self._has_looked:
            yield from self._checked(self._session.drain())

    def finish(self) -> Iterator[Observation]:
        if self._session is None or not self._has_looked:
            yield ended(self.card, unread(None, what="picture"))
            return
        assessment = checked_assessment(self.card, self._session.finish())
        yield from checked_evidence(self.card, self._session.evidence())
        yield ended(self.card, assessment, seconds=self.busy_seconds)

    def _checked(self, given: Iterable[Observation]) -> Iterator[Observation]:
        for one in given:
            yield from self._telling.checked((one,))
