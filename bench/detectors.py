"""One to six detectors of faces over one clip, in one pass, against the sum of the work and against a pass each.

    python bench/detectors.py [--seconds 60] [--rounds 2] [--device cpu] [--short]

Compares the wall seconds of `examine` with n nets, each run in the way that was chosen for it, with what the same work
would cost if nothing were lost: on the CPU (CPU seconds of decoding on one thread + of finding faces + the crops ÷ the
best rate of each net that a search of all ways and batch sizes found) ÷ cores; on a GPU the larger of decoding + faces
(CPU seconds, one after the other) and forwards. At the last n also with n examinations of one detector each. Then the
sequence head: a tiny
model with an LSTM over windows of 60 frames, features once per frame against once per window, by counting and by CPU
seconds. `cores_others_used` says how far the wall seconds can be trusted.
"""

import argparse
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cv2
import numpy as np
import torch

from analysis.engine.nets.rates.folder import RatesFolder
from analysis.engine.nets.rates.rates import Rates
from analysis.engine.pipeline import examine
from analysis.engine.registry import Registry, forwards_of
from analysis.engine.types import Frame, FrameBatch, MediaKind, Probe, Source
from bench import figures
from bench.inference import built, rate
from bench.pipeline import Whole, batches, decode, find_faces, measure_whole, timed
from bench.scenes import WEIGHTS, clip, source

NETS = (
    "meso4",
    "mesoinception4",
    "classnseg",
    "meso4-f2f",
    "mesoinception4-f2f",
    "classnseg-finetune",
)
SEARCH_SECONDS = 0.2  # of each way and batch size
TARGET, TARGET_ON_GPU, TARGET_OF_PASSES = 1.15, 1.25, 3.0
WINDOW, WINDOWED_FRAMES = 60, 120


@dataclass
class Round:
    """CPU seconds of the parts on one thread (forwards of a GPU: wall), the examinations by n, and a pass each."""

    decoding: float
    faces: float
    forwards: dict[str, float] = field(default_factory=dict)
    whole: dict[int, Whole] = field(default_factory=dict)
    passes: float = 0.0

    def least(self, count: int, device: str) -> float:
        """Wall seconds with every core busy all the time; with a GPU, of the slower side alone, on one core."""
        before = self.decoding + self.faces
        forwards = sum(self.forwards[name] for name in NETS[:count])
        return (before + forwards) / figures.cores() if device == "cpu" else max(before, forwards)


def measure_round(path: Path, registry: Registry, counts: list[int]) -> Round:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    decoding, frames = timed(lambda: decode(path))
    faces, crops = timed(lambda: find_faces(batches(frames), registry))
    found = Round(decoding, faces)
    for name in NETS[: max(counts)]:
        found.forwards[name] = len(crops) / best_rate(name, registry.device)
    for count in counts:
        found.whole[count] = measure_whole(path, registry, NETS[:count])
    found.passes = sum(measure_whole(path, registry, (name,)).wall for name in NETS[: max(counts)])
    return found


def best_rate(name: str, device: str) -> float:
    """Faces per second in the best of all ways and batch sizes."""
    rates = []
    for forward in forwards_of(Registry.load(WEIGHTS, device=device, only=[name]).detector(name)):
        for way, net in built(forward).items():
            rates += [rate(net, forward, way, batch, SEARCH_SECONDS) for batch in forward.batches]
    return max(rates)


def summary(rounds: list[Round], counts: list[int], device: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "decoding_cpu_seconds": figures.spread([one.decoding for one in rounds]),
        "faces_cpu_seconds": figures.spread([one.faces for one in rounds]),
        "forwards_seconds": {
            name: figures.spread([one.forwards[name] for one in rounds]) for name in rounds[0].forwards
        },
    }
    for count in counts:
        walls = [one.whole[count].wall for one in rounds]
        least = [one.least(count, device) for one in rounds]
        told[f"{count}_detectors"] = {
            "wall_seconds": figures.spread(walls),
            "least_seconds": figures.spread(least),
            "ratio": figures.spread([wall / value for wall, value in zip(walls, least, strict=True)]),
            "cores_others_used": figures.spread([one.whole[count].others for one in rounds]),
        }
    last = max(counts)
    told["a_pass_each"] = {
        "detectors": last,
        "wall_seconds": figures.spread([one.passes for one in rounds]),
        "times_as_long": figures.spread([one.passes / one.whole[last].wall for one in rounds]),
    }
    return told


def sequence_head(folder: Path) -> dict[str, Any]:
    """The same frames through one model: features once per frame, and anew for each window they are part of."""
    from analysis.engine.classifiers import folder as folders
    from analysis.engine.classifiers.description import Head
    from tests.analysis.engine.classifiers.models import save_head, save_vit

    head = Head(kind="lstm", features=16, hidden=8, window=WINDOW)
    model = save_head(save_vit(folder / "model"), head)
    folders.add(folder, model, name="windows", consumes="frames", head=head.model_dump())
    detector: Any = Registry.load(folder, only=["windows"]).detector("windows")
    random = np.random.default_rng(1)
    frames = tuple(
        Frame(n, n / 5, random.integers(0, 255, (64, 64, 3), np.uint8)) for n in range(WINDOWED_FRAMES)
    )
    session = detector.open(Source(Probe(MediaKind.VIDEO, "mp4"), sample_fps=5.0, expected_samples=None))
    once, _ = timed(lambda: list(session.feed(FrameBatch(frames))))
    facts = session.finish().facts
    rgb = [frame.rgb for frame in frames]

    def each() -> None:
        for end in range(WINDOW, WINDOWED_FRAMES + 1):
            features = [detector.features(rgb[at : at + 16]) for at in range(end - WINDOW, end, 16)]
            detector.judged(torch.cat(features)[None, :WINDOW])

    anew, _ = timed(each)
    return {
        "passes": facts["backbone_passes"],
        "passes_per_window": facts["passes_if_each_window_computed_its_own"],
        "fewer": round(facts["passes_if_each_window_computed_its_own"] / facts["backbone_passes"], 1),
        "cpu_seconds": round(once, 3),
        "cpu_seconds_per_window": round(anew, 3),
        "faster": round(anew / once, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--short", action="store_true", help="one round of ten seconds, one and two detectors"
    )
    given = parser.parse_args()
    seconds, count, most = (10.0, 1, 2) if given.short else (given.seconds, given.rounds, len(NETS))
    counts = list(range(1, most + 1))
    before = figures.machine()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        registry = Registry.load(WEIGHTS, device=given.device)
        registry.rates = Rates(RatesFolder(folder / "rates"), 1, measure=True)
        path = clip(folder, seconds=seconds)
        # loads, measures and warms everything
        list(examine(clip(folder, seconds=10.0), registry=registry, detectors=NETS[:most]))
        rounds = []
        for number in range(count):
            figures.say(f"round {number + 1} of {count}")
            rounds.append(measure_round(path, registry, counts))
        head = sequence_head(folder)
    found = {"clip": f"{seconds:.0f} s of {source()}", "device": given.device}
    target = TARGET if given.device == "cpu" else TARGET_ON_GPU
    ratios = {
        n: statistics.median(one.whole[n].wall / one.least(n, given.device) for one in rounds) for n in counts
    }
    reached = {f"{n} detectors ≤ {target}": ratio <= target for n, ratio in ratios.items()}
    if most == len(NETS):
        times = statistics.median(one.passes / one.whole[most].wall for one in rounds)
        reached[f"a pass each ≥ {TARGET_OF_PASSES} ×"] = times >= TARGET_OF_PASSES
    figures.report(
        "detectors", before, found | summary(rounds, counts, given.device) | {"sequence_head": head}, reached
    )


if __name__ == "__main__":
    main()
