"""Reads a media file through a sandboxed child: what it holds, its facts, its frames and its sound."""

import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from analysis.engine.errors import ReaderLost
from analysis.engine.media import answers, ring, wire
from analysis.engine.media.limits import Limits, Sampling, Summary
from analysis.engine.media.portions import Portion
from analysis.engine.media.probe_child import expect, expect_facts, failure, job, recognise
from analysis.engine.media.sandbox import Sandbox
from analysis.engine.trust import NOBODY, TrustList
from analysis.engine.types import (
    Consumes,
    FileFacts,
    Frame,
    FrameBatch,
    MediaKind,
    SoundBatch,
)

if TYPE_CHECKING:
    from analysis.engine.types import Pixels

SOUND_RATE_HZ = 16_000


def open_media(
    path: Path,
    *,
    limits: Limits,
    sampling: Sampling,
    wants: frozenset[Consumes],
    trust: TrustList = NOBODY,
) -> "MediaReader":
    """A reader that has probed the file and decodes it once, ahead of whoever asks for batches.

    Frames are read when `wants` holds FRAMES, FACES or FOOTAGE, sound when it holds SOUND, and what lies in
    the file besides when it holds FILE; `trust` says whose Content Credentials are of a known signer.
    Use it as a context manager.
    Raises UndecodableMedia, LimitExceeded or ReaderLost.
    """
    found = recognise(path)
    descriptor = ring.create()
    try:
        task = job("read", path, found, limits) | {
            "ring": descriptor,
            "fps": sampling.fps,
            "max_frames": sampling.max_frames,
            "until_seconds": sampling.until_seconds,
            "passages": vars(sampling.passages) if sampling.passages else None,
            "flow": vars(sampling.flow) if sampling.flow else None,
            "frames": bool(wants & {Consumes.FRAMES, Consumes.FACES, Consumes.FOOTAGE}),
            "sound": Consumes.SOUND in wants,
            "file": Consumes.FILE in wants,
            "trust": vars(trust),
        }
        return MediaReader(task, path=path, limits=limits, sampling=sampling, descriptor=descriptor)
    finally:
        os.close(descriptor)


class MediaReader:
    """One pass over one file. Used by one thread; only `close` may come from another.

    `summary` is there once the batches are used up; `decode_errors` counts while they come.
    """

    def __init__(
        self, task: Mapping[str, Any], *, path: Path, limits: Limits, sampling: Sampling, descriptor: int
    ) -> None:
        self.decode_errors = 0
        self.summary = Summary()
        self._path, self._limits, self._sampling = path, limits, sampling
        self._sandbox = Sandbox(task, name=path.name, descriptors=(descriptor,))
        try:
            self.probe = answers.probe(expect(self._sandbox, wire.Tag.PROBED, limits.probe_seconds), limits)
            self._ring = self._make_ring(descriptor) if task["frames"] and self.probe.has_picture else None
            self._facts = answers.facts(expect_facts(self._sandbox, limits))
        except BaseException:
            self._sandbox.close()
            raise
        self._frames = self._sampled = self._samples = 0
        self._last_pts = -math.inf
        self._last_number = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sandbox.close()

    @property
    def described(self) -> Mapping[str, Any]:
        """What the container says of itself and its streams."""
        said = self._facts.get("container")
        return said if isinstance(said, Mapping) else {}

    def facts(self) -> FileFacts:
        """What the container says, and the encoded bytes of a still image."""
        encoded = None
        if self.probe.kind == MediaKind.IMAGE and self._path.stat().st_size <= self._limits.encoded_bytes:
            encoded = self._path.read_bytes()
        return FileFacts(self._facts, encoded)

    def batches(self) -> Iterator[FrameBatch | SoundBatch]:
        """Frames and sound as they come, each kind in media-time order and without a gap.

        The child hands them over interleaved by media time; frames wait here until their batch is
        full. The child decodes ahead and stops when nobody takes. Raises ReaderLost or LimitExceeded,
        and UndecodableMedia when nothing at all could be decoded.
        """
        waiting: list[Frame] = []
        portion = Portion(self._sampling)
        while True:
            tag, payload = self._sandbox.receive(self._limits.stall_seconds)
            if tag is wire.Tag.FRAME:
                waiting.append(self._frame(payload))
                if portion.fills_with(waiting[-1].rgb.nbytes):
                    yield FrameBatch(tuple(waiting))
                    waiting = []
            elif tag is wire.Tag.SOUND:
                yield self._sound(payload)
            elif tag is wire.Tag.ALIVE:
                self.decode_errors, _ = wire.ALIVE.unpack(payload)
            else:
                break
        if waiting:
            yield FrameBatch(tuple(waiting))
        self._finish(tag, payload)

    def close(self) -> None:
        """Ends the child at once. A thread that waits in `batches` gets ReaderLost."""
        self._sandbox.kill()

    def _make_ring(self, descriptor: int) -> ring.Slots:
        frame_bytes = 3 * (self.probe.width or 0) * (self.probe.height or 0)
        slots = ring.size(descriptor, frame_bytes, still=self.probe.kind == MediaKind.IMAGE)
        self._sandbox.order(wire.Order.RING, slots, frame_bytes)
        return ring.Slots(descriptor, slots, frame_bytes, writable=False)

    def _frame(self, payload: bytes) -> Frame:
        slot, index, number, width, height, pts, *marks = wire.FRAME.unpack(payload)
        damaged, sampled, dense, footage = marks
        if (
            self._ring is None
            or slot != index % self._ring.count
            or index != self._frames
            or not 0 < width * height * 3 <= self._ring.slot_bytes
            or not (math.isfinite(pts) and pts >= self._last_pts)
            or number <= self._last_number
            or (footage and damaged)
            or not (sampled or ((dense or footage) and self._sampled))
        ):
            raise self._nonsense(f"frame {index} of {width}×{height} at {pts} s")
        # copied, so that the child goes on at once and no longer can change what sessions look at
        rgb: Pixels = self._ring.view(slot, width, height).copy()
        self._sandbox.order(wire.Order.FREE)
        self._frames += 1
        self._sampled += sampled
        self._last_pts, self._last_number = pts, number
        return Frame(self._sampled - 1, pts, rgb, damaged, sampled, dense, footage, number)

    def _sound(self, payload: bytes) -> SoundBatch:
        import numpy as np

        samples = np.frombuffer(payload[: len(payload) // 4 * 4], dtype="<f4")
        if not len(samples) or not np.isfinite(samples).all():
            raise self._nonsense("sound that is no number")
        batch = SoundBatch(self._samples / SOUND_RATE_HZ, samples)
        self._samples += len(samples)
        return batch

    def _finish(self, tag: wire.Tag, payload: bytes) -> None:
        if tag is wire.Tag.FAILED:
            raise failure(self._path.name, payload)
        if tag is not wire.Tag.ENDED:
            raise self._nonsense(f"{tag.name} after the facts")
        self.summary = answers.summary(payload)
        self.decode_errors = self.summary.decode_errors

    def _nonsense(self, what: str) -> ReaderLost:
        self.close()
        return ReaderLost(f"{self._path.name}: the reader's answer makes no sense ({what}).")
