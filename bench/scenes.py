"""Clips of any length to measure with: 720p, 25 frames/s, with a face where the real media are installed, and a tone.

Ten seconds are encoded once; longer clips repeat them without encoding again, so that every second costs the same.
"""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np

from tests.clips import Pixels, scene, write_video

ROOT = Path(__file__).resolve().parent.parent
MEDIA = Path(os.environ.get("ASSAY_TEST_MEDIA", ROOT.parent / "shared" / "media"))
WEIGHTS = Path(os.environ.get("ASSAY_TEST_WEIGHTS", ROOT.parent / "shared" / "weights"))
FACE = MEDIA / "video" / "lp_s32_real.mp4"
FPS, WIDTH, HEIGHT = 25, 1280, 720
# both a whole number of frames and of 1024 sound samples
SEED_SECONDS = 10.24
SOUND_RATE_HZ = 44_100


def source() -> str:
    """Where the pictures come from, in words."""
    return FACE.name if FACE.exists() else "a drawn square (no real media installed: no faces)"


def clip(folder: Path, *, seconds: float, width: int = WIDTH, height: int = HEIGHT) -> Path:
    """A clip of about that many seconds, a multiple of SEED_SECONDS."""
    seed = folder / f"seed-{width}.mov"
    if not seed.exists():
        options = {"preset": "veryfast", "crf": "21", "g": "50", "threads": "2"}
        frames = itertools.islice(_pictures(width, height), round(SEED_SECONDS * FPS))
        sound = {"tone_hz": 440.0, "sound_codec": "pcm_s16le", "sound_rate_hz": SOUND_RATE_HZ}
        shape = {"width": width, "height": height, "fps": FPS, "seconds": SEED_SECONDS}
        write_video(seed, frames=frames, options=options, **shape, **sound)  # type: ignore[arg-type]  # two kinds of keywords
    times = max(1, round(seconds / SEED_SECONDS))
    return _repeated(seed, folder / f"clip-{width}-{times}.mov", times)


def _pictures(width: int, height: int) -> Iterator[Pixels]:
    if not FACE.exists():
        yield from (scene(number, width, height) for number in itertools.count())
    while True:
        with av.open(str(FACE)) as file:
            for frame in file.decode(video=0):
                yield np.asarray(
                    frame.reformat(width=width, height=height, format="rgb24").to_ndarray(), np.uint8
                )


def _repeated(seed: Path, path: Path, times: int) -> Path:
    with av.open(str(path), "w") as out:
        for turn in range(times):
            with av.open(str(seed)) as file:
                if not turn:
                    streams = {stream.index: out.add_stream_from_template(stream) for stream in file.streams}
                for packet in file.demux():
                    _put(out, packet, streams, turn)
    return path


def _put(out: Any, packet: Any, streams: dict[int, Any], turn: int) -> None:
    if packet.dts is None:
        return
    later = round(turn * SEED_SECONDS / packet.time_base)
    packet.pts, packet.dts = packet.pts + later, packet.dts + later
    packet.stream = streams[packet.stream.index]
    out.mux(packet)
