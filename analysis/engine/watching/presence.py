"""A source through all its outages: pictures while there are any, and what is told of it when there are none."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Lock

from analysis.engine.analytics.masks import Masks
from analysis.engine.errors import EngineError
from analysis.engine.media.limits import Limits
from analysis.engine.types import FootageGap, FootageSettings, SourceOffline, SourceOnline
from analysis.engine.watching.backoff import Backoff
from analysis.engine.watching.gaps import Gaps
from analysis.engine.watching.order import LiveOrder
from analysis.engine.watching.scrubbing import scrubbed
from analysis.engine.watching.source import CertificateRefused, FileFailed, LiveSource, Patience
from analysis.engine.watching.stretch import LiveFrame, Opened, Renewed, Stretch

_LOOK_SECONDS = 0.25
MOST_PIXELS = 7680 * 4320  # of a picture; several of them are held at once for as long as it is watched
_STEP_SECONDS = 0.04  # from the last picture of a file to the first of the next stretch of it
_TOO_SOON = "the process that decodes it had to be replaced again and again"

Item = SourceOnline | SourceOffline | FootageGap | LiveFrame | None


class Presence:
    """Iterated by one thread; `end` may come from another.

    `dropped` counts the pictures given up since watching began.
    """

    def __init__(
        self, source: LiveSource, settings: FootageSettings, limits: Limits, patience: Patience
    ) -> None:
        self.is_online = False
        self.dropped = 0
        self.pts_seconds = 0.0
        self._source, self._settings, self._patience = source, settings, patience
        self._masks = Masks(settings.masks) if settings.black_out_masks else None
        self._limits = replace(limits, max_pixels=min(limits.max_pixels, MOST_PIXELS))
        self._backoff, self._gaps = Backoff(patience), Gaps()
        self._renewed_at, self._renewals = -math.inf, 0
        self._began = time.monotonic()
        self._number = self._slot_bytes = 0
        self._told: SourceOnline | None = None
        self._offline_since: float | None = None
        self._said_code = ""
        self._enough = Event()
        self._lock = Lock()
        self._stretch: Stretch | None = None

    def end(self) -> None:
        """No further pictures: the iterator ends, after what is waited for has been cut short."""
        self._enough.set()
        with self._lock:
            if self._stretch:
                self._stretch.kill()

    def items(self) -> Iterator[Item]:
        """None whenever nothing has happened for a moment. Ends when a file does, and after `end`.

        Raises FileFailed: what could not be read of a file will not be the next time either, and to begin it anew would
        tell everything again.
        """
        while not self._enough.is_set():
            try:
                yield from self._pictures()
            except Renewed as renewed:
                yield from self._renew(renewed)
            except EngineError as error:
                reason = scrubbed(str(error).rstrip("."), self._source)
                self._refuse_file(reason)
                yield from self._outage(reason, error.code if isinstance(error, CertificateRefused) else "")
            else:
                return

    def _pictures(self) -> Iterator[Item]:
        """One child's worth. Raises what ended it."""
        before, since = self.dropped, None
        with self._opened() as stretch:
            try:
                for item in stretch.items():
                    if isinstance(item, Opened):
                        since = time.monotonic()
                        yield from self._go_online(item)
                    elif item is None:
                        yield None
                    else:
                        self.dropped = before + item.dropped
                        self._keep(item)
                        yield from self._gaps.before(item.pts_seconds, item.dropped)
                        yield self._blacked_out(item)
                    if self._enough.is_set():
                        return
            finally:
                self._backoff.was_online(time.monotonic() - since if since else 0.0)

    def _refuse_file(self, reason: str) -> None:
        if self._source.is_live or self._enough.is_set():
            return
        if self._told is None:
            raise FileFailed(f"The file cannot be watched: {reason}.")
        if self._source.is_once:
            raise FileFailed(f"The file could be watched up to {self.pts_seconds:.1f} s: {reason}.")

    def _renew(self, renewed: Renewed) -> Iterator[Item]:
        """Makes room for what needs more, and then as much again: a picture that grows each time must not cost a
        child each time. The first time is no news; soon after another one it is an outage like any other."""
        if renewed.slot_bytes:
            self._slot_bytes = min(2 * renewed.slot_bytes, 3 * self._limits.max_pixels)
        before, self._renewed_at = self._renewed_at, time.monotonic()
        self._renewals += 1
        if not self._source.is_live:
            return
        self._gaps.renew()
        if self._renewed_at - before < self._patience.steady_seconds:
            yield from self._outage(_TOO_SOON)

    @contextmanager
    def _opened(self) -> Iterator[Stretch]:
        once, limits = self._source.is_once, self._limits
        if once:
            # it has to get there first, past what was seen; each time it got further
            limits = replace(limits, cpu_seconds=limits.cpu_seconds * (1 + self._renewals))
        order = LiveOrder.of(
            self._source,
            self._patience,
            max_fps=self._settings.max_fps,
            frame_skip=self._settings.frame_skip,
            began=self._began,
            number=0 if once else self._number,
            from_seconds=self.pts_seconds + _STEP_SECONDS if self._number and not once else 0.0,
            shown_from=self._number,
        )
        with Stretch(self._source, order, limits, self._slot_bytes) as stretch:
            with self._lock:
                self._stretch = stretch
            if self._enough.is_set():
                stretch.kill()
            try:
                yield stretch
            finally:
                with self._lock:
                    self._stretch = None

    def _keep(self, frame: LiveFrame) -> None:
        self._number, self.pts_seconds = frame.number + 1, frame.pts_seconds

    def _blacked_out(self, frame: LiveFrame) -> LiveFrame:
        """Before anybody looks at it, and so in all that is made of it."""
        return replace(frame, rgb=self._masks.hidden(frame.rgb)) if self._masks else frame

    def _go_online(self, opened: Opened) -> Iterator[SourceOnline]:
        offline = None if self._offline_since is None else time.monotonic() - self._offline_since
        told = SourceOnline(opened.width, opened.height, opened.fps, opened.codec, offline)
        # a source that changes its size to and fro gets a ring for the largest
        self._slot_bytes = max(self._slot_bytes, 3 * opened.width * opened.height)
        same = self._told and (told.width, told.height) == (self._told.width, self._told.height)
        self._offline_since, self._told, self.is_online = None, told, True
        # a child that was replaced is no news, unless the pictures are others
        if offline is not None or not same:
            yield told

    def _outage(self, reason: str, code: str = "") -> Iterator[Item]:
        """Waits for the next attempt; the first one of an outage says so, and one for a certificate."""
        if code:
            self._backoff.longest()
        seconds = self._backoff.next_seconds()
        if self._enough.is_set():
            return
        begins = self._offline_since is None
        if begins:
            self._offline_since, self.is_online = time.monotonic(), False
            self._gaps = Gaps()
        # a certificate that ran out while it was online comes to light when the connection is lost for another reason
        if begins or code not in {"", self._said_code}:
            self._said_code = code
            yield SourceOffline(reason, seconds, code)
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._enough.wait(min(left, _LOOK_SECONDS)):
            yield None
