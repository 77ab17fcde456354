"""What each detector's raw score is worth on a folder of labelled files.

    python bench/accuracy.py MEDIA_FOLDER WEIGHTS_FOLDER [--detectors a,b] [--kinds video,image,audio]

A file counts as manipulated when "fake" is a word of its name (between underscores), as genuine when "real" is;
others are left out.
Prints per detector: N of each label, the area under the ROC curve with a 95 % bootstrap interval over files
(seed 7, 2000 draws), how many genuine files score 0.5 or more, abstentions by reason, and the worst mistakes.
"""

import argparse
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "2")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from analysis.engine.pipeline import examine
from analysis.engine.registry import Registry
from analysis.engine.types import DetectorEnded, Verdict

MISTAKES = 5


@dataclass
class Tally:
    """Scores of one detector by label, and why it abstained."""

    scores: dict[str, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))
    abstained: Counter[str] = field(default_factory=Counter)


def labelled(folder: Path, kinds: list[str]) -> Iterator[tuple[Path, str]]:
    for kind in kinds:
        for path in sorted((folder / kind).iterdir()):
            words = path.stem.lower().split("_")
            label = next((word for word in ("fake", "real") if word in words), None)
            if label and path.suffix.lower() not in {".json", ".txt"}:
                yield path, label


def auc(fake: np.ndarray, real: np.ndarray) -> float:
    """Share of pairs in which the manipulated file scores higher; ties count half."""
    difference = fake[:, None] - real[None]
    return float((difference > 0).mean() + 0.5 * (difference == 0).mean())


def interval(fake: np.ndarray, real: np.ndarray) -> tuple[float, float]:
    rng = np.random.default_rng(7)
    draws = [auc(rng.choice(fake, len(fake)), rng.choice(real, len(real))) for _ in range(2000)]
    return float(np.percentile(draws, 2.5)), float(np.percentile(draws, 97.5))


def measure(folder: Path, registry: Registry, names: list[str] | None, kinds: list[str]) -> dict[str, Tally]:
    tallies: dict[str, Tally] = defaultdict(Tally)
    for path, label in labelled(folder, kinds):
        for seen in examine(path, registry=registry, detectors=names):
            if not isinstance(seen, DetectorEnded):
                continue
            if isinstance(seen.assessment, Verdict):
                tallies[seen.detector].scores[label].append((seen.assessment.score, path.name))
            else:
                tallies[seen.detector].abstained[seen.assessment.reason.value] += 1
        print(".", end="", file=sys.stderr, flush=True)
    return tallies


def report(name: str, tally: Tally) -> None:
    fake, real = (np.array([score for score, _ in tally.scores[label]]) for label in ("fake", "real"))
    if len(fake) and len(real):
        low, high = interval(fake, real)
        value = f"AUC {auc(fake, real):.2f} (95 % {low:.2f} to {high:.2f})"
    else:
        value = "AUC not measurable"
    alarms = int((real >= 0.5).sum())
    print(f"{name}: {value}, {len(fake)} manipulated, {len(real)} genuine, {alarms} genuine at 0.5 or more")
    print(f"    abstained: {dict(tally.abstained) or 'never'}")
    worst = sorted(tally.scores["real"], reverse=True)[:MISTAKES]
    missed = sorted(tally.scores["fake"])[:MISTAKES]
    print("    highest genuine:", ", ".join(f"{file} {score:.3f}" for score, file in worst))
    print("    lowest manipulated:", ", ".join(f"{file} {score:.3f}" for score, file in missed))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("media", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--detectors", type=lambda text: text.split(","))
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=["video", "image", "audio"])
    options = parser.parse_args()
    registry = Registry.load(options.weights)
    for name, tally in sorted(measure(options.media, registry, options.detectors, options.kinds).items()):
        report(name, tally)


if __name__ == "__main__":
    main()
