"""Decoding a stream packet by packet, going on after what cannot be decoded."""

from collections.abc import Iterator
from typing import Any

import av
from av.container import InputContainer

from analysis.engine.media.reading import Ledger

# A demuxer that keeps failing is not going to recover, and each failure costs a search for the next packet.
_MOST_DEMUX_ERRORS = 50


def decoded(container: InputContainer, stream: Any, origin_seconds: float, ledger: Ledger) -> Iterator[Any]:
    """All frames of the stream. Errors go into the ledger; running out of memory is raised."""
    for packet in _packets(container, stream, ledger):
        try:
            yield from packet.decode()
        except av.FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            ledger.trouble(_seconds(packet, origin_seconds), str(error.strerror))
            ledger.pictures_lost += stream.type == "video"


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
