"""Copies of labelled files, worse from rung to rung: how a detector bears what messengers and platforms do.

The file is decoded by the sandboxed reader; only its pixels are encoded here. Sound is left out: copies are for what is
seen. Of videos the first 10 s are taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from analysis.engine.calibrating.labelled import Labelled
from analysis.engine.errors import EngineError
from analysis.engine.media.limits import Limits, Sampling
from analysis.engine.media.reader import open_media
from analysis.engine.types import Consumes, Frame, FrameBatch, MediaKind

MOST_SECONDS = 10.0
MOST_SIDE_PX = 4096
TICKS_PER_SECOND = 90_000


@dataclass(frozen=True)
class Rung:
    """One way to spoil a file: JPEG quality or x264's CRF, after scaling to `scale` of its size."""

    name: str
    quality: int = 95
    crf: int = 18
    scale: float = 1.0


PICTURE_RUNGS = (
    Rung("JPEG 90", quality=90),
    Rung("JPEG 70", quality=70),
    Rung("JPEG 50", quality=50),
    Rung("half size, JPEG 95", scale=0.5),
)
VIDEO_RUNGS = (
    Rung("H.264 CRF 23", crf=23),
    Rung("H.264 CRF 32", crf=32),
    Rung("H.264 CRF 40", crf=40),
    Rung("half size, H.264 CRF 18", scale=0.5),
)


def copies(file: Labelled, folder: Path, limits: Limits) -> Iterator[Labelled]:
    """A copy per rung, in `folder`, each gone when the next is asked for; none of a file without pictures."""
    try:
        kind, fps, frames = _decoded(file.path, limits)
    except EngineError:
        return  # the original has abstained; there is nothing to copy
    if not frames:
        return
    for rung in PICTURE_RUNGS if kind is MediaKind.IMAGE else VIDEO_RUNGS:
        path = folder / ("copy.jpg" if kind is MediaKind.IMAGE else "copy.mp4")
        if kind is MediaKind.IMAGE:
            _save_picture(frames[0], path, rung)
        else:
            _save_video(frames, path, rung, fps)
        yield replace(file, path=path, rung=rung.name)
        path.unlink()


def _decoded(path: Path, limits: Limits) -> tuple[MediaKind, float, list[Frame]]:
    """Kind, frames per second and the whole frames of the beginning."""
    frames: list[Frame] = []
    budget = 1 << 30
    wants = frozenset({Consumes.FRAMES})
    with open_media(path, limits=limits, sampling=Sampling(batch_frames=4), wants=wants) as reader:
        if not reader.probe.has_picture:
            return reader.probe.kind, 0.0, []
        for batch in reader.batches():
            if not isinstance(batch, FrameBatch):
                continue
            frames += [frame for frame in batch.frames if not frame.damaged]
            used = sum(frame.rgb.nbytes for frame in frames)
            if frames and (frames[-1].pts_seconds > MOST_SECONDS or used > budget):
                break
        return reader.probe.kind, reader.probe.fps_from_header or 25.0, frames


def _save_picture(frame: Frame, path: Path, rung: Rung) -> None:
    from PIL import Image

    picture = Image.fromarray(frame.rgb)
    width, height = _size(picture.width, picture.height, rung.scale)
    if (width, height) != picture.size:
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    picture.save(path, "JPEG", quality=rung.quality)


def _save_video(frames: list[Frame], path: Path, rung: Rung, fps: float) -> None:
    import av

    height, width = frames[0].rgb.shape[:2]
    width, height = (max(2, side // 2 * 2) for side in _size(width, height, rung.scale))
    rate = Fraction(min(max(fps, 1.0), 120.0)).limit_denominator(1001)
    with av.open(str(path), "w", format="mp4") as file:
        stream = file.add_stream("libx264", rate=rate, options={"crf": str(rung.crf), "preset": "fast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS_PER_SECOND)
        last = -1
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(frame.rgb, format="rgb24")
            picture = picture.reformat(width, height, "yuv420p", interpolation="LANCZOS")
            last = max(round(frame.pts_seconds * TICKS_PER_SECOND), last + 1)
            picture.pts, picture.time_base = last, Fraction(1, TICKS_PER_SECOND)
            file.mux(stream.encode(picture))
        file.mux(stream.encode(None))


def _size(width: int, height: int, scale: float) -> tuple[int, int]:
    scale = min(scale, MOST_SIDE_PX / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))
