"""The thread of one watch that hands every picture to the detectors, and tells how the source fares.

Pictures go one way, from the child process that decodes through this thread to one thread for each detector, and what
is told goes onto one bounded belt, so nobody can wait in a circle. Where nobody takes from that, detectors wait and
skip frames; a file that must lose none waits with them, up to the child.
"""

import time
from collections.abc import Iterable
from threading import Thread

from analysis.engine.belt import Stopped
from analysis.engine.lane import InFeed
from analysis.engine.types import FootageFrame, MediaKind, Observation, Probe, SourceOffline, SourceOnline
from analysis.engine.watching.panel import Panel
from analysis.engine.watching.presence import Item, Presence
from analysis.engine.watching.source import FileFailed, Pulse
from analysis.engine.watching.stretch import LiveFrame

PULSE_SECONDS = 2.0


class Lookout:
    """`halt`, `wind_up` and reading `newest` and `in_feed` may come from any thread."""

    def __init__(self, presence: Presence, panel: Panel) -> None:
        self.stop, self.out = panel.stop, panel.out
        self.error: BaseException | None = None
        self._presence, self._panel = presence, panel
        self._frames = 0
        self._is_cancelled = False
        self._pulsed = time.monotonic()
        self._thread = Thread(target=self._run, name="lookout", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def finished(self) -> bool:
        return not self._thread.is_alive()

    @property
    def newest(self) -> FootageFrame | None:
        """The last frame that was handed out, or in which objects were found."""
        return self._panel.newest

    @property
    def in_feed(self) -> InFeed | None:
        return self._panel.in_feed

    def wind_up(self) -> None:
        """Reads no further; sessions conclude, and the thread ends once that is taken."""
        self._is_cancelled = True
        self._presence.end()

    def halt(self, seconds: float) -> bool:
        """Stops without conclusions; waits at most `seconds`. Whether all threads have ended."""
        until = time.monotonic() + seconds
        self.stop.set()
        self._presence.end()
        self._thread.join(seconds)
        return self._panel.halt(until) and self.finished

    def _run(self) -> None:
        try:
            self._tell(self._panel.load())
            if not self._panel.has_given_up:
                self._watch()
            self._panel.finish(cancelled=self._is_cancelled)
        except Stopped:
            return
        # carried over to the thread that iterates, and raised there
        except BaseException as error:
            self.error = error
            self.stop.set()
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
            self._frames += 1
            self._panel.look(item)
        elif item is not None:
            self.out.put(item)
            if isinstance(item, SourceOnline):
                self._panel.open(_probe(item))
            elif isinstance(item, SourceOffline):
                self._panel.break_off()

    def _tell(self, told: Iterable[Observation]) -> None:
        for one in told:
            self.out.put(one)

    def _pulse(self) -> None:
        if time.monotonic() - self._pulsed < PULSE_SECONDS:
            return
        self._pulsed = time.monotonic()
        there = self._presence
        pulse = Pulse(there.is_online, there.pts_seconds, self._frames, there.dropped, self._panel.looked)
        # where nobody takes what is told, nobody misses it, and frames go on
        self.out.offer(pulse)


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
