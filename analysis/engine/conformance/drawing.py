"""Pictures, faces and sound drawn with a known truth, and files of them."""

import wave
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from analysis.engine.types import Pixels, Samples

SOUND_RATE_HZ = 16_000


def grain(height: int, width: int, *, seed: int) -> Pixels:
    """Film grain, a little blurred, on grey: its spectrum falls evenly, as that of a lens does."""
    noise = np.random.default_rng(seed).normal(0, 40, (height, width)).astype(np.float32)
    blurred = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1) + np.roll(noise, (1, 1), (0, 1))) / 4
    return np.repeat(np.clip(128 + blurred, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def scene(height: int, width: int, *, seconds: float = 0.0) -> Pixels:
    """A disc that wanders over grain, lit from the left."""
    rgb = np.roll(grain(height, width, seed=1), (round(7 * seconds), round(13 * seconds)), (0, 1))
    light = np.linspace(1.1, 0.7, width, dtype=np.float32)[None, :, None] * np.array((1.0, 0.9, 0.8))
    lit = np.clip(rgb * light, 0, 255).astype(np.uint8)
    rows, columns = np.ogrid[:height, :width]
    left = width * (0.2 + 0.06 * (seconds % 10))
    disc = (rows - height * 0.4) ** 2 + (columns - left) ** 2 < (height * 0.15) ** 2
    lit[disc] = lit[disc] // 3 + np.array((140, 110, 60), np.uint8)
    return lit


def large(height: int, width: int) -> Pixels:
    """A picture of any size, tiled, so that drawing it costs no more than it holds."""
    tile = scene(500, 500)
    tiles = np.tile(tile, (-(-height // 500), -(-width // 500), 1))
    return np.ascontiguousarray(tiles[:height, :width])


def face(side: int, *, seed: int = 0) -> Pixels:
    """An oval with eyes and a mouth on grain; no finder need take it for a face, nets are given it as one."""
    rgb = (grain(side, side, seed=seed) * 0.4).astype(np.uint8)
    y, x = np.ogrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    skin = (x / 0.65) ** 2 + (y / 0.85) ** 2 < 1
    dark = (np.abs(x) - 0.28) ** 2 / 0.015 + (y + 0.2) ** 2 / 0.006 < 1
    mouth = (x / 0.3) ** 2 + ((y - 0.45) / 0.06) ** 2 < 1
    rgb[skin] += np.array((140, 100, 80), np.uint8)
    rgb[dark | mouth] //= 3
    return rgb


def voice(seconds: float) -> Samples:
    """A sung scale: overtones and vibrato, a step up each second, with a breath between and a little noise."""
    time = np.arange(round(seconds * SOUND_RATE_HZ)) / SOUND_RATE_HZ
    steps = np.array((0, 2, 4, 5, 7, 9, 11, 12))[time.astype(int) % 8]
    frequency = 180 * 2 ** (steps / 12) * (1 + 0.006 * np.sin(2 * np.pi * 5.5 * time))
    phase = 2 * np.pi * np.cumsum(frequency) / SOUND_RATE_HZ
    tone = sum(np.sin(phase * overtone) / overtone**1.3 for overtone in range(1, 12))
    swell = np.minimum(1, np.minimum(time % 1, 1 - time % 1) * 12)
    noise = np.random.default_rng(2).normal(0, 0.002, len(time))
    return np.asarray(0.15 * tone * swell + noise, np.float32)


def write_picture(path: Path, rgb: Pixels, **options: Any) -> Path:
    """As the suffix says; `options` go to Pillow."""
    Image.fromarray(rgb).save(path, **options)
    return path


def write_sound(path: Path, samples: Samples) -> Path:
    """16-bit mono WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SOUND_RATE_HZ)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def write_clip(path: Path, frames: Iterator[Pixels], *, fps: int = 10) -> Path:
    """An MP4 of these frames, all of one size, with the best codec that is here."""
    import av

    first = next(frames)

    with av.open(str(path), "w", format="mp4") as container:
        codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
        stream = container.add_stream(codec, rate=fps)
        assert isinstance(stream, av.VideoStream)  # noqa: S101  # both codecs are of pictures
        stream.height, stream.width, stream.pix_fmt = first.shape[0], first.shape[1], "yuv420p"
        for rgb in chain([first], frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode())
    return path
