"""From the commit of a run to the first event of an idle worker.

    python bench/job_start.py [--runs 200] [--short]

Queues a still of one colour with one detector, asks the database until run.started is there, and waits for the
run's end and for the worker to be idle again. Beside it the baseline: the same questions about a line that this
process itself commits.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import figures
from bench.installation import installation, worker

TARGET_MS = 20.0
LOOK_SECONDS = 0.0005
LIMIT_SECONDS = 30.0
# Longer than the worker needs to hand in one job and to listen for the next.
IDLE_SECONDS = 0.15


def until(there: Callable[[], bool]) -> float:
    """Seconds until it is there."""
    began = time.perf_counter()
    while not there():
        if time.perf_counter() - began > LIMIT_SECONDS:
            raise SystemExit("The worker did not answer; is something else using this machine?")
        time.sleep(LOOK_SECONDS)
    return time.perf_counter() - began


def measure(media: Any) -> tuple[float, float]:
    """Milliseconds to the worker's first event, and of the baseline."""
    from analysis import queue
    from analysis.models import Run
    from realtime import log
    from realtime.models import Event

    run = queue.enqueue(media, owner=media.owner, detectors=["metadata"])
    seconds = until(Event.objects.filter(topic=run.topic_id, seq=2).exists)
    until(Run.objects.filter(pk=run.pk, finished__isnull=False).exists)
    topic = log.create_topic("media_run", media.owner)
    began = time.perf_counter()
    log.append(topic.pk, [log.Draft("run.started", "Nobody looks.", {})])
    until(Event.objects.filter(topic=topic.pk, seq=1).exists)
    baseline = time.perf_counter() - began
    time.sleep(IDLE_SECONDS)
    return 1000 * seconds, 1000 * baseline


def main() -> None:
    """Measures and reports."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--short", action="store_true", help="30 runs")
    given = parser.parse_args()
    before = figures.machine()
    with installation() as place, worker(place):
        from PIL import Image

        from analysis.uploads import adopt_file
        from tests.factories import make_user

        path = place.home / "still.png"
        Image.new("RGB", (64, 64), (40, 90, 60)).save(path)
        media = adopt_file(path, owner=make_user())
        measure(media)
        both = [measure(media) for _ in range(30 if given.short else given.runs)]
    started = [worker_ms for worker_ms, _ in both]
    told = {
        "milliseconds": figures.spread(started),
        "p99_milliseconds": round(figures.percentile(started, 99), 3),
        "baseline_milliseconds": figures.spread([own_ms for _, own_ms in both]),
    }
    median = told["milliseconds"]["median"]  # type: ignore[index]
    figures.report("job_start", before, told, {f"p50 ≤ {TARGET_MS:.0f} ms": median <= TARGET_MS})


if __name__ == "__main__":
    main()
