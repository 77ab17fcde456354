"""Decoding a stream packet by packet, going on after what cannot be decoded."""

from collections import deque
from collections.abc import Iterator
from typing import Any

import av
from av.container import InputContainer

from analysis.engine.media.reading import Ledger

FIRST_DTS = -(2**62)
_MOST_REORDERED = (
    128  # pictures between a packet's way in and its picture's way out; codecs allow some sixteen
)
# A demuxer that keeps failing is not going to recover, and each failure costs a search for the next packet.
_MOST_DEMUX_ERRORS = 50


class Fed:
    """The packets that lately went into a decoder, in its order, which is not always that of what comes out.

    `lost`: the dts of the newest one that failed, None before the first.
    """

    def __init__(self, threads: int) -> None:
        self.lost: int | None = None
        self._dts_by_pts: dict[int, int] = {}
        # a decoder of several threads tells of an error some packets later: the oldest it may mean is taken
        self._recent: deque[int] = deque(maxlen=max(1, threads))

    def note(self, packet: Any) -> None:
        if packet.dts is None:
            return
        self._recent.append(packet.dts)
        if packet.pts is not None:
            self._dts_by_pts[packet.pts] = packet.dts
        if len(self._dts_by_pts) > _MOST_REORDERED:
            del self._dts_by_pts[next(iter(self._dts_by_pts))]

    def lose(self) -> None:
        self.lost = self._recent[0] if self._recent else FIRST_DTS

    def dts_of(self, frame: Any) -> int | None:
        """When that frame's own packet was decoded (PyAV's `dts` is that of the packet that drove it out)."""
        return self._dts_by_pts.get(frame.pts)


def decoded(
    container: InputContainer, stream: Any, origin_seconds: float, ledger: Ledger, fed: Fed | None = None
) -> Iterator[Any]:
    """All frames of the stream. Errors go into the ledger; running out of memory is raised."""
    fed = fed or Fed(1)
    for packet in _packets(container, stream, ledger):
        fed.note(packet)
        try:
            yield from packet.decode()
        except av.FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            ledger.trouble(_seconds(packet, origin_seconds), str(error.strerror))
            fed.lose()


def _packets(container: InputContainer, stream: Any, ledger: Ledger) -> Iterator[Any]:
    """The packets and then the flush, which PyAV sends only when the file ends without an error."""
    failures = 0
    while True:
        try:
            yield from container.demux(stream)
            return
        except av.FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            ledger.trouble(None, f"container: {error.strerror}")
            failures += 1
            if failures > _MOST_DEMUX_ERRORS:
                return


def _seconds(packet: Any, origin_seconds: float) -> float | None:
    stamp = packet.pts if packet.pts is not None else packet.dts
    if stamp is None or packet.time_base is None:
        return None
    return max(float(stamp * packet.time_base) - origin_seconds, 0.0)
