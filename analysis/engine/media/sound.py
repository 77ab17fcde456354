"""The sound of a file as 16 kHz mono, in blocks of one second and without a gap."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.container import InputContainer

from analysis.engine.media.limits import Limits
from analysis.engine.media.packets import decoded
from analysis.engine.media.reading import Block, Ledger
from analysis.engine.media.wire import SOUND_BLOCK_SAMPLES

if TYPE_CHECKING:
    from analysis.engine.types import Samples

RATE_HZ = 16_000
# Containers round timestamps (Matroska to 1 ms) and encoders wobble; what is later than this is a hole.
_HOLE_SECONDS = 0.04


def blocks(
    container: InputContainer, stream: Any, origin_seconds: float, ledger: Ledger, limits: Limits
) -> Iterator[Block]:
    """Blocks of one second from the origin on; only the last is shorter.

    All channels are mixed to one. A hole in the timestamps is filled with silence, which is counted;
    sound before the origin is cut.
    """
    start, waiting = 0, np.empty(0, dtype=np.float32)
    for piece in _pieces(container, stream, origin_seconds, ledger, limits):
        waiting = np.concatenate((waiting, piece))
        while len(waiting) >= SOUND_BLOCK_SAMPLES:
            yield Block(start / RATE_HZ, waiting[:SOUND_BLOCK_SAMPLES])
            start, waiting = start + SOUND_BLOCK_SAMPLES, waiting[SOUND_BLOCK_SAMPLES:]
    if len(waiting):
        yield Block(start / RATE_HZ, waiting)


def _pieces(
    container: InputContainer, stream: Any, origin_seconds: float, ledger: Ledger, limits: Limits
) -> "Iterator[Samples]":
    resampler = _Resampler()
    written, clock = 0, 0.0  # samples given out; media time at which the decoded sound ends
    for frame in decoded(container, stream, origin_seconds, ledger):
        if not frame.samples or not frame.sample_rate:
            continue
        at = clock if frame.pts is None else float(frame.pts * frame.time_base) - origin_seconds
        if at - clock > _HOLE_SECONDS:
            for piece in resampler.rest():
                written += len(piece)
                yield piece
            for piece in _silence(min(at, limits.max_duration_seconds + 1) - written / RATE_HZ, ledger):
                written += len(piece)
                yield piece
            clock = at
        elif at < -_HOLE_SECONDS and not written:
            continue
        for piece in resampler.feed(frame):
            written += len(piece)
            yield piece
        clock += frame.samples / frame.sample_rate
    yield from resampler.rest()


def _silence(seconds: float, ledger: Ledger) -> "Iterator[Samples]":
    left = max(round(seconds * RATE_HZ), 0)
    ledger.silence_seconds += left / RATE_HZ
    while left > 0:
        yield np.zeros(min(left, SOUND_BLOCK_SAMPLES), dtype=np.float32)
        left -= SOUND_BLOCK_SAMPLES


class _Resampler:
    """PyAV's, made anew when the sound changes its rate, layout or format midway."""

    def __init__(self) -> None:
        self._shape: tuple[Any, ...] | None = None
        self._inner = self._make()

    def feed(self, frame: Any) -> "Iterator[Samples]":
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._shape not in (None, shape):
            yield from self.rest()
        self._shape = shape
        frame.pts = None
        yield from map(_samples, self._inner.resample(frame))

    def rest(self) -> "Iterator[Samples]":
        """What the filter still holds; afterwards it is as new."""
        if self._shape is not None:
            yield from map(_samples, self._inner.resample(None))
            self._shape, self._inner = None, self._make()

    def _make(self) -> av.AudioResampler:
        return av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)


def _samples(frame: Any) -> "Samples":
    """Finite and within -1..1: a float track may hold anything."""
    return np.clip(np.nan_to_num(frame.to_ndarray()[0].astype(np.float32, copy=False)), -1.0, 1.0)
