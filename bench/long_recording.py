"""What a recording of hours costs, and whether memory stays flat: 15 minutes against four hours.

    python bench/long_recording.py [--minutes 240] [--against 15] [--short]

Each is ten seconds with a face in sight and a tone, encoded once at 480 x 270 and repeated without encoding again,
and goes through the whole default examination of a video, in a process of its own. Told are the wall and CPU seconds,
the coverage that each detector states, and the peak memory of that process and of the reader's child (PSS, looked at
every 0.2 s).
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import figures
from bench.memory import Lookout
from bench.pipeline import cpu_seconds
from bench.scenes import WEIGHTS, clip, source

WIDTH, HEIGHT = 480, 270
TARGET = 1.10


def examined(path: Path) -> dict[str, Any]:
    """Examines it here; what it cost and what the detectors say they covered."""
    import time

    from analysis.engine.pipeline import examine
    from analysis.engine.registry import Registry
    from analysis.engine.types import Concluded, DetectorEnded, Verdict

    began, coverage, outcome = time.perf_counter(), {}, ""
    for seen in examine(path, registry=Registry.load(WEIGHTS)):
        if isinstance(seen, DetectorEnded):
            said = seen.assessment
            coverage[seen.detector] = (
                f"{said.coverage.scored} of {said.coverage.sampled} {said.coverage.unit}"
                if isinstance(said, Verdict)
                else said.reason.value
            )
        elif isinstance(seen, Concluded):
            outcome = f"{seen.outcome.name.value}: {seen.outcome.limit}"
    return {
        "wall_seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(cpu_seconds(), 1),
        "coverage": coverage,
        "outcome": outcome,
    }


def watched(path: Path) -> dict[str, Any]:
    """The same in a process of its own, with the peak of its memory and its reader's."""
    command = [sys.executable, __file__, "--one", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        lookout = Lookout(process.pid)
        lookout.start()
        out, _ = process.communicate()
        peak = lookout.stop()
    if process.returncode:
        raise SystemExit(f"Examining {path.name} failed; see above.")
    told: dict[str, Any] = json.loads(out)
    return told | {"peak_mb": round(peak, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=240.0)
    parser.add_argument("--against", type=float, default=15.0, help="minutes of the shorter one")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="one minute against ten seconds")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(examined(given.one)))
        return
    minutes = (
        {"short": given.against, "long": given.minutes} if not given.short else {"short": 1 / 6, "long": 1.0}
    )
    before = figures.machine()
    found: dict[str, list[dict[str, Any]]] = {label: [] for label in minutes}
    with tempfile.TemporaryDirectory() as folder:
        for label, length in minutes.items():
            figures.say(f"making {length:.1f} minutes")
            path = clip(Path(folder), seconds=length * 60, width=WIDTH, height=HEIGHT)
            for number in range(given.rounds):
                figures.say(f"examining {length:.1f} minutes, round {number + 1} of {given.rounds}")
                found[label].append(watched(path))
    peaks = {label: statistics.median(one["peak_mb"] for one in runs) for label, runs in found.items()}
    ratio = round(peaks["long"] / peaks["short"], 3)
    clips = {"clips": f"{minutes} minutes of {source()}, {WIDTH} x {HEIGHT}", "peak_ratio": ratio}
    figures.report("long_recording", before, clips | found, {f"peak ratio ≤ {TARGET}": ratio <= TARGET})


if __name__ == "__main__":
    main()
