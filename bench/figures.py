"""What every benchmark prints: medians with their spread, the machine, how busy it was, and a verdict."""

import json
import os
import platform
import re
import statistics
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

CALM_LOAD_PER_CORE = 0.75


def spread(values: Sequence[float], *, digits: int = 3) -> dict[str, Any]:
    """Median, least, most and how many."""
    return {
        "median": round(statistics.median(values), digits),
        "min": round(min(values), digits),
        "max": round(max(values), digits),
        "n": len(values),
    }


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0))


def machine() -> dict[str, Any]:
    """What it was measured on, and how busy that was before."""
    load = round(os.getloadavg()[0], 2)
    return {
        "processor": _processor(),
        "cores": cores(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": load,
        "under_load": load > CALM_LOAD_PER_CORE * cores(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def report(name: str, before: dict[str, Any], figures: dict[str, Any], verdicts: dict[str, bool]) -> None:
    """Prints everything as one JSON object; `before` is what `machine` said at the start."""
    whole = {
        "benchmark": name,
        "command": " ".join(["python", *sys.argv]),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": before | {"load_after": round(os.getloadavg()[0], 2)},
        **figures,
        "reached": verdicts,
    }
    text = json.dumps(whole, indent=2, ensure_ascii=False)
    # a spread on one line: the figures of a benchmark fit on a screen
    print(re.sub(r"\{[^{}]*\}", lambda found: re.sub(r"\s+", " ", found[0]), text))


def say(sentence: str) -> None:
    """Progress, beside the figures."""
    print(sentence, file=sys.stderr, flush=True)
