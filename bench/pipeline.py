"""The whole examination of a minute of 720p against the sum of its parts, each alone at its best.

    python bench/pipeline.py [--seconds 60] [--rounds 3] [--short]

Compares the wall seconds of `examine` with both Meso nets on the CPU with (CPU seconds of decoding every frame on one
thread and converting the sampled ones + of finding faces in those + of both nets on their crops, in the better of two
batch sizes, single-threaded) ÷ cores: what the same work would cost if nothing were lost and no core ever idle.
Then the same with a further detector of frames (spectrum), against its own time alone. Parts and whole take turns.

Two more figures say where a difference comes from: `work` is the CPU seconds of the examination ÷ those of its parts
(over 1: copying, converting, threads in each other's way), `busy` is the share of the cores' time that was used
(under 1: somebody waited). Figures of CPU seconds hold on a machine that others use too; those of wall seconds do
not: look at `cores_others_used` first.
"""

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import av
import cv2
import numpy as np
import torch

from analysis.engine.media.faces import FaceFinder, best_finder
from analysis.engine.pipeline import examine
from analysis.engine.registry import Registry
from analysis.engine.types import DetectorEnded, Frame, FrameBatch, Source, Verdict
from bench import figures
from bench.scenes import WEIGHTS, clip, source

NETS = ("meso4", "mesoinception4")
FURTHER = "spectrum"
SAMPLE_FPS = 5.0
BATCH_FRAMES = 8
BATCHES_OF_FACES = (8, 32)
TARGET = 1.15


@dataclass(frozen=True)
class Whole:
    """One examination: wall and CPU seconds, and how many cores others used meanwhile."""

    wall: float
    cpu: float
    others: float


@dataclass
class Round:
    """One round. `parts` are CPU seconds."""

    parts: dict[str, float] = field(default_factory=dict)
    whole: dict[str, "Whole"] = field(default_factory=dict)

    def least(self, *, further: bool) -> float:
        return sum(seconds for name, seconds in self.parts.items() if further or name != FURTHER)


def cpu_seconds() -> float:
    """Of this process and of every child that has ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    began = cpu_seconds()
    result = call()
    return cpu_seconds() - began, result


def decode(path: Path) -> list[Frame]:
    """Every frame decoded on one thread; every fifth converted, as the examination samples them."""
    kept: list[Frame] = []
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        stream.codec_context.thread_count = 1
        every = round(float(stream.average_rate or 25) / SAMPLE_FPS)
        for number, frame in enumerate(file.decode(stream)):
            if number % every == 0:
                kept.append(
                    Frame(
                        len(kept), frame.time or 0.0, np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
                    )
                )
    return kept


def batches(frames: list[Frame]) -> list[FrameBatch]:
    return [FrameBatch(tuple(frames[at : at + BATCH_FRAMES])) for at in range(0, len(frames), BATCH_FRAMES)]


def find_faces(frames: list[FrameBatch], registry: Registry) -> list[np.ndarray]:
    finder = FaceFinder(best_finder(registry.weights))
    return [face.rgb for batch in frames for face in finder.feed(batch).faces]


def score(detector: Any, crops: list[np.ndarray], size: int) -> None:
    for at in range(0, len(crops), size):
        detector.score(crops[at : at + size])


def feed_alone(detector: Any, given: Source, frames: Iterable[FrameBatch]) -> None:
    session = detector.open(given)
    for batch in frames:
        list(session.feed(batch))
    list(session.drain())
    session.finish()
    list(session.evidence())


def measure_parts(path: Path, registry: Registry, given: Source) -> dict[str, float]:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    parts: dict[str, float] = {}
    parts["decoding"], frames = timed(lambda: decode(path))
    portions = batches(frames)
    parts["faces"], crops = timed(lambda: find_faces(portions, registry))
    for name in NETS:
        net = registry.detector(name)
        parts[name] = min(timed(partial(score, net, crops, size))[0] for size in BATCHES_OF_FACES)
    parts[FURTHER] = timed(lambda: feed_alone(registry.detector(FURTHER), given, portions))[0]
    return parts


def measure_whole(path: Path, registry: Registry, names: tuple[str, ...]) -> Whole:
    """One examination."""
    began, everybody = time.perf_counter(), machine_seconds()
    used, seen = timed(lambda: list(examine(path, registry=registry, detectors=names)))
    wall = time.perf_counter() - began
    for ending in (one for one in seen if isinstance(one, DetectorEnded)):
        if not isinstance(ending.assessment, Verdict):
            raise SystemExit(f"{ending.detector} gave no score, so nothing was measured: {ending.assessment}")
    return Whole(wall, used, max(0.0, machine_seconds() - everybody - used) / wall)


def machine_seconds() -> float:
    """CPU seconds all processes of this machine have used."""
    user, nice, system, _idle, _waiting, irq, softirq, steal = map(
        int, Path("/proc/stat").read_text().split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def measure_round(path: Path, registry: Registry, given: Source) -> Round:
    found = Round(parts=measure_parts(path, registry, given))
    for label, names in (("nets", NETS), ("further", (*NETS, FURTHER))):
        found.whole[label] = measure_whole(path, registry, names)
    return found


def summary(rounds: list[Round]) -> dict[str, Any]:
    cores = figures.cores()
    told: dict[str, Any] = {
        "parts_cpu_seconds": {
            name: figures.spread([r.parts[name] for r in rounds]) for name in rounds[0].parts
        }
    }
    for label in ("nets", "further"):
        walls, used = [r.whole[label].wall for r in rounds], [r.whole[label].cpu for r in rounds]
        least = [r.least(further=label == "further") for r in rounds]
        told[label] = {
            "wall_seconds": figures.spread(walls),
            "cpu_seconds": figures.spread(used),
            "cores_others_used": figures.spread([r.whole[label].others for r in rounds]),
            "least_seconds": figures.spread([value / cores for value in least]),
            "ratio": figures.spread([w * cores / value for w, value in zip(walls, least, strict=True)]),
            "work": figures.spread([u / value for u, value in zip(used, least, strict=True)]),
            "busy": figures.spread([u / w / cores for u, w in zip(used, walls, strict=True)]),
        }
    more = [r.whole["further"].cpu - r.whole["nets"].cpu for r in rounds]
    alone = [r.parts[FURTHER] for r in rounds]
    told["further_adds"] = {
        "cpu_seconds": figures.spread(more),
        "alone_cpu_seconds": figures.spread(alone),
        "ratio": figures.spread([m / a for m, a in zip(more, alone, strict=True)]),
    }
    return told


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--short", action="store_true", help="one round of ten seconds")
    given = parser.parse_args()
    seconds, count = (10.0, 1) if given.short else (given.seconds, given.rounds)
    before = figures.machine()
    registry = Registry.load(WEIGHTS)
    with tempfile.TemporaryDirectory() as folder:
        warm, path = clip(Path(folder), seconds=10.0), clip(Path(folder), seconds=seconds)
        told = _source(warm, registry)
        rounds = []
        for number in range(count):
            figures.say(f"round {number + 1} of {count}")
            rounds.append(measure_round(path, registry, told))
    found: dict[str, Any] = {"clip": f"{seconds:.0f} s of {source()}", "pid": os.getpid()} | summary(rounds)
    ratio = statistics.median(r.whole["nets"].wall * figures.cores() / r.least(further=False) for r in rounds)
    added = found["further_adds"]["ratio"]["median"]
    figures.report(
        "pipeline", before, found, {f"ratio ≤ {TARGET}": ratio <= TARGET, "adds ≤ 1.15": added <= TARGET}
    )


def _source(path: Path, registry: Registry) -> Source:
    """What sessions are told of such a clip; examining it also loads and warms everything."""
    probes = [
        seen.probe
        for seen in examine(path, registry=registry, detectors=(*NETS, FURTHER))
        if hasattr(seen, "probe")
    ]
    return Source(probes[0], SAMPLE_FPS, None)


if __name__ == "__main__":
    main()
