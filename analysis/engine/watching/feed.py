"""The thread of one detector at a watch: it looks at what waits for it, and keeps nobody waiting but itself."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from threading import Event, Thread

from analysis.engine.belt import Belt, Stopped
from analysis.engine.detectors.base import Card
from analysis.engine.endings import failed
from analysis.engine.lane import InFeed
from analysis.engine.types import FootageBatch, FoundBy, Observation, Source
from analysis.engine.watching.gaps import Gaps
from analysis.engine.watching.handover import Brought, Handover, Over
from analysis.engine.watching.seat import Seat
from analysis.engine.watching.source import Looked, Pulse

logger = logging.getLogger(__name__)


class Feed:
    """Ends with its detector: when that raises, when what it needs does, and when the footage is over."""

    def __init__(self, seat: Seat, out: Belt[Observation | Pulse], stop: Event, *, may_drop: bool) -> None:
        self.card: Card = seat.card
        self.in_feed: InFeed | None = None
        self.has_ended = False
        self.waiting = Handover(stop, may_drop=may_drop)
        self.thread = Thread(target=self._run, name=f"detector {seat.card.name}", daemon=True)
        self._seat, self._out = seat, out
        self._frames = self._outages = 0
        self._found_by: FoundBy | None = None
        self._gaps = Gaps(seat.card.name)

    @property
    def looked(self) -> Looked:
        return Looked(self.card.name, self._frames, self.waiting.dropped)

    def _run(self) -> None:
        try:
            self._work()
        except Stopped:
            return
        finally:
            self.has_ended = True
            self.waiting.abandon()

    def _work(self) -> None:
        try:
            over = self._look_until_over()
            error = over.raised
            if not error:
                self._conclude(over)
        except Stopped:
            raise
        # a detector, a plug-in too, may raise anything at all: the others go on
        except BaseException as raised:
            logger.exception("detector %s failed", self.card.name)
            error = raised
        if error:
            self._out.put(failed(self.card, error, seconds=self._seat.busy_seconds))

    def _look_until_over(self) -> Over:
        while not isinstance(item := self.waiting.take(), Over):
            if isinstance(item, Source):
                self._tell(partial(self._seat.open, item))
            else:
                self._look(item)
        return item

    def _look(self, brought: Brought) -> None:
        if brought.outages != self._outages:
            self._outages, self._gaps = brought.outages, Gaps(self.card.name)
        for gap in self._gaps.before(brought.frame.pts_seconds, self.waiting.dropped):
            self._out.put(gap)
        self._frames += 1
        self._found_by = brought.found_by
        self._tell(partial(self._seat.feed, FootageBatch((brought.frame,), found_by=self._found_by)))

    def _conclude(self, over: Over) -> None:
        if over.left:
            self._tell(partial(self._seat.feed, FootageBatch((), over.left, self._found_by)))
        self._tell(self._seat.drain)
        self._tell(self._seat.finish)

    def _tell(self, work: Callable[[], Iterable[Observation]]) -> None:
        """Puts on what that yields, one by one: whoever waits for room there computes nothing."""
        given = iter(work())
        while True:
            with self._blamed():
                told = tuple(islice(given, 1))
            if not told:
                return
            self._out.put(told[0])

    @contextmanager
    def _blamed(self) -> Iterator[None]:
        began = time.monotonic()
        self.in_feed = InFeed(self.card.name, began)
        try:
            yield
        finally:
            self.in_feed = None
            self._seat.busy_seconds += time.monotonic() - began
