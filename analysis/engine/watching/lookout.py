"""The thread of one watch: has every picture looked at, and tells what happens.

One thread does all of it and the child process decodes ahead of it, so nobody can wait in a circle: what the thread
tells goes onto a bounded belt; where nobody takes from that, the thread waits, the ring runs full, and the child drops.
"""

import time
from collections.abc import Iterable
from threading import Event, Thread

from analysis.engine.belt import Belt, Stopped
from analysis.engine.lane import InFeed
from analysis.engine.types import FootageFrame, MediaKind, Observation, Probe, SourceOnline
from analysis.engine.watching.panel import Panel
from analysis.engine.watching.presence import Item, Presence
from analysis.engine.watching.source import FileFailed, Pulse
from analysis.engine.watching.stretch import LiveFrame

OUT_OBSERVATIONS = 64
PULSE_SECONDS = 2.0


class Lookout:
    """`halt`, `wind_up` and reading `newest` and `in_feed` may come from any thread."""

    def __init__(self, presence: Presence, panel: Panel) -> None:
        self.stop = Event()
        self.out: Belt[Observation | Pulse] = Belt(OUT_OBSERVATIONS, self.stop)
        self.error: BaseException | None = None
        self._presence, self._panel = presence, panel
        self._frames = 0
        self._pulsed = time.monotonic()
        self._thread = Thread(target=self._run, name="lookout", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def finished(self) -> bool:
        return not self._thread.is_alive()

    @property
    def newest(self) -> FootageFrame | None:
        """The last frame that was looked at."""
        return self._panel.newest

    @property
    def in_feed(self) -> InFeed | None:
        return self._panel.in_feed

    def wind_up(self) -> None:
        """Reads no further; sessions conclude, and the thread ends once that is taken."""
        self._presence.end()

    def halt(self, seconds: float) -> bool:
        """Stops without conclusions; waits at most `seconds`. Whether the thread has ended."""
        self.stop.set()
        self._presence.end()
        self._thread.join(seconds)
        return self.finished

    def _run(self) -> None:
        try:
            self._tell(self._panel.load())
            if not self._panel.has_given_up:
                self._watch()
            self._tell(self._panel.finish())
        except Stopped:
            return
        # carried over to the thread that iterates, and raised there
        except BaseException as error:
            self.error = error
        finally:
            self._presence.end()

    def _watch(self) -> None:
        items = self._presence.items()
        try:
            for item in items:
                self._take(item)
                self._pulse()
                if self.stop.is_set() or self._panel.has_given_up:
                    return
        # detectors conclude on what there was of it
        except FileFailed as error:
            self.error = error
        finally:
            # ends the child now and not when the collector comes by
            items.close()  # type: ignore[attr-defined]  # a generator

    def _take(self, item: Item) -> None:
        if isinstance(item, LiveFrame):
            self._look_at(item)
        elif item is not None:
            if isinstance(item, SourceOnline):
                self._tell(self._panel.open(_probe(item)))
            self.out.put(item)

    def _look_at(self, frame: LiveFrame) -> None:
        self._frames += 1
        self._tell(self._panel.look(frame))

    def _tell(self, told: Iterable[Observation]) -> None:
        for one in told:
            self.out.put(one)

    def _pulse(self) -> None:
        """By the thread that works: while it hangs in a session there is none."""
        if time.monotonic() - self._pulsed < PULSE_SECONDS:
            return
        self._pulsed = time.monotonic()
        there = self._presence
        self.out.put(Pulse(there.is_online, there.pts_seconds, self._frames, there.dropped))


def _probe(online: SourceOnline) -> Probe:
    """What sessions are told of a source whose end nobody knows."""
    return Probe(
        kind=MediaKind.VIDEO,
        container="live",
        width=online.width,
        height=online.height,
        fps_from_header=online.fps,
        video_codec=online.codec,
        video_streams=1,
    )
