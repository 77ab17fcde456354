"""The detectors of one watch: objects are found once for all of them, they look in turn, each ends by itself."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TypeVar

from analysis.engine.detectors.base import Card, Detector
from analysis.engine.endings import ended, failed
from analysis.engine.errors import UnusableWeights, UnverifiedWeights
from analysis.engine.following import ObjectsFollowed
from analysis.engine.lane import InFeed
from analysis.engine.registry import Registry
from analysis.engine.schedule import Options, threads_each
from analysis.engine.types import (
    Consumes,
    FootageBatch,
    FootageFrame,
    FootageSettings,
    Frame,
    NotAssessed,
    Observation,
    Probe,
    Reason,
    Source,
)
from analysis.engine.watching.seat import Seat
from analysis.engine.watching.stretch import LiveFrame

logger = logging.getLogger(__name__)
Result = TypeVar("Result")


class Panel:
    """Used by one thread; only `in_feed` and `newest` may be read from others. What it yields is to be told."""

    def __init__(
        self, registry: Registry, names: Sequence[str], settings: FootageSettings, options: Options
    ) -> None:
        self.in_feed: InFeed | None = None
        self.newest: FootageFrame | None = None
        self._registry, self._settings, self._options = registry, settings, options
        self._cards = [registry.card(name) for name in dict.fromkeys(names)]
        self._seats: list[Seat] = []
        self._objects: ObjectsFollowed | None = None

    @property
    def has_given_up(self) -> bool:
        """Whether nobody looks any more, of those who were to."""
        return bool(self._cards) and not self._seats

    def load(self) -> Iterator[Observation]:
        """Loads the detectors, and whoever finds objects for them. Those that cannot look at footage end here."""
        for card in self._cards:
            try:
                self._seats.append(Seat(self._blamed(card.name, partial(self._load, card))))
            except _Refused as refusal:
                yield ended(card, refusal.assessment)
            # loading a plug-in may raise anything at all: the others go on
            except Exception as error:
                logger.exception("detector %s could not be loaded", card.name)
                yield failed(card, error)
        yield from self._find_objects()

    def open(self, probe: Probe) -> Iterator[Observation]:
        """Opens a session of each that has none yet; with the first picture, of which `probe` tells."""
        source = Source(probe, self._settings.max_fps, None, self._settings)
        for seat in list(self._seats):
            yield from self._guarded(seat, partial(seat.open, source))

    def look(self, frame: LiveFrame) -> Iterator[Observation]:
        """Yields what they tell of it, one by one."""
        plain = FootageFrame(frame.number, frame.pts_seconds, frame.rgb)
        if self._objects:
            try:
                plain = self._blamed(self._following[0].card.name, partial(_followed, self._objects, frame))
            # a finder is somebody else's net, on a picture of anybody's
            except Exception as error:
                logger.exception("the object finder failed")
                yield from self._give_up_objects(error)
        self.newest = plain
        found_by = self._objects.found_by if self._objects else None
        yield from self._feed(FootageBatch((plain,), found_by=found_by))

    def finish(self) -> Iterator[Observation]:
        """What was held back, and the ending of each."""
        if self._objects and (left := self._objects.finish()):
            yield from self._feed(FootageBatch((), left, self._objects.found_by))
        for seat in list(self._seats):
            yield from self._guarded(seat, seat.drain)
        for seat in list(self._seats):
            yield from self._guarded(seat, seat.finish)
        self._seats.clear()

    @property
    def _following(self) -> list[Seat]:
        return [seat for seat in self._seats if seat.card.follows]

    def _load(self, card: Card) -> Detector:
        if card.consumes is not Consumes.FOOTAGE:
            raise _Refused(NotAssessed(Reason.OUTSIDE_DOMAIN, f"{card.title} does not look at footage"))
        state = self._registry.state(card.name)
        if not state.available:
            raise _Refused(NotAssessed(Reason.DETECTOR_MISSING, state.reason))
        try:
            return self._registry.detector(card.name)
        except (UnverifiedWeights, UnusableWeights) as error:
            raise _Refused(NotAssessed(Reason.DETECTOR_MISSING, str(error))) from error

    def _find_objects(self) -> Iterator[Observation]:
        following = self._following
        if not following:
            return
        options, registry = self._options, self._registry
        threads = options.threads_each or threads_each([seat.card for seat in self._seats], options.cores)
        make = partial(registry.find_objects, registry.weights, self._settings.finder, threads)
        try:
            finder = self._blamed(following[0].card.name, make)
            self._objects = ObjectsFollowed(finder, self._settings, still=False)
        except (UnverifiedWeights, UnusableWeights) as error:
            self._seats = [seat for seat in self._seats if not seat.card.follows]
            for seat in following:
                yield ended(seat.card, NotAssessed(Reason.DETECTOR_MISSING, str(error)))
        # a finder is somebody else's net, from a file of anybody's
        except Exception as error:
            logger.exception("the object finder cannot be loaded")
            yield from self._give_up_objects(error)

    def _give_up_objects(self, error: Exception) -> Iterator[Observation]:
        following = self._following
        self._objects = None
        self._seats = [seat for seat in self._seats if not seat.card.follows]
        for seat in following:
            yield failed(seat.card, error, seconds=seat.busy_seconds)

    def _feed(self, batch: FootageBatch) -> Iterator[Observation]:
        for seat in list(self._seats):
            yield from self._guarded(seat, partial(seat.feed, batch))

    def _guarded(self, seat: Seat, work: Callable[[], Iterable[Observation]]) -> Iterator[Observation]:
        """What that work yields. A session that raises ends its detector only."""
        name = seat.card.name
        try:
            given = iter(work())
            while told := self._blamed(name, lambda: tuple(islice(given, 1)), seat):
                yield from told
        # a detector, a plug-in too, may raise anything at all: the others go on
        except Exception as error:
            logger.exception("detector %s failed", name)
            self._seats.remove(seat)
            yield failed(seat.card, error, seconds=seat.busy_seconds)

    def _blamed(self, name: str, call: Callable[[], Result], seat: Seat | None = None) -> Result:
        began = time.monotonic()
        self.in_feed = InFeed(name, began)
        try:
            return call()
        finally:
            self.in_feed = None
            if seat:
                seat.busy_seconds += time.monotonic() - began


class _Refused(Exception):
    def __init__(self, assessment: NotAssessed) -> None:
        super().__init__(assessment.detail)
        self.assessment = assessment


def _followed(objects: ObjectsFollowed, frame: LiveFrame) -> FootageFrame:
    return objects.take(
        Frame(0, frame.pts_seconds, frame.rgb, sampled=False, footage=True, number=frame.number)
    )
