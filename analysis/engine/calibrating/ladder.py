"""Copies of labelled files, worse from rung to rung: how a detector bears what messengers and platforms do.

The file is decoded by the sandboxed reader; only its pixels and samples are encoded here. Of videos the first 10 s are
taken, without their sound, as frames sampled; of recordings the first 60 s, from the 16 kHz mono that the reader gives,
so that a rung of just that tells what the others lose to it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import cast

from analysis.engine.calibrating.labelled import Labelled
from analysis.engine.errors import EngineError
from analysis.engine.media.limits import Limits, Sampling
from analysis.engine.media.reader import open_media
from analysis.engine.types import Consumes, Frame, FrameBatch, MediaKind, Samples, SoundBatch

MOST_SECONDS = 10.0
MOST_SOUND_SECONDS = 60.0
SOUND_RATE_HZ = 16_000
MOST_SIDE_PX = 4096
MOST_BYTES = 1 << 30
TICKS_PER_SECOND = 90_000


@dataclass(frozen=True)
class Rung:
    """One way to spoil a file: JPEG quality or x264's CRF, after scaling to `scale` of its size; for sound MP3 of
    `kbit_per_second` (0: none, 16 bit PCM) at `rate_hz`."""

    name: str
    quality: int = 95
    crf: int = 18
    scale: float = 1.0
    kbit_per_second: int = 0
    rate_hz: int = SOUND_RATE_HZ


Rungs = Mapping[MediaKind, tuple[Rung, ...]]
PICTURE_RUNGS = (
    Rung("JPEG 90", quality=90),
    Rung("JPEG 70", quality=70),
    Rung("JPEG 50", quality=50),
    Rung("half size, JPEG 95", scale=0.5),
)
# the copies a calibration has rows for, and those that accuracy is told for
CALIBRATION: Rungs = {
    MediaKind.IMAGE: PICTURE_RUNGS,
    MediaKind.VIDEO: (
        Rung("H.264 CRF 23", crf=23),
        Rung("H.264 CRF 32", crf=32),
        Rung("H.264 CRF 40", crf=40),
        Rung("half size, H.264 CRF 18", scale=0.5),
    ),
}
EVALUATION: Rungs = {
    MediaKind.IMAGE: PICTURE_RUNGS,
    MediaKind.VIDEO: (
        Rung("H.264 CRF 23", crf=23),
        Rung("H.264 CRF 35", crf=35),
        Rung("half size, H.264 CRF 18", scale=0.5),
    ),
    MediaKind.AUDIO: (
        Rung("16 kHz mono"),
        Rung("MP3 64 kbit/s", kbit_per_second=64),
        Rung("MP3 32 kbit/s", kbit_per_second=32),
        Rung("8 kHz", rate_hz=8_000),
    ),
}
Told = Callable[[str, str], None]  # the name of a file, and why it, or a copy, is not there


@dataclass(frozen=True)
class _Decoded:
    """What is encoded again: frames with their rate, or sound."""

    kind: MediaKind
    fps: float
    frames: list[Frame]
    sound: list[Samples]


def copies(
    file: Labelled,
    folder: Path,
    limits: Limits,
    rungs: Rungs = CALIBRATION,
    told: Told = lambda _name, _why: None,
) -> Iterator[Labelled]:
    """A copy per rung of the file's kind, in `folder`, each gone when the next is asked for.

    told: hears of files of which there is nothing to copy, and of copies that could not be made.
    """
    try:
        found = _decoded(file.path, limits)
    except EngineError as error:
        told(file.name, str(error))  # the original has abstained; there is nothing to copy
        return
    if not found.frames and not found.sound:
        told(file.name, "nothing in it can be decoded")
        return
    suffix = {MediaKind.IMAGE: ".jpg", MediaKind.VIDEO: ".mp4", MediaKind.AUDIO: ".sound"}[found.kind]
    path = folder / f"copy{suffix}"
    for rung in rungs.get(found.kind, ()):
        try:
            _save(found, path, rung)
        except (OSError, ValueError) as error:  # PyAV's errors are both of these
            told(file.name, f"{rung.name}: {error}")
        else:
            yield replace(file, path=path, rung=rung.name)
        path.unlink(missing_ok=True)


def _save(found: _Decoded, path: Path, rung: Rung) -> None:
    if found.kind is MediaKind.IMAGE:
        _save_picture(found.frames[0], path, rung)
    elif found.kind is MediaKind.VIDEO:
        _save_video(found.frames, path, rung, found.fps)
    else:
        _save_sound(found.sound, path, rung)


def _decoded(path: Path, limits: Limits) -> _Decoded:
    """The whole frames of the beginning; the sound of a file that has no pictures."""
    frames: list[Frame] = []
    sound: list[Samples] = []
    wants = frozenset({Consumes.FRAMES, Consumes.SOUND})
    with open_media(path, limits=limits, sampling=Sampling(batch_frames=4), wants=wants) as reader:
        heard = reader.probe.kind is MediaKind.AUDIO
        for batch in reader.batches():
            if heard and isinstance(batch, SoundBatch):
                sound.append(batch.samples)
            elif not heard and isinstance(batch, FrameBatch):
                frames += [frame for frame in batch.frames if not frame.damaged]
            if _enough(frames, sound):
                break
        fps = reader.probe.fps_from_header or 25.0
        return _Decoded(reader.probe.kind, fps, frames, sound)


def _enough(frames: list[Frame], sound: list[Samples]) -> bool:
    if sum(map(len, sound)) >= MOST_SOUND_SECONDS * SOUND_RATE_HZ:
        return True
    used = sum(frame.rgb.nbytes for frame in frames)
    return bool(frames) and (frames[-1].pts_seconds > MOST_SECONDS or used > MOST_BYTES)


def _save_sound(sound: list[Samples], path: Path, rung: Rung) -> None:
    import av
    import numpy as np

    levels = (np.concatenate(sound).clip(-1, 1) * 32767).round().astype(np.int16)
    form, codec = ("mp3", "libmp3lame") if rung.kbit_per_second else ("wav", "pcm_s16le")
    with av.open(str(path), "w", format=form) as file:
        # typed as a stream of any kind, since the codec is only named
        stream = cast("av.AudioStream", file.add_stream(codec, rate=rung.rate_hz, layout="mono"))
        if rung.kbit_per_second:
            stream.bit_rate = rung.kbit_per_second * 1000
        whole = av.AudioFrame.from_ndarray(levels[None], format="s16", layout="mono")
        whole.sample_rate, whole.pts = SOUND_RATE_HZ, 0
        resampler = av.AudioResampler(stream.format, "mono", rung.rate_hz, frame_size=1152)
        for frame in (*resampler.resample(whole), *resampler.resample(None)):
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


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
