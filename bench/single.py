"""One event per transaction, as fast as one writer can, with everything announced; and the same in batches.

    python bench/single.py [--seconds 5] [--turns 3]

`bare` is what PostgreSQL takes from the same connection without us: one row inserted and committed.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import figures
from bench.installation import installation, web_server

BATCH = 50
TARGET = 700.0


def per_second(write: Callable[[], int], seconds: float) -> float:
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        count += write()
    return count / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    before = figures.machine()
    with installation() as place, web_server(place):
        from django.db import connection

        from realtime import log
        from realtime.log import Draft
        from tests.factories import make_run

        topic = make_run().topic_id
        draft = Draft("stage.started", "A stage began.", {"stage": "model_inference", "seconds": 1.5})
        connection.cursor().execute("CREATE TABLE bare (id bigserial PRIMARY KEY, body text)")

        def bare() -> int:
            connection.cursor().execute("INSERT INTO bare (body) VALUES (%s)", ["x" * 500])
            return 1

        ways: dict[str, Callable[[], int]] = {
            "bare": bare,
            "single": lambda: len(log.append(topic, [draft])),
            "batches": lambda: len(log.append(topic, [draft] * BATCH)),
        }
        found: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(options.turns):
            for name, write in ways.items():
                found[name].append(per_second(write, options.seconds))
    spreads = {f"{name}_per_second": figures.spread(rates, digits=0) for name, rates in found.items()}
    reached = {"700 single appends a second": spreads["single_per_second"]["median"] >= TARGET}
    figures.report("single", before, spreads, reached)


if __name__ == "__main__":
    main()
