"""Writes an altered copy of a file; runs in the sandboxed child, which decodes what the copy is made of.

Copies are made of what detectors are given: upright pictures and 16 kHz mono sound, without what was damaged.
"""

import gc
import heapq
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO

from analysis.engine.errors import UndecodableMedia
from analysis.engine.media.job import Job
from analysis.engine.media.limits import Summary
from analysis.engine.media.outlet import Outlet
from analysis.engine.media.reading import Block, Ledger, Picture, Source
from analysis.engine.stress.variants import LEAST_CUT_SECONDS
from analysis.engine.types import MediaKind, Probe

if TYPE_CHECKING:
    from analysis.engine.types import Pixels, Samples

RATE_HZ = 16_000
TICKS_PER_SECOND = 90_000
_FRAMES_PER_COLLECTION = 16


@dataclass(frozen=True)
class Recipe:
    """What of a Variant this side needs, and the length of what is altered, in seconds, where it is known."""

    scale: float
    crf: int
    jpeg_quality: int | None
    opus_bits_per_second: int | None
    sound_rate_hz: int
    cut_share: float
    border_share: float
    seconds: float | None

    @property
    def cut_seconds(self) -> float:
        """How much of the beginning is left out."""
        if not self.cut_share:
            return 0.0
        return max(LEAST_CUT_SECONDS, self.cut_share * (self.seconds or 0.0))


def alter(source: Source, job: Job, outlet: Outlet) -> Summary:
    """Writes the copy to the job's descriptor. Raises UndecodableMedia when nothing is left to write."""
    recipe = Recipe(**job.variant, seconds=source.probe.duration_seconds)
    ledger = Ledger()
    gc.freeze()
    with os.fdopen(job.into, "wb") as file:
        if source.probe.kind is MediaKind.IMAGE:
            _write_still(source, recipe, file, ledger)
        else:
            _write_recording(source, job, recipe, outlet, ledger, file)
    return Summary(
        frames_decoded=ledger.frames_decoded, samples_delivered=ledger.samples, decode_errors=ledger.errors
    )


def _write_still(source: Source, recipe: Recipe, file: BinaryIO, ledger: Ledger) -> None:
    from PIL import Image

    drawn = _drawn(next(iter(source.pictures(ledger))))
    ledger.frames_decoded = 1
    height, width = drawn.shape[:2]
    down, right = (round(side * recipe.border_share) for side in (height, width))
    picture = Image.fromarray(drawn[down : height - down, right : width - right])
    if recipe.scale != 1.0:
        half = tuple(max(1, round(side * recipe.scale)) for side in picture.size)
        picture = picture.resize((half[0], half[1]), Image.Resampling.LANCZOS)
    if recipe.jpeg_quality is None:
        picture.save(file, "PNG", compress_level=1)
    else:
        picture.save(file, "JPEG", quality=recipe.jpeg_quality)


def _write_recording(
    source: Source, job: Job, recipe: Recipe, outlet: Outlet, ledger: Ledger, file: BinaryIO
) -> None:
    import av

    pictures = source.pictures(ledger) if job.frames and source.probe.has_picture else iter(())
    blocks = source.blocks(ledger) if job.sound and source.probe.has_sound else iter(())
    sound_only = not (job.frames and source.probe.has_picture)
    shape = ("ogg" if recipe.opus_bits_per_second else "wav") if sound_only else "matroska"
    with av.open(file, "w", format=shape) as container:
        writer = Writer(
            container,
            recipe,
            source.probe,
            pictures=not sound_only,
            sound=job.sound and source.probe.has_sound,
        )
        streams: tuple[Iterator[Picture | Block], ...] = (pictures, _cut(blocks, recipe.cut_seconds))
        for item in heapq.merge(*streams, key=lambda item: item.seconds):
            if job.until_seconds is not None and item.seconds >= job.until_seconds:
                break
            outlet.alive(ledger.errors, item.seconds)
            writer.write(item)
        writer.finish()
    ledger.frames_decoded, ledger.samples = writer.pictures, writer.samples
    if not writer.pictures and not writer.samples:
        raise UndecodableMedia("nothing of it is left to look at.")


def _cut(blocks: Iterator[Block], cut_seconds: float) -> Iterator[Block]:
    """The sound from that moment on, its times still those of the file."""
    for block in blocks:
        left_out = round((cut_seconds - block.seconds) * RATE_HZ)
        if left_out <= 0:
            yield block
        elif left_out < len(block.samples):
            yield Block(cut_seconds, block.samples[left_out:])


class Writer:
    """Encodes what comes into one container. `pictures` and `samples` count what was written."""

    def __init__(self, container: Any, recipe: Recipe, probe: Probe, *, pictures: bool, sound: bool) -> None:
        self.container, self.recipe, self.probe = container, recipe, probe
        self.pictures = self.samples = 0
        # PyAV's streams, whose kinds it does not tell apart
        self._video: Any = self._add_video() if pictures else None
        self._audio: Any = self._add_audio() if sound else None
        self._resampler: Any = self._make_resampler() if sound else None
        self._last_ticks = -1

    def write(self, item: Picture | Block) -> None:
        """The next picture or stretch of sound; what is damaged or cut off is left out."""
        if isinstance(item, Block):
            self._hear(item.samples)
        elif not item.damaged and item.seconds >= self.recipe.cut_seconds:
            self._show(item)

    def finish(self) -> None:
        """What the encoders still hold."""
        if self._audio is not None:
            self._encode_sound(None)
            self.container.mux(self._audio.encode(None))
        if self._video is not None and self.pictures:
            self.container.mux(self._video.encode(None))

    def _size(self) -> tuple[int, int]:
        """Even, as 4:2:0 wants it: at most one row and one column less, nothing is stretched."""
        width, height = (
            int(side * self.recipe.scale) // 2 * 2 for side in (self.probe.width or 0, self.probe.height or 0)
        )
        if width < 2 or height < 2:
            raise UndecodableMedia("its picture is too small to be encoded again.")
        return width, height

    def _add_video(self) -> Any:
        rate = Fraction(min(max(self.probe.fps_from_header or 25.0, 1.0), 120.0)).limit_denominator(1001)
        options = {"crf": str(self.recipe.crf), "preset": "veryfast"}
        stream = self.container.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height = self._size()
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS_PER_SECOND)
        # each thread would hold further pictures, and the cores are the detectors'
        stream.codec_context.thread_count = 1
        return stream

    def _add_audio(self) -> Any:
        bits = self.recipe.opus_bits_per_second
        rate = self.recipe.sound_rate_hz
        stream = self.container.add_stream("libopus" if bits else "pcm_s16le", rate=rate)
        stream.codec_context.layout = "mono"
        stream.codec_context.format = "s16"
        if bits:
            stream.codec_context.bit_rate = bits
        return stream

    def _make_resampler(self) -> Any:
        import av

        # Opus takes 20 ms at a time
        frame = self.recipe.sound_rate_hz // 50 if self.recipe.opus_bits_per_second else 0
        return av.AudioResampler(
            format="s16", layout="mono", rate=self.recipe.sound_rate_hz, frame_size=frame or None
        )

    def _show(self, picture: Picture) -> None:
        import av

        if (picture.width, picture.height) != (self.probe.width, self.probe.height):
            if picture.shrunk is None:
                raise UndecodableMedia("a picture in it is of another size than its header says.")
            picture = picture.shrunk(self.probe.width or 1, self.probe.height or 1)
        width, height = self._size()
        drawn = _drawn(picture)
        if self.recipe.scale == 1.0:
            drawn = drawn[:height, :width].copy()
        frame = av.VideoFrame.from_ndarray(drawn, format="rgb24")
        frame = frame.reformat(width, height, "yuv420p", interpolation="LANCZOS")
        at = round((picture.seconds - self.recipe.cut_seconds) * TICKS_PER_SECOND)
        self._last_ticks = frame.pts = max(at, self._last_ticks + 1)
        frame.time_base = Fraction(1, TICKS_PER_SECOND)
        self.container.mux(self._video.encode(frame))
        self.pictures += 1
        if self.pictures % _FRAMES_PER_COLLECTION == 0:
            gc.collect()  # see reading.py: only the collector frees converted frames

    def _hear(self, samples: "Samples") -> None:
        import av
        import numpy as np

        whole = (np.clip(samples, -1.0, 1.0) * 32767).round().astype(np.int16)
        frame = av.AudioFrame.from_ndarray(whole[np.newaxis, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, self.samples, Fraction(1, RATE_HZ)
        self.samples += len(whole)
        self._encode_sound(frame)

    def _encode_sound(self, frame: Any) -> None:
        for piece in self._resampler.resample(frame):
            self.container.mux(self._audio.encode(piece))


def _drawn(picture: Picture) -> "Pixels":
    import numpy as np

    into = np.empty((picture.height, picture.width, 3), dtype=np.uint8)
    picture.draw(into)
    return into
