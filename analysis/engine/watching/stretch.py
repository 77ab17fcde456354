"""One child that reads a watched source, from its start until the source or the child ends."""

import math
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from analysis.engine.errors import LimitExceeded, ReaderLost, UndecodableMedia
from analysis.engine.media import answers, ring, wire
from analysis.engine.media.limits import Limits
from analysis.engine.media.probe_child import recognise
from analysis.engine.media.sandbox import Sandbox
from analysis.engine.media.sniff import PICTURE_FORMATS
from analysis.engine.types import MediaKind
from analysis.engine.watching import certificates
from analysis.engine.watching.order import LiveOrder
from analysis.engine.watching.source import CertificateRefused, LiveSource, SourceFailed

if TYPE_CHECKING:
    from analysis.engine.types import Pixels

# More would only make what is shown older: what is not taken in time is dropped.
LIVE_SLOTS = 3
_LOOK_SECONDS = 0.25
_SPARE_SECONDS = 5.0  # for the child to start, beside what the source takes
_NO_VIDEO = "it is no video that Assay knows"
_NO_PATH = "no file: a live source"


@dataclass(frozen=True)
class Opened:
    """What the first picture and the source's headers say."""

    width: int
    height: int
    fps: float | None
    codec: str


@dataclass(frozen=True)
class LiveFrame:
    """`number` counts decoded pictures since watching began; `dropped` those that this stretch gave up so far."""

    number: int
    pts_seconds: float
    rgb: "Pixels"
    dropped: int


class Renewed(Exception):
    """The child must be replaced, which is no fault of the source: its CPU time is used up, or its ring too small, by
    what `slot_bytes` says."""

    def __init__(self, slot_bytes: int = 0) -> None:
        super().__init__()
        self.slot_bytes = slot_bytes


class Stretch:
    """Used by one thread; only `kill` may come from another. Use it as a context manager."""

    def __init__(self, source: LiveSource, order: LiveOrder, limits: Limits, least_slot_bytes: int) -> None:
        self._source, self._order, self._limits = source, order, limits
        self._least_slot_bytes = least_slot_bytes
        self._ring: ring.Slots | None = None
        self._opened: Opened | None = None
        self._delivered = self._dropped = 0
        self._last_number, self._last_pts = order.number - 1, -math.inf
        descriptor = ring.create()
        try:
            job = self._job() | {"ring": descriptor, "live": order.as_json()}
            self._sandbox = _Sandbox(job, name="the source", descriptors=(descriptor,))
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sandbox.close()
        os.close(self._descriptor)

    def kill(self) -> None:
        self._sandbox.kill()

    def items(self) -> Iterator[Opened | LiveFrame | None]:
        """What comes, Opened first, None whenever nothing has come for a moment; ends when a file does.

        Raises SourceFailed, with the reason, and Renewed.
        """
        spoke = time.monotonic()
        while True:
            if not self._sandbox.is_ready(_LOOK_SECONDS):
                self._refuse_silence(time.monotonic() - spoke)
                yield None
                continue
            tag, payload = self._receive()
            if tag is wire.Tag.ENDED and not self._order.is_live:
                return
            if tag is wire.Tag.OPENED and self._opened is None:
                yield self._open(payload)
            elif tag is wire.Tag.PICTURE:
                yield self._frame(payload)
            elif tag is not wire.Tag.ALIVE:
                raise self._why(tag, payload)
            # taken after whoever works on it gave back: what came meanwhile has not been silent
            spoke = time.monotonic()

    def _job(self) -> dict[str, Any]:
        job: dict[str, Any] = {
            "task": "watch",
            "path": _NO_PATH,
            "kind": "video",
            "format": "",
            "limits": vars(self._limits),
        }
        if self._source.path is None:
            return job
        try:
            found = recognise(self._source.path)
        except OSError:
            raise SourceFailed("there is no such file") from None
        except UndecodableMedia:
            raise SourceFailed(_NO_VIDEO) from None
        if found.kind is not MediaKind.VIDEO or found.format in PICTURE_FORMATS:
            raise SourceFailed(_NO_VIDEO)
        return job | {"path": str(self._source.path.absolute()), "format": found.format}

    def _refuse_silence(self, seconds: float) -> None:
        if self._opened is None:
            most = self._order.open_seconds + self._order.stall_seconds + _SPARE_SECONDS
            said = f"no picture came within {most:g} s"
        else:
            most, said = self._order.stall_seconds, f"no picture came for {self._order.stall_seconds:g} s"
        if seconds > most:
            self.kill()
            raise SourceFailed(said)

    def _receive(self) -> tuple[wire.Tag, bytes]:
        try:
            return self._sandbox.receive(_SPARE_SECONDS)
        except LimitExceeded:
            if self._delivered:
                raise Renewed from None
            raise SourceFailed("decoding it takes more processor time than is allowed") from None
        except ReaderLost:
            raise SourceFailed("the process that decodes it was lost") from None

    def _why(self, tag: wire.Tag, payload: bytes) -> Exception:
        if tag is not wire.Tag.FAILED:
            return self._nonsense()
        said = answers.failure(payload)
        if said.code in certificates.CODES:
            return CertificateRefused(said.message.rstrip("."), said.code)
        if said.code != "resized":
            return SourceFailed(said.message.rstrip("."))
        needed = int(said.message) if re.fullmatch("[0-9]{1,12}", said.message) else 0
        if self._ring is None or not self._ring.slot_bytes < needed <= 3 * self._limits.max_pixels:
            return self._nonsense()
        return Renewed(needed)

    def _open(self, payload: bytes) -> Opened:
        try:
            said = wire.load(payload)
        except wire.Garbled:
            raise self._nonsense() from None
        width, height, fps, codec = (said.get(name) for name in ("width", "height", "fps", "codec"))
        if not (type(width) is int and type(height) is int and isinstance(codec, str)):
            raise self._nonsense()
        if width < 1 or height < 1 or width * height > self._limits.max_pixels:
            raise self._nonsense()
        slot_bytes = max(3 * width * height, self._least_slot_bytes)
        slots = ring.size(self._descriptor, slot_bytes, still=False, most=LIVE_SLOTS)
        self._sandbox.order(wire.Order.RING, slots, slot_bytes)
        self._ring = ring.Slots(self._descriptor, slots, slot_bytes, writable=False)
        told = float(fps) if isinstance(fps, int | float) and 0 < fps < 1000 else None
        self._opened = Opened(width, height, told, codec[:40])
        return self._opened

    def _frame(self, payload: bytes) -> LiveFrame:
        slot, index, width, height, number, dropped, pts = wire.PICTURE.unpack(payload)
        latest = time.monotonic() - self._order.began + 1 if self._order.is_live else 1e9
        if (
            self._ring is None
            or index != self._delivered
            or slot != index % self._ring.count
            or not 0 < width * height * 3 <= self._ring.slot_bytes
            or not (math.isfinite(pts) and self._last_pts < pts <= latest)
            or not (number > self._last_number and dropped >= self._dropped)
        ):
            raise self._nonsense()
        # copied, so that the child goes on at once and can no longer change what sessions look at
        rgb: Pixels = self._ring.view(slot, width, height).copy()
        self._sandbox.order(wire.Order.FREE)
        self._delivered += 1
        self._dropped, self._last_number, self._last_pts = dropped, number, pts
        return LiveFrame(number, pts, rgb, dropped)

    def _nonsense(self) -> SourceFailed:
        self.kill()
        return SourceFailed("the process that decodes it talks nonsense")


class _Sandbox(Sandbox):
    """One that can be asked whether it has something to say, so that nobody has to wait for it."""

    def is_ready(self, within_seconds: float) -> bool:
        return bool(self._inbox) or bool(self._poll.poll(within_seconds * 1000))
