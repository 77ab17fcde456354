"""The thread that finds and follows objects at a watch, for all detectors that need them.

It looks at the newest frame like a detector does, and hands that on with its tracks. So whoever follows is shown frames
that belong to the tracks, at the finder's pace, and whoever does not follow waits for no finder.
"""

import logging
import time
from collections.abc import Sequence
from threading import Event, Thread

from analysis.engine.belt import Stopped
from analysis.engine.following import ObjectsFollowed
from analysis.engine.lane import InFeed
from analysis.engine.types import FootageFrame, Frame
from analysis.engine.watching.feed import Feed
from analysis.engine.watching.handover import Brought, Handover, Over

logger = logging.getLogger(__name__)


class Finding:
    """`newest` is the last frame with its tracks. A finder that raises ends the feeds that follow, and no other."""

    def __init__(
        self, objects: ObjectsFollowed, feeds: Sequence[Feed], stop: Event, *, may_drop: bool
    ) -> None:
        self.in_feed: InFeed | None = None
        self.newest: FootageFrame | None = None
        self.has_ended = False
        self.waiting = Handover(stop, may_drop=may_drop)
        self.thread = Thread(target=self._run, name="finding", daemon=True)
        self._objects, self._feeds = objects, feeds

    def _run(self) -> None:
        try:
            self._work()
        except Stopped:
            return
        # a finder is somebody else's net, on a picture of anybody's
        except BaseException as error:
            logger.exception("the object finder failed")
            self._end(Over(raised=error))
        finally:
            self.has_ended = True
            self.waiting.abandon()

    def _work(self) -> None:
        while not isinstance(item := self.waiting.take(), Over):
            if not isinstance(item, Brought):
                continue
            living = [feed for feed in self._feeds if not feed.has_ended]
            if not living:
                return
            self.newest = self._followed(item.frame, living[0].card.name)
            brought = Brought(self.newest, self._objects.found_by, item.outages)
            for feed in living:
                feed.waiting.put(brought)
        self._end(Over(self._objects.finish(), cancelled=item.cancelled))

    def _followed(self, frame: FootageFrame, blamed: str) -> FootageFrame:
        self.in_feed = InFeed(blamed, time.monotonic())
        try:
            return self._objects.take(
                Frame(0, frame.pts_seconds, frame.rgb, sampled=False, footage=True, number=frame.number)
            )
        finally:
            self.in_feed = None

    def _end(self, over: Over) -> None:
        for feed in self._feeds:
            feed.waiting.tell(over)
