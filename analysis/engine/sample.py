"""Samples drawn by our own code: a clip, a still that a detector mistakes, and a sound.

`python -m analysis.engine.sample FILE FOLDER` draws one of them, for processes that hold no codecs.
Each is the same bytes for the same PyAV build, takes a second or two to draw, and is kept in a folder.
"""

import os
import sys
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from analysis.engine.types import Pixels

WIDTH, HEIGHT, FPS, SECONDS = 640, 360, 25, 8
SOUND_RATE_HZ = 48_000
SEED = 20261121


@dataclass(frozen=True)
class Sample:
    """A bundled sample: its file name, what it shows, and what to learn from it."""

    file: str
    title: str
    explanation: str
    draw: Callable[[Path], None]


def sample_clip(folder: Path) -> Path:
    """The clip that a first start examines, drawn into `folder` unless it is there."""
    return drawn(CLIP, folder)


def drawn(sample: Sample, folder: Path) -> Path:
    """The sample's file in `folder`; it appears whole or not at all."""
    path = folder / sample.file
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        # two may draw at once: each has a file of its own
        unfinished = path.with_name(f".unfinished-{os.getpid()}-{path.name}")
        try:
            sample.draw(unfinished)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    return path


def _draw_clip(path: Path) -> None:
    import av

    with av.open(str(path), "w", format="mp4") as container:
        picture = container.add_stream("libx264" if "libx264" in av.codecs_available else "mpeg4", rate=FPS)
        assert isinstance(picture, av.VideoStream)  # noqa: S101  # both codecs are of pictures
        picture.width, picture.height, picture.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        # one thread, because slices of several make other bytes on other machines
        picture.thread_count = 1
        picture.bit_rate = 3_000_000
        picture.options = {"preset": "superfast"}
        sound = container.add_stream("aac", rate=SOUND_RATE_HZ, layout="mono")
        assert isinstance(sound, av.AudioStream)  # noqa: S101  # and this one of sound
        for image in _frames():
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            container.mux(picture.encode(frame))
        container.mux(picture.encode())
        samples = av.AudioFrame.from_ndarray(_voice(SECONDS)[None], format="fltp", layout="mono")
        samples.sample_rate = SOUND_RATE_HZ
        container.mux(sound.encode(samples))
        container.mux(sound.encode())


def _frames() -> "Iterator[Pixels]":
    """A drawn scene with grain; from the middle on it is overlaid with texture enlarged by zero insertion."""
    import numpy as np

    rng = np.random.default_rng(SEED)
    grain = rng.normal(0, 3, (HEIGHT, WIDTH, 1)).astype(np.float32)
    texture = _enlarged(rng)[..., None]
    for number in range(FPS * SECONDS):
        late = number >= FPS * SECONDS // 2
        # moved by whole periods, so that the enlarged grid stays where it is
        over = np.roll(texture, (8 * number, 12 * number), axis=(0, 1)) if late else 0
        scene = _scene(number / FPS) + np.roll(grain, (7 * number, 13 * number), axis=(0, 1)) + over
        yield np.clip(scene, 0, 255).astype(np.uint8)


def _scene(seconds: float) -> "NDArray[np.float32]":
    import numpy as np

    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    sky = np.stack([150 - y / 6, 170 - y / 8, 190 - y / 10], axis=-1)
    hills = HEIGHT * 0.62 + 28 * np.sin(x / 70) + 12 * np.sin(x / 23 + 1)
    sky[y > hills] = (74, 92, 70)
    left = WIDTH * (0.15 + 0.7 * seconds / SECONDS)
    disc = np.hypot(x - left, y - HEIGHT * 0.3) < 34
    sky[disc] = (226, 196, 120)
    return np.asarray(sky, np.float32)


def _enlarged(rng: "np.random.Generator") -> "NDArray[np.float32]":
    """Noise at a quarter of the size, enlarged as a generator's up-convolution does it: zeros between, then
    blurred by a kernel too small to hide the grid."""
    import numpy as np

    coarse = np.zeros((HEIGHT, WIDTH), np.float32)
    coarse[::4, ::4] += 34 + rng.normal(0, 8, (HEIGHT // 4, WIDTH // 4))
    for axis in (0, 1):
        coarse += (np.roll(coarse, 1, axis) + np.roll(coarse, -1, axis)) / 2
    return coarse


def _voice(seconds: int) -> "NDArray[np.float32]":
    """A sung scale: a tone with overtones and vibrato, stepping up each second."""
    import numpy as np

    time = np.arange(seconds * SOUND_RATE_HZ) / SOUND_RATE_HZ
    steps = np.array([0, 2, 4, 5, 7, 9, 11, 12])[np.minimum(time.astype(int), 7)]
    frequency = 220 * 2 ** (steps / 12) * (1 + 0.006 * np.sin(2 * np.pi * 5.5 * time))
    phase = 2 * np.pi * np.cumsum(frequency) / SOUND_RATE_HZ
    tone = sum(np.sin(phase * overtone) / overtone**1.3 for overtone in range(1, 9))
    swell = np.minimum(1, np.minimum(time % 1, 1 - time % 1) * 12)
    return np.asarray(0.2 * tone * swell, np.float32)


def _draw_mesh(path: Path) -> None:
    """A landscape seen through a fine wire mesh, as a camera would show it."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(SEED)
    scene = np.asarray(_scene(2.0))
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    scene[(rows % 8 < 2) | (columns % 8 < 2)] *= 0.45
    scene += rng.normal(0, 4, (HEIGHT, WIDTH, 1))
    Image.fromarray(np.clip(scene, 0, 255).astype(np.uint8)).save(path, "PNG")


def _draw_sound(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SOUND_RATE_HZ)
        file.writeframes((_voice(SECONDS) * 32767).astype("<i2").tobytes())


CLIP = Sample(
    "assay-sample.mp4",
    "A drawn scene, tampered with from the middle on",
    "From the fourth second on, the picture is overlaid with texture enlarged the way a generator's up-convolution "
    "does it. "
    "The power spectrum detector should score these frames high and the others low.",
    _draw_clip,
)
MESH = Sample(
    "assay-sample-mesh.png",
    "A known mistake: a scene behind a wire mesh",
    "Nothing here was tampered with. The fine regular mesh leaves the same peaks in the power spectrum as "
    "enlarged texture does, so the power spectrum detector scores it high, wrongly.",
    _draw_mesh,
)
SOUND = Sample(
    "assay-sample-tone.wav",
    "A sung scale",
    "A tone with overtones, drawn sample by sample. No voice detector was made for it: a lesson in what a score "
    "outside a detector's domain is worth.",
    _draw_sound,
)
SAMPLES = (CLIP, MESH, SOUND)

if __name__ == "__main__":
    name, into = sys.argv[1:]
    drawn(next(sample for sample in SAMPLES if sample.file == name), Path(into))
