"""Drawn footage as a camera that is moved by hand would give it, and what is done to it afterwards."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import av
import numpy as np

from analysis.engine.types import Pixels
from tests import clips
from tests.analysis.engine.detectors.scenes import scene

WIDTH, HEIGHT, FPS = 160, 120, 25


def footage(count: int, *, seed: int = 1, sigma: float = 3.0) -> list[Pixels]:
    """Pictures of a pan over a scene before which a disc moves, never twice the same, with noise of its own each."""
    wide = scene(320, 240, seed=seed)[..., 0]
    rng = np.random.default_rng(seed + 500)
    turns = rng.uniform(0, 2 * np.pi, 4)
    return [_picture(wide, number, turns, rng.normal(0, sigma, (HEIGHT, WIDTH))) for number in range(count)]


def _picture(wide: np.ndarray, number: int, turns: np.ndarray, noise: np.ndarray) -> Pixels:
    x = 80 + 55 * np.sin(number / 53 + turns[0]) + 20 * np.sin(number / 17 + turns[1])
    y = 60 + 40 * np.sin(number / 71 + turns[2]) + 15 * np.sin(number / 23 + turns[3])
    left, top = int(x), int(y)
    across, down = x - left, y - top
    part = wide[top : top + HEIGHT + 1, left : left + WIDTH + 1]
    rows = part[:-1] * (1 - down) + part[1:] * down
    seen = rows[:, :-1] * (1 - across) + rows[:, 1:] * across
    at_x, at_y = WIDTH / 2 + 30 * np.sin(number / 13 + turns[1]), HEIGHT / 2 + 20 * np.cos(number / 19)
    row, column = np.ogrid[:HEIGHT, :WIDTH]
    seen = np.where(np.hypot(column - at_x, row - at_y) < 17, 0.35 * seen + 90, seen)
    return np.repeat((seen + noise).clip(0, 255).round().astype(np.uint8)[..., None], 3, axis=2)


def coded(
    path: Path, pictures: Iterable[Pixels], *, every: int, codec: str = "libx264", crf: int = 23, b: int = 0
) -> Path:
    """The pictures as a clip with a key picture every `every` and `b` pictures predicted both ways at most."""
    options = {"g": str(every), "bf": str(b), "threads": "1"}
    if codec == "libx264":
        options |= {"preset": "veryfast", "crf": str(crf), "keyint_min": str(every), "sc_threshold": "0"}
    else:
        options |= {"b": "400000"}
    shown = list(pictures)
    return clips.write_video(
        path,
        seconds=len(shown) / FPS,
        fps=FPS,
        width=WIDTH,
        height=HEIGHT,
        codec=codec,
        frames=shown,
        options=options,
    )


def shown(path: Path) -> Iterator[Pixels]:
    with av.open(str(path)) as file:
        for frame in file.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def joined(path: Path, *parts: Path) -> Path:
    """The coded pictures of the parts one after the other, not coded again."""
    with av.open(str(path), "w") as file, av.open(str(parts[0])) as first:
        stream = file.add_stream_from_template(first.streams.video[0])
        offset = 0
        for part in parts:
            with av.open(str(part)) as opened:
                for packet in opened.demux(video=0):
                    if packet.size:
                        packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
                        end = packet.dts + (packet.duration or 0)
                        packet.stream = stream
                        file.mux(packet)
                offset = end
    return path
