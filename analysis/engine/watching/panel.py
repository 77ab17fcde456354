"""The detectors of one watch: each has a thread of its own, objects are found once for all that follow them."""

import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from threading import Event, Thread
from typing import TypeVar

from analysis.engine.belt import LOOK_SECONDS, Belt, Stopped
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.endings import ended, failed
from analysis.engine.errors import UnusableWeights, UnverifiedWeights
from analysis.engine.following import ObjectsFollowed
from analysis.engine.lane import InFeed
from analysis.engine.registry import Registry
from analysis.engine.schedule import Options, threads_each
from analysis.engine.types import (
    Consumes,
    FootageFrame,
    FootageSettings,
    NotAssessed,
    Observation,
    Probe,
    Reason,
    Source,
)
from analysis.engine.watching.feed import Feed
from analysis.engine.watching.finding import Finding
from analysis.engine.watching.handover import Brought, Handover, Over
from analysis.engine.watching.seat import Seat
from analysis.engine.watching.source import Looked, Pulse
from analysis.engine.watching.stretch import LiveFrame

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
OUT_OBSERVATIONS = 64


class Panel:
    """Used by one thread; what only reads may be asked by others. What `load` yields is to be told, everything else
    goes onto `out` by itself. may_drop: a detector that is busy skips frames, and nobody waits for it."""

    def __init__(
        self,
        registry: Registry,
        names: Sequence[str],
        settings: FootageSettings,
        options: Options,
        *,
        may_drop: bool,
    ) -> None:
        self.stop = Event()
        self.out: Belt[Observation | Pulse] = Belt(OUT_OBSERVATIONS, self.stop)
        self._registry, self._settings, self._options = registry, settings, options
        self._cards = [registry.card(name) for name in dict.fromkeys(names)]
        self._may_drop = may_drop
        self._loading: InFeed | None = None
        self._feeds: tuple[Feed, ...] = ()
        self._finding: Finding | None = None
        self._newest: FootageFrame | None = None
        self._is_open = False
        self._outages = 0

    @property
    def has_given_up(self) -> bool:
        """Whether nobody looks any more, of those who were to."""
        return bool(self._cards) and all(feed.has_ended for feed in self._feeds)

    @property
    def newest(self) -> FootageFrame | None:
        """The last frame, with its tracks where objects are followed."""
        finding = self._finding
        return finding.newest if finding and not finding.has_ended else self._newest

    @property
    def in_feed(self) -> InFeed | None:
        """Who has been computing longest."""
        feeds = [self._loading, *(feed.in_feed for feed in self._feeds)]
        if self._finding:
            feeds.append(self._finding.in_feed)
        return min((one for one in feeds if one), key=lambda one: one.since, default=None)

    @property
    def looked(self) -> tuple[Looked, ...]:
        return tuple(feed.looked for feed in self._feeds if not feed.has_ended)

    def load(self) -> Iterator[Observation]:
        """Loads the detectors, and whoever finds objects for them. Those that cannot look at footage end here."""
        seats: list[Seat] = []
        for card in self._cards:
            try:
                seats.append(Seat(self._blamed(card.name, partial(self._load, card))))
            except _Refused as refusal:
                yield ended(card, refusal.assessment)
            # loading a plug-in may raise anything at all: the others go on
            except Exception as error:
                logger.exception("detector %s could not be loaded", card.name)
                yield failed(card, error)
        following = [seat.card for seat in seats if seat.card.follows]
        objects = (yield from self._find_objects(following, seats)) if following else None
        self._begin([seat for seat in seats if objects or not seat.card.follows], objects)

    def open(self, probe: Probe) -> None:
        """Opens a session of each; with the first picture, of which `probe` tells. They live on through outages."""
        if not self._is_open:
            self._is_open = True
            source = Source(probe, self._settings.max_fps, None, self._settings)
            for feed in self._feeds:
                feed.waiting.tell(source)

    def break_off(self) -> None:
        """What comes next, comes after an outage."""
        self._outages += 1

    def look(self, frame: LiveFrame) -> None:
        """Hands it to everybody. Raises Stopped, where they are waited for."""
        plain = FootageFrame(frame.number, frame.pts_seconds, frame.rgb)
        self._newest = plain
        brought = Brought(plain, None, self._outages)
        for handover in self._first:
            handover.put(brought)

    def finish(self, *, cancelled: bool) -> None:
        """Has all of them conclude, and waits for it; soon, where somebody cancelled. Raises Stopped."""
        for handover in self._first:
            handover.tell(Over(cancelled=cancelled))
        for thread in self._threads:
            while thread.is_alive():
                if self.stop.is_set():
                    raise Stopped
                thread.join(LOOK_SECONDS)

    def halt(self, until: float) -> bool:
        """Has all of them end at their next frame, without conclusions. Whether they did, by that (time.monotonic)."""
        self.stop.set()
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    @property
    def _first(self) -> list[Handover]:
        """Where frames go at first: not to those who follow objects."""
        finding = [self._finding.waiting] if self._finding else []
        return [feed.waiting for feed in self._feeds if not feed.card.follows] + finding

    @property
    def _threads(self) -> list[Thread]:
        return [feed.thread for feed in self._feeds] + ([self._finding.thread] if self._finding else [])

    def _begin(self, seats: Sequence[Seat], objects: ObjectsFollowed | None) -> None:
        feeds = tuple(Feed(seat, self.out, self.stop, may_drop=self._may_drop) for seat in seats)
        if objects:
            following = [feed for feed in feeds if feed.card.follows]
            self._finding = Finding(objects, following, self.stop, may_drop=self._may_drop)
            self._finding.thread.start()
        for feed in feeds:
            feed.thread.start()
        self._feeds = feeds

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

    def _find_objects(
        self, following: Sequence[Card], seats: Sequence[Seat]
    ) -> Generator[Observation, None, ObjectsFollowed | None]:
        options, registry = self._options, self._registry
        threads = options.threads_each or threads_each([seat.card for seat in seats], options.cores)
        make = partial(registry.find_objects, registry.weights, self._settings.finder, threads)
        try:
            finder = self._blamed(following[0].name, make)
            return ObjectsFollowed(finder, self._settings, still=False)
        except (UnverifiedWeights, UnusableWeights) as error:
            for card in following:
                yield ended(card, NotAssessed(Reason.DETECTOR_MISSING, str(error)))
        # a finder is somebody else's net, from a file of anybody's
        except Exception as error:
            logger.exception("the object finder cannot be loaded")
            for card in following:
                yield failed(card, error)
        return None

    def _blamed(self, name: str, call: Callable[[], Result]) -> Result:
        self._loading = InFeed(name, time.monotonic())
        try:
            return call()
        finally:
            self._loading = None


class _Refused(Exception):
    def __init__(self, assessment: NotAssessed) -> None:
        super().__init__(assessment.detail)
        self.assessment = assessment
