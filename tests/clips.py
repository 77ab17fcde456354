"""Media drawn with a known truth: a square that moves, a tone of a known pitch. No binary fixtures.

The scene of a clip: on a ground of GROUND a square of SQUARE_PX whose left edge lies at `square_left(n)`
in frame n, top edge at SQUARE_TOP; its colour is SQUARE.
"""

import io
import struct
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
# Samples from one number to another.
Heard = Callable[[int, int], NDArray[np.float32]]

GROUND = (40, 90, 60)
SQUARE = (220, 60, 200)
SQUARE_PX, SQUARE_TOP, STEP_PX = 32, 24, 4
TONE_HZ = 440.0


def square_left(number: int, width: int) -> int:
    """Left edge of the square in frame `number`: 4 px further each frame, from 0 again at the end."""
    return (number * STEP_PX) % (width - SQUARE_PX)


def scene(number: int, width: int, height: int) -> Pixels:
    """Frame `number` as uint8 (height, width, 3) RGB."""
    rgb = np.empty((height, width, 3), np.uint8)
    rgb[:] = GROUND
    left = square_left(number, width)
    rgb[SQUARE_TOP : SQUARE_TOP + SQUARE_PX, left : left + SQUARE_PX] = SQUARE
    return rgb


def find_square(rgb: Pixels) -> tuple[float, float]:
    """(left, top) of the square in a decoded frame: first column and row where most of it is seen."""
    near = np.abs(rgb.astype(int) - SQUARE).sum(axis=2) < np.abs(rgb.astype(int) - GROUND).sum(axis=2)
    columns, rows = near.sum(axis=0), near.sum(axis=1)
    return float(np.argmax(columns > SQUARE_PX // 2)), float(np.argmax(rows > SQUARE_PX // 2))


def tone(
    seconds: float, *, rate_hz: int = 44_100, hz: float = TONE_HZ, amplitude: float = 0.5
) -> NDArray[np.float32]:
    """A sine, float32."""
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    return (amplitude * np.sin(2 * np.pi * hz * at)).astype(np.float32)


def lose_packet(path: Path, into: Path, *, after_key_at_seconds: float) -> Path:
    """A copy in which the picture that was coded right after a key picture is zeroes."""
    content = bytearray(path.read_bytes())
    with av.open(str(path)) as file:
        packets = [packet for packet in file.demux(video=0) if packet.size]
    key = next(
        number
        for number, packet in enumerate(packets)
        if packet.is_keyframe and float(packet.pts * packet.time_base) >= after_key_at_seconds - 0.001
    )
    lost = packets[key + 1]
    content[lost.pos + 4 : lost.pos + lost.size] = bytes(lost.size - 4)
    into.write_bytes(content)
    return into


def write_video(
    path: Path,
    *,
    seconds: float = 2.0,
    fps: int = 25,
    width: int = 320,
    height: int = 240,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    container: str | None = None,
    times: Sequence[float] | None = None,
    frames: Iterable[Pixels] | None = None,
    tone_hz: float | None = None,
    sound_codec: str = "aac",
    sound_rate_hz: int = 44_100,
    sound_starts: float = 0.0,
    sound_hole: tuple[float, float] | None = None,
    samples: NDArray[np.float32] | None = None,
    rotation: int = 0,
    bt709: bool = False,
    options: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
) -> Path:
    """A clip of the moving square.

    times: a timestamp in seconds for each frame (variable frame rate); evenly at `fps` when None.
    frames: other pictures than the scene's. tone_hz: adds a sound track; `sound_starts` delays it and
    `sound_hole` leaves (from, to) seconds of it out. samples: other sound than a tone, at `sound_rate_hz`.
    rotation: clockwise degrees a player must turn it.
    bt709: colours converted and tagged as HD video has them.
    """
    stamps = list(times) if times is not None else [n / fps for n in range(round(seconds * fps))]
    pictures = frames if frames is not None else (scene(n, width, height) for n in range(len(stamps)))
    container_options = {"movflags": "+faststart"} if path.suffix in (".mp4", ".mov", ".m4v") else {}
    with av.open(str(path), "w", format=container, options=container_options) as file:
        file.metadata.update(tags or {})
        video: Any = file.add_stream(codec, rate=fps, options=options or _quality(codec))
        video.width, video.height, video.pix_fmt = width, height, pixel_format
        video.time_base = video.codec_context.time_base = Fraction(1, fps if times is None else 90_000)
        if bt709:
            video.codec_context.colorspace = video.codec_context.color_primaries = 1
        sound = (
            _add_sound(file, sound_codec, sound_rate_hz)
            if tone_hz is not None or samples is not None
            else None
        )
        for picture, stamp in zip(pictures, stamps, strict=False):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            if bt709:
                frame = frame.reformat(format=pixel_format, dst_colorspace="ITU709", dst_color_range="MPEG")
            frame.time_base = video.codec_context.time_base
            frame.pts = round(stamp / frame.time_base)
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
        if sound is not None:
            end = stamps[-1] + 1 / fps
            heard = _tone(tone_hz or TONE_HZ, sound.codec_context.sample_rate)
            if samples is not None:
                heard = _recorded(samples)
            _write_heard(file, sound, heard, sound_starts, end, sound_hole)
    if rotation:
        turn(path, rotation)
    return path


def _quality(codec: str) -> dict[str, str]:
    fast = {
        "libx264": {"preset": "ultrafast", "crf": "18"},
        "libx265": {"preset": "ultrafast", "crf": "18", "x265-params": "log-level=none"},
        "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "20", "b": "0"},
        "libvpx": {"deadline": "realtime", "cpu-used": "8", "crf": "10", "b": "2M"},
        "libsvtav1": {"preset": "10", "crf": "10"},
    }
    return fast.get(codec, {"qscale": "2", "flags": "+qscale", "global_quality": "236"})


def _add_sound(file: Any, codec: str, rate_hz: int) -> Any:
    stream = file.add_stream(codec, rate=rate_hz)
    stream.bit_rate = 12_200 if "amr" in codec else 96_000
    stream.layout = "mono" if codec.startswith("lib") or codec == "aac" else stream.layout
    return stream


def _tone(hz: float, rate_hz: int) -> Heard:
    return lambda first, last: (0.5 * np.sin(2 * np.pi * hz * np.arange(first, last) / rate_hz)).astype(
        np.float32
    )


def _recorded(samples: NDArray[np.float32]) -> Heard:
    return lambda first, last: samples[first:last]


def _write_heard(
    file: Any,
    stream: Any,
    heard: Heard,
    starts: float,
    ends: float,
    hole: tuple[float, float] | None,
) -> None:
    rate, size = stream.codec_context.sample_rate, 1024
    for first in range(round(starts * rate), round(ends * rate), size):
        if hole and hole[0] <= first / rate < hole[1]:
            continue
        part = heard(first, min(first + size, round(ends * rate)))
        frame = av.AudioFrame.from_ndarray(part[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, first, Fraction(1, rate)
        file.mux(stream.encode(frame))
    file.mux(stream.encode(None))


def turn(path: Path, degrees: int) -> None:
    """Sets the clockwise rotation of the first video track, in its track header (ISO 14496-12, 8.3.2)."""
    one = 1 << 16
    matrix = {90: (0, one, -one, 0), 180: (-one, 0, 0, -one), 270: (0, -one, one, 0)}[degrees]
    content = bytearray(path.read_bytes())
    header = content.index(b"tkhd") + 4
    at = header + (40 if content[header] == 0 else 52)
    a, b, c, d = matrix
    content[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)


def write_sound(
    path: Path,
    *,
    seconds: float = 3.0,
    hz: float = TONE_HZ,
    codec: str = "pcm_s16le",
    rate_hz: int = 44_100,
    container: str | None = None,
) -> Path:
    """A tone alone."""
    with av.open(str(path), "w", format=container) as file:
        stream = _add_sound(file, codec, rate_hz)
        _write_heard(file, stream, _tone(hz, stream.codec_context.sample_rate), 0.0, seconds, None)
    return path


def write_samples(path: Path, samples: NDArray[np.float32], *, rate_hz: int = 16_000) -> Path:
    """These samples, float32 in -1..1, as a 16-bit mono WAV file."""
    pcm = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + len(pcm), b"WAVE", b"fmt ", 16, 1, 1, rate_hz, rate_hz * 2, 2, 16, b"data", len(pcm),
    )  # fmt: skip
    path.write_bytes(head + pcm)
    return path


def pitch_hz(samples: NDArray[np.float32], rate_hz: int = 16_000) -> float:
    """The loudest frequency, to the resolution of the length."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * rate_hz / len(samples))


def write_image(path: Path, *, width: int = 320, height: int = 240, number: int = 0, **options: Any) -> Path:
    """Frame `number` of the scene as a still picture, format by suffix; `options` go to Pillow's save."""
    from PIL import Image

    if path.suffix in (".heic", ".heif"):
        import pillow_heif

        pillow_heif.register_heif_opener()
    Image.fromarray(scene(number, width, height)).save(path, **options)
    return path


def image_bytes(image_format: str = "JPEG", **options: Any) -> bytes:
    """A still picture of the scene as encoded bytes."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(scene(0, 320, 240)).save(buffer, image_format, **options)
    return buffer.getvalue()


def write_animation(path: Path, *, frames: int = 6, milliseconds: int = 100, **options: Any) -> Path:
    """The moving square as an animated GIF, WebP, PNG or AVIF by suffix."""
    from PIL import Image

    first, *others = [Image.fromarray(scene(n, 160, 120)) for n in range(frames)]
    first.save(path, save_all=True, append_images=others, duration=milliseconds, loop=0, **options)
    return path


def claim_duration(path: Path, seconds: float) -> None:
    """Makes the headers of an MP4 (movie, track and media) or Matroska file claim another duration."""
    content = bytearray(path.read_bytes())
    if content.startswith(b"\x1aE\xdf\xa3"):
        at = content.index(b"\x44\x89\x88") + 3  # Duration, 8 bytes, in ms (RFC 9559, 5.1.2.10)
        content[at : at + 8] = struct.pack(">d", seconds * 1000)
    for name, offset in ((b"mvhd", 16), (b"tkhd", 20), (b"mdhd", 16)):
        at = content.find(name)
        while at != -1:
            body = at + 4
            scale = int.from_bytes(content[body + 12 : body + 16], "big") if name != b"tkhd" else 1000
            ticks = min(int(seconds * scale), (1 << 32) - 2)
            content[body + offset : body + offset + 4] = ticks.to_bytes(4, "big")
            at = content.find(name, at + 4)
    path.write_bytes(content)


def claim_size(path: Path, width: int, height: int) -> None:
    """Makes the header of a PNG file claim another size, with the right checksum."""
    import zlib

    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">II", width, height)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    path.write_bytes(content)
