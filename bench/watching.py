"""A day of a camera, as fast as it goes: whether memory stays flat, and what watching costs beside decoding alone.

    python bench/watching.py [--frames 86400] [--height 720] [--weights DIR]

A drawn clip of one picture a second is looped through the motion detector (and, with a folder of weights, through
tracking with the best object finder there is). Memory is the PSS of this process and its child, at a tenth, a half and
the end; cores are processor seconds of both by seconds that passed.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import av
import cv2
import numpy as np
import psutil

from analysis.engine.detectors import motion, tracking
from analysis.engine.errors import Cancelled
from analysis.engine.registry import Registry
from analysis.engine.types import FootageSettings, Pixels
from analysis.engine.watching.watch import LiveSource, Pulse, watch
from analysis.engine.weights import WeightStore
from bench import figures
from bench.memory import tree_megabytes
from tests.analysis.engine.footage import Mover, pictures
from tests.clips import write_video

CLIP_SECONDS = 600
MARKS = (0.1, 0.5, 1.0)
GROWTH = 1.05


def drawn(height: int) -> Iterator[Pixels]:
    """Two cars and somebody on foot, each crossing now and then; in between nothing moves."""
    movers = [
        Mover("car", (0.0, 0.3), (0.1, 0.0), enters=at, leaves=at + 10) for at in range(60, CLIP_SECONDS, 120)
    ]
    movers += [Mover("person", (0.9, 0.7), (-0.03, 0.0), enters=300, leaves=330)]
    for picture in pictures(CLIP_SECONDS, *movers, fps=1):
        width = round(picture.shape[1] * height / picture.shape[0] / 2) * 2
        yield np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def make_clip(path: Path, height: int) -> Path:
    first = next(drawn(height))
    return write_video(
        path, seconds=CLIP_SECONDS, fps=1, width=first.shape[1], height=height, frames=drawn(height)
    )


def decode_alone(path: Path) -> float:
    """Pictures a second by libav in this process, converted to nothing."""
    began, count = time.monotonic(), 0
    for _ in range(3):
        with av.open(str(path)) as file:
            file.streams.video[0].thread_type = "AUTO"
            count += sum(1 for _ in file.decode(video=0))
    return count / (time.monotonic() - began)


def watched(path: Path, frames: int, registry: Registry, detectors: list[str]) -> dict[str, Any]:
    """One watch of so many frames."""
    told: Counter[str] = Counter()
    memory: list[float] = []
    seen = 0
    began, used = time.monotonic(), _processor_seconds()
    with watch(
        LiveSource("file", path=path, pace="fast", loop=True),
        registry=registry,
        detectors=detectors,
        settings=FootageSettings(max_fps=30.0),
        cancelled=lambda: seen >= frames,
    ) as watching:
        passed, cores = 0.0, 0.0
        try:
            for one in watching:
                told[type(one).__name__] += 1
                if not isinstance(one, Pulse):
                    continue
                seen = one.frames
                passed, cores = time.monotonic() - began, _processor_seconds() - used
                if seen >= MARKS[len(memory)] * frames and len(memory) < len(MARKS) - 1:
                    memory.append(tree_megabytes(os.getpid()))
                if seen >= frames and len(memory) < len(MARKS):
                    memory.append(tree_megabytes(os.getpid()))
        except Cancelled:
            pass
    return {
        "detectors": detectors,
        "frames": seen,
        "seconds": round(passed, 1),
        "frames_per_second": round(seen / passed, 1),
        "cores": round(cores / passed, 2),
        "memory_mb": [round(megabytes, 1) for megabytes in memory],
        "told": dict(told),
    }


def _processor_seconds() -> float:
    """Of this process and its children, those that have ended included."""
    own = os.times()
    total = own.user + own.system + own.children_user + own.children_system
    for child in psutil.Process().children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=86_400)
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--weights", type=Path, default=Path("/nonexistent"))
    options = parser.parse_args()
    before = figures.machine()
    registry = Registry.of([motion, tracking], WeightStore(options.weights))
    detectors = ["motion", *(["tracking"] if options.weights.is_dir() else [])]
    with tempfile.TemporaryDirectory() as folder:
        path = make_clip(Path(folder) / "day.mp4", options.height)
        alone = decode_alone(path)
        nobody = watched(path, min(options.frames, 5_000), registry, [])
        day = watched(path, options.frames, registry, detectors)
    first, *_, last = day["memory_mb"]
    measured = {"decode_alone_fps": round(alone, 1), "watched_by_nobody": nobody, "watched": day}
    figures.report("watching", before, measured, {"memory_flat": last <= first * GROWTH})
    return 0


if __name__ == "__main__":
    sys.exit(main())
