"""How much memory a worker's slot needs for a short and for a long clip.

    python bench/memory.py [--long-seconds 600] [--rounds 1] [--short]

Compares the peak memory of the process tree of a slot (the slot and its reader; PSS, so that what they share counts
once, looked at every 0.2 s) while it examines a clip of 10 s with the same for 10 min, both with the detectors a video
gets by default, each in a fresh worker, in turn. `resident` is the slot's own peak as the kernel counted it (VmHWM).
"""

import argparse
import os
import re
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psutil

from bench import figures
from bench.installation import Installation, installation, worker
from bench.scenes import clip, source

LOOK_SECONDS = 0.2
LIMIT_SECONDS = 900.0
TARGET = 1.10
SHORT_SECONDS = 10.0


@dataclass(frozen=True)
class Peak:
    """Megabytes: the process tree before the run and at its peak, and the slot's own resident peak."""

    idle: float
    tree: float
    resident: float
    seconds: float


def tree_megabytes(pid: int) -> float:
    """PSS of a process and all under it."""
    total = 0
    root = psutil.Process(pid)
    for process in (root, *root.children(recursive=True)):
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total / 2**20


def resident_peak_megabytes(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


class Lookout(Thread):
    """Keeps the highest memory of a process tree until told to stop."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.highest = 0.0
        self._pid, self._over = pid, Event()

    def run(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            self.highest = max(self.highest, tree_megabytes(self._pid))

    def stop(self) -> float:
        self._over.set()
        self.join()
        return self.highest


def measure(place: Installation, path: Path) -> Peak:
    """One run in a fresh worker."""
    from analysis import queue
    from analysis.uploads import adopt_file
    from tests.factories import make_user
    from tests.waiting import wait_until

    owner = make_user()
    media = adopt_file(path, owner=owner)
    with worker(place) as pid:
        idle = tree_megabytes(pid)
        lookout = Lookout(pid)
        lookout.start()
        began = time.perf_counter()
        run = queue.enqueue(media, owner=owner)
        wait_until(lambda: _state(run) not in ("queued", "running"), limit=LIMIT_SECONDS, every=0.2)
        seconds = time.perf_counter() - began
        tree, resident = lookout.stop(), resident_peak_megabytes(pid)
    if _state(run) != "succeeded":
        raise SystemExit(f"The run of {path.name} ended as {_state(run)}: {run.error_message}")
    return Peak(idle, tree, resident, seconds)


def _state(run: object) -> str:
    run.refresh_from_db()  # type: ignore[attr-defined]  # a Run, whose class is only there once Django is set up
    return str(run.state)  # type: ignore[attr-defined]  # as above


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--long-seconds", type=float, default=600.0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="20 s instead of 10 min")
    given = parser.parse_args()
    long_seconds = 20.0 if given.short else given.long_seconds
    before = figures.machine()
    found: dict[str, list[Peak]] = {"short": [], "long": []}
    with installation() as place:
        paths = {
            "short": clip(place.home, seconds=SHORT_SECONDS),
            "long": clip(place.home, seconds=long_seconds),
        }
        for number in range(given.rounds):
            for label, path in paths.items():
                figures.say(f"round {number + 1} of {given.rounds}: the {label} clip")
                found[label].append(measure(place, path))
    told = {label: _described(peaks) for label, peaks in found.items()}
    tree, resident = (
        [getattr(b, kind) / getattr(a, kind) for a, b in zip(found["short"], found["long"], strict=True)]
        for kind in ("tree", "resident")
    )
    told |= {"ratio_of_trees": figures.spread(tree), "ratio_of_residents": figures.spread(resident)}
    clips = {"clips": f"{SHORT_SECONDS:.0f} s and {long_seconds:.0f} s of {source()}", "pid": os.getpid()}
    figures.report("memory", before, clips | told, {f"ratio ≤ {TARGET}": statistics.median(tree) <= TARGET})


def _described(peaks: list[Peak]) -> dict[str, object]:
    names = {
        "idle": "idle_mb",
        "tree": "tree_peak_mb",
        "resident": "slot_resident_peak_mb",
        "seconds": "seconds",
    }
    return {
        said: figures.spread([getattr(peak, name) for peak in peaks], digits=1)
        for name, said in names.items()
    }


if __name__ == "__main__":
    main()
