"""Where frames wait for one detector at a watch: the newest of a source that goes on without us, all of any other."""

from collections import deque
from dataclasses import dataclass, replace
from threading import Condition, Event
from typing import TYPE_CHECKING

from analysis.engine.belt import LOOK_SECONDS, Stopped
from analysis.engine.types import FootageFrame, FoundBy, Source

if TYPE_CHECKING:
    from analysis.engine.analytics.objects import TrackEvent

# A second one, so that a detector that is late by a moment loses nothing; more would only make it look at older ones.
MOST_WAITING = 2


@dataclass(frozen=True)
class Brought:
    """A frame on its way to a detector; `outages` counts those of the source until it came."""

    frame: FootageFrame
    found_by: FoundBy | None
    outages: int


@dataclass(frozen=True)
class Over:
    """No further frame comes; `left` are the tracks that end with the footage, `raised` what failed of what a detector
    needs. cancelled: somebody waits for the end, and frames that wait are looked at only for what is told in them."""

    left: "tuple[TrackEvent, ...]" = ()
    raised: BaseException | None = None
    cancelled: bool = False


Item = Source | Brought | Over


class Handover:
    """Between two threads. may_drop: who brings never waits, and the oldest frame makes room; `dropped` counts those.
    Otherwise who brings waits, and nothing is lost."""

    def __init__(self, stop: Event, *, may_drop: bool) -> None:
        self.dropped = 0
        self._stop, self._may_drop = stop, may_drop
        self._items: deque[Item] = deque()
        self._frames: deque[Brought] = deque()
        self._changed = Condition()
        self._abandoned = False

    def tell(self, item: Source | Over) -> None:
        """What is told once, after the frames so far: a source before the first, the end after the last."""
        with self._changed:
            if isinstance(item, Over) and item.cancelled:
                self._hurry()
            if not self._abandoned:
                self._items.append(item)
                self._changed.notify_all()

    def put(self, brought: Brought) -> None:
        """Raises Stopped, where it has to wait."""
        with self._changed:
            while not self._abandoned and len(self._frames) >= MOST_WAITING:
                if self._may_drop:
                    self._make_room()
                else:
                    self._wait()
            if not self._abandoned:
                self._frames.append(brought)
                self._changed.notify_all()

    def take(self) -> Item:
        """Waits for what comes next: a source, frames, the end. Raises Stopped."""
        with self._changed:
            while not (self._items or self._frames):
                self._wait()
            self._refuse_stopped()
            return self._next()

    def abandon(self) -> None:
        """Nobody takes any more: what waits and what still comes is dropped, and not counted."""
        with self._changed:
            self._abandoned = True
            self._items.clear()
            self._frames.clear()
            self._changed.notify_all()

    def _next(self) -> Item:
        if self._items and (isinstance(self._items[0], Source) or not self._frames):
            return self._items.popleft()
        self._changed.notify_all()
        return self._frames.popleft()

    def _make_room(self) -> None:
        oldest, following = self._frames.popleft(), self._frames.popleft()
        self._frames.appendleft(replace(following, frame=joined(oldest.frame, following.frame)))
        self.dropped += 1

    def _hurry(self) -> None:
        while len(self._frames) > 1:
            self._make_room()
        if self._frames and not self._frames[0].frame.events:
            self._frames.clear()
            self.dropped += 1

    def _wait(self) -> None:
        self._refuse_stopped()
        self._changed.wait(LOOK_SECONDS)

    def _refuse_stopped(self) -> None:
        if self._stop.is_set():
            raise Stopped


def joined(skipped: FootageFrame, frame: FootageFrame) -> FootageFrame:
    """The later frame, with what has to be known of the one before, at which nobody looks: who entered, who left.

    Of one that entered in the former and is told of in the latter too, the later state counts.
    """
    if not skipped.events:
        return frame
    later = {event.track.track_id: event for event in frame.events}
    kept: list[TrackEvent] = []
    entered: set[int] = set()
    for event in skipped.events:
        again = later.get(event.track.track_id)
        if event.action == "entered" and again and again.action == "updated":
            entered.add(event.track.track_id)
            kept.append(replace(event, track=again.track))
        elif event.action != "updated":
            kept.append(event)
    own = (event for event in frame.events if event.track.track_id not in entered)
    return replace(frame, events=(*kept, *own))
