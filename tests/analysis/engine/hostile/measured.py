"""Sweeps one file in a process of its own, and prints what that took: `python -m …measured FILE WEIGHTS`."""

import json
import re
import resource
import sys
from pathlib import Path

from analysis.engine.registry import Registry
from tests.analysis.engine.hostile.sweep import sweep


def main() -> None:
    path, weights = Path(sys.argv[1]), Path(sys.argv[2])
    swept = sweep(path, Registry.load(weights))
    # not ru_maxrss, which begins with what the process that started this one holds
    ours = int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])
    readers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(  # noqa: T201  # read by the test
        json.dumps(
            {
                "scores": swept.scores,
                "reasons": swept.reasons,
                "outcome": swept.outcome.name,
                "limit": swept.outcome.limit,
                "peak_mb": ours // 1024,
                "reader_mb": readers // 1024,
                "processor_seconds": swept.processor_seconds,
            }
        )
    )


if __name__ == "__main__":
    main()
