"""What finding objects costs a frame, beyond the call that cannot be avoided.

    python bench/objects.py [FINDER…] [--threads 1 2] [--seconds 6] [--size 1280x720] [--short]

For each finder and number of threads: what `find` takes, and in turn with it the bare call: ONNX Runtime's own `run` on
an array made before, in a session of its defaults with as many threads; for OpenCV's people `detectMultiScale` on the
copy made before. The ratio is that of the medians of processor time, of all threads, so that other programs change
little: what a caller pays for scaling, decoding and suppression. Target: 1.15 with one thread. With two it is not that
alone, as ONNX Runtime's own threads wait by spinning and ours do not. Pictures a second are by the wall.
The picture is a real street where the media are
installed, else drawn ground. Finders whose weights are not installed are left out, and named.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cv2
import numpy as np
import onnxruntime

from analysis.engine.analytics.detection import ObjectFinder, best_finder, fastestdet, people, yolox
from analysis.engine.analytics.detection.finder import PUBLISHED, WITHOUT_WEIGHTS
from analysis.engine.errors import UnverifiedWeights
from analysis.engine.types import Pixels
from analysis.engine.weights import WeightStore
from bench import figures
from bench.scenes import MEDIA, WEIGHTS
from tests.analysis.engine.analytics.drawn_footage import ground

FINDERS = (*PUBLISHED, WITHOUT_WEIGHTS)
TARGET = 1.15
STREET = MEDIA / "plates" / "cn_hyperlpr_test.jpg"
PREPARED = {"yolox-nano": yolox.letterboxed, "fastestdet": fastestdet.squeezed}


def picture(width: int, height: int) -> tuple[str, Pixels]:
    """Where it comes from, in words, and its pixels."""
    if STREET.exists():
        bgr = cv2.resize(np.asarray(cv2.imread(str(STREET))), (width, height), interpolation=cv2.INTER_AREA)
        return STREET.name, np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
    return "drawn ground (no real media installed)", ground(width=width, height=height)


def bare(name: str, rgb: Pixels, threads: int) -> Callable[[], object]:
    """The call that cannot be avoided, everything else done before."""
    if name == WITHOUT_WEIGHTS:
        small, _ = people.working(rgb)
        return lambda: people.windows_in(people.detector(), small)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        WeightStore(WEIGHTS).path(name).read_bytes(), options, providers=["CPUExecutionProvider"]
    )
    given = {session.get_inputs()[0].name: PREPARED[name](rgb)}
    return lambda: session.run(None, given)


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of processor time, of all threads, and of the wall."""
    began, at = time.process_time(), time.perf_counter()
    call()
    return (time.process_time() - began) * 1000, (time.perf_counter() - at) * 1000


def measure(finder: ObjectFinder, rgb: Pixels, threads: int, seconds: float) -> dict[str, Any]:
    figures.say(f"{finder.name}, {threads} threads")
    cv2.setNumThreads(threads)
    call = bare(finder.name, rgb, threads)
    ours, alone = list[tuple[float, float]](), list[tuple[float, float]]()
    until = time.perf_counter() + seconds
    while len(ours) < 7 or time.perf_counter() < until:
        alone.append(timed(call))
        ours.append(timed(lambda: finder.find(rgb)))
    told = {"find": ours[2:], "bare": alone[2:]}
    columns = {name: tuple(zip(*each, strict=True)) for name, each in told.items()}
    find, least = (statistics.median(columns[name][0]) for name in ("find", "bare"))
    return {
        **{f"{name}_cpu_ms": figures.spread(cpu, digits=2) for name, (cpu, _) in columns.items()},
        **{f"{name}_wall_ms": figures.spread(wall, digits=2) for name, (_, wall) in columns.items()},
        "pictures_per_second": round(1000 / statistics.median(columns["find"][1]), 1),
        "find_to_bare": round(find / least, 3),
    }


def main() -> None:
    given = _given()
    width, height = (int(side) for side in given.size.split("x"))
    source, rgb = picture(width, height)
    before, found, missing = figures.machine(), dict[str, Any](), list[str]()
    for name in given.finders:
        for threads in given.threads:
            try:
                finder = best_finder(WeightStore(WEIGHTS), name=name, threads=threads)
            except UnverifiedWeights:
                missing.append(name)
                break
            found[f"{name}, {threads} threads"] = measure(finder, rgb, threads, given.seconds)
    reached = {
        f"{name} ≤ {TARGET}": one["find_to_bare"] <= TARGET
        for name, one in found.items()
        if name.endswith(" 1 threads")
    }
    shown = {
        "picture": f"{source}, {given.size}",
        "onnxruntime": onnxruntime.__version__,
        "opencv": cv2.__version__,
    }
    figures.report("objects", before, shown | {"not_installed": missing, "finders": found}, reached)


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("finders", nargs="*", default=FINDERS, metavar="FINDER")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=6.0, help="for each finder and number of threads")
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--short", action="store_true", help="a second each, one thread")
    given = parser.parse_args()
    if given.short:
        given.seconds, given.threads = 1.0, [1]
    return given


if __name__ == "__main__":
    main()
