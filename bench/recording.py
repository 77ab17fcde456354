"""What writing down and announcing a run costs, against the run.

    python bench/recording.py [--seconds 60] [--rounds 3] [--short]

Examines the same clip with both Meso nets, in turn, once with every observation thrown away (the baseline) and once
recorded as the worker records it: lease checked, rows and events written to a PostgreSQL that waits for the disk,
announced through Redis. Prints the CPU seconds of recording (the writing thread and the announcing thread; beside
them those of PostgreSQL and Redis) as a share of the CPU seconds of the whole run, and how much longer the
recorded run took than the baseline.
"""

import argparse
import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psutil

from bench import figures
from bench.installation import installation
from bench.pipeline import NETS, cpu_seconds
from bench.scenes import clip, source

TARGET_PERCENT = 3.0


@dataclass(frozen=True)
class Recorded:
    """CPU seconds of one recorded run, by who spent them; its wall seconds and its number of events."""

    wall: float
    run: float
    writing: float
    announcing: float
    engines: float
    events: int

    @property
    def share_percent(self) -> float:
        return 100 * self.own / self.run

    @property
    def share_with_engines_percent(self) -> float:
        return 100 * (self.own + self.engines) / (self.run + self.engines)

    @property
    def own(self) -> float:
        return self.writing + self.announcing


def thread_seconds(name: str) -> float:
    """CPU seconds of our own thread of that name, which may not be there yet."""
    ticks = os.sysconf("SC_CLK_TCK")
    for thread in threading.enumerate():
        if thread.name == name:
            fields = Path(f"/proc/self/task/{thread.native_id}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / ticks
    return 0.0


def engine_seconds(home: Path) -> float:
    """CPU seconds of PostgreSQL's and Redis's processes, ended backends included."""
    from config.engines.processes import kept_records

    total = 0.0
    for record in kept_records(home):
        if record.name in ("postgres", "redis"):
            root = psutil.Process(record.pid)
            times = [root.cpu_times(), *(_times(child) for child in root.children())]
            total += sum(one.user + one.system for one in times)
            total += times[0].children_user + times[0].children_system
    return total


def _times(process: psutil.Process) -> Any:
    return process.cpu_times()


def examined(path: Path, registry: Any) -> Iterator[Any]:
    from analysis.engine.pipeline import examine

    return examine(path, registry=registry, detectors=NETS)


def measure_baseline(path: Path, registry: Any) -> float:
    """Wall seconds with everything thrown away."""
    began = time.perf_counter()
    for _ in examined(path, registry):
        pass
    return time.perf_counter() - began


def measure_recorded(path: Path, registry: Any, media: Any, home: Path) -> Recorded:
    """The same, as a worker does it; ended as succeeded."""
    from analysis import queue, recorder
    from analysis.models import Worker
    from realtime import publisher

    row = Worker.objects.create(id=uuid4(), host="bench", pid=os.getpid())
    run = queue.enqueue(media, owner=media.owner, detectors=NETS)
    cards = {card.name: card for card in registry.cards()}
    names = ("realtime-publisher",)
    began, used, engines = time.perf_counter(), cpu_seconds(), engine_seconds(home)
    writing, announcing = time.thread_time(), sum(map(thread_seconds, names))
    claim = queue.claim(run.pk, worker=row.pk, slot=0)
    if claim is None:
        raise SystemExit("The run was taken by somebody else.")
    record = recorder.record(claim, examined(path, registry), cards=cards)
    if record.outcome:
        queue.succeed(claim, record.outcome)
    wall, writing = time.perf_counter() - began, time.thread_time() - writing
    publisher.flush()
    return Recorded(
        wall=wall,
        run=cpu_seconds() - used,
        writing=writing,
        announcing=sum(map(thread_seconds, names)) - announcing,
        engines=engine_seconds(home) - engines,
        events=record.events,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--short", action="store_true", help="one round of ten seconds")
    given = parser.parse_args()
    seconds, rounds = (10.0, 1) if given.short else (given.seconds, given.rounds)
    before = figures.machine()
    baseline: list[float] = []
    recorded: list[Recorded] = []
    with installation() as place:
        from analysis.examining import load_registry
        from analysis.uploads import adopt_file
        from tests.factories import make_user

        registry = load_registry()
        path = clip(place.home, seconds=seconds)
        media = adopt_file(path, owner=make_user())
        measure_baseline(clip(place.home, seconds=10.0), registry)  # loads and warms everything
        for number in range(rounds):
            figures.say(f"round {number + 1} of {rounds}")
            baseline.append(measure_baseline(path, registry))
            recorded.append(measure_recorded(path, registry, media, place.home))
    share = statistics.median(one.share_percent for one in recorded)
    told = {"clip": f"{seconds:.0f} s of {source()}"} | _described(baseline, recorded)
    figures.report("recording", before, told, {f"share ≤ {TARGET_PERCENT} %": share <= TARGET_PERCENT})


def _described(baseline: list[float], recorded: list[Recorded]) -> dict[str, Any]:
    ratios = [one.wall / alone for one, alone in zip(recorded, baseline, strict=True)]
    kinds = ("run", "writing", "announcing", "engines")
    return {
        "cpu_seconds": {kind: figures.spread([getattr(one, kind) for one in recorded]) for kind in kinds},
        "events": figures.spread([one.events for one in recorded], digits=0),
        "share_percent": figures.spread([one.share_percent for one in recorded]),
        "share_with_engines_percent": figures.spread([one.share_with_engines_percent for one in recorded]),
        "wall_seconds_thrown_away": figures.spread(baseline),
        "wall_seconds_recorded": figures.spread([one.wall for one in recorded]),
        "wall_ratio": figures.spread(ratios),
    }


if __name__ == "__main__":
    main()
