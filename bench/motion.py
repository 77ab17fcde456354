"""What looking for motion costs a picture, and whether a change of its code changes what is told.

    python bench/motion.py [--seconds 60] [--keep FILE] [--against FILE] [--short]

Drawn: passers in every weather of the tests, and pushes of the camera. Filmed: the clips of bench/tracking.py, looked
at ten times a second. For each the processor time of a picture, beside reading it. `--keep` writes down what is told of
every picture; `--against` compares with what was kept before: pictures in all, those told otherwise at all and those
that move now or moved before only, the largest change of the affected area in percentage points, and how far apart, in
seconds, events lie that were told both times (null where their kinds or numbers differ).
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cv2
import numpy as np

from analysis.engine.analytics.motion import Motion, MotionState
from analysis.engine.types import Pixels
from bench import figures
from bench.scenes import MEDIA
from bench.tracking import COUNTED, MOST_MS, pictures
from tests.analysis.engine.analytics.drawn_footage import film
from tests.analysis.engine.analytics.test_motion_rest import PASSER, WEATHERS
from tests.analysis.engine.analytics.test_motion_truth import FILMS, Passer

Told = dict[str, list[dict[str, Any]]]
Footage = Iterator[tuple[float, Pixels]]


def drawn() -> Iterator[tuple[str, Footage]]:
    for name, (change, sigma) in WEATHERS.items():
        yield name, film(6, fps=8, things=(PASSER,), change=change, sigma=sigma)
    for fps, side, speed in FILMS:
        yield f"passer of {side} pixels at {fps} fps", film(7, fps=fps, things=(Passer(side, speed),))
    yield "push", film(6, fps=8, change=lambda rgb, at: np.roll(rgb, 4 * (at >= 2.5), axis=1))


def filmed(most_seconds: float) -> Iterator[tuple[str, Footage]]:
    for name in COUNTED:
        if (MEDIA / "video" / name).exists():
            yield name, pictures(MEDIA / "video" / name, most_seconds)


def watched(footage: Footage) -> tuple[list[dict[str, Any]], list[float]]:
    """What is told of each picture, and the milliseconds it took."""
    motion, told, spent = Motion(), list[dict[str, Any]](), list[float]()
    for seconds, rgb in footage:
        began = time.process_time()
        state = motion.step(seconds, rgb)
        spent.append((time.process_time() - began) * 1000)
        told.append(_in_words(state))
    return told, spent


def _in_words(state: MotionState) -> dict[str, Any]:
    """A state as it is kept: the map by its digest."""
    events = [(type(event).__name__, vars(event)) for event in state.events]
    where = hashlib.sha256(state.where.tobytes()).hexdigest()
    told = vars(state) | {"events": events, "where": where}
    return dict(json.loads(json.dumps(told)))


def compared(now: list[dict[str, Any]], before: list[dict[str, Any]]) -> dict[str, Any]:
    before = before[: len(now)]  # --short
    pairs = list(zip(now, before, strict=True))
    area = "affected_area_percentage"
    return {
        "pictures": len(pairs),
        "told_otherwise": sum(one != other for one, other in pairs),
        "moves_otherwise": sum(one["moving"] != other["moving"] for one, other in pairs),
        "other_scene_otherwise": sum(one["scene_changed"] != other["scene_changed"] for one, other in pairs),
        "area_apart": round(max(abs(one[area] - other[area]) for one, other in pairs), 3),
        "events_apart_seconds": _apart(_events(now), _events(before)),
    }


def _events(told: list[dict[str, Any]]) -> list[tuple[str, dict[str, float]]]:
    return [event for state in told for event in state["events"]]


def _apart(
    now: list[tuple[str, dict[str, float]]], before: list[tuple[str, dict[str, float]]]
) -> float | None:
    if [kind for kind, _ in now] != [kind for kind, _ in before]:
        return None
    pairs = zip(now, before, strict=True)
    return max((abs(one[key] - other[key]) for (_, one), (_, other) in pairs for key in one), default=0.0)


def main() -> None:
    given = _given()
    cv2.setNumThreads(1)
    before, told, cost = figures.machine(), Told(), dict[str, Any]()
    clips = list(filmed(given.seconds))
    for name, footage in [*drawn(), *clips]:
        figures.say(name)
        told[name], spent = watched(footage)
        cost[name] = figures.spread(spent, digits=2)
    shown: dict[str, Any] = {"cpu_ms": cost}
    if given.keep:
        given.keep.write_text(json.dumps(told))
    if given.against:
        kept = Told(json.loads(given.against.read_text()))
        shown["against"] = {name: compared(told[name], kept[name]) for name in told if name in kept}
    reached = {f"{name}: ≤ {MOST_MS} ms": cost[name]["median"] <= MOST_MS for name, _ in clips}
    figures.report("motion", before, shown, reached)


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="of each clip, at most")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="what is told, for a later comparison")
    parser.add_argument("--against", type=Path, metavar="FILE", help="what was kept before")
    parser.add_argument("--short", action="store_true", help="three seconds of each clip")
    given = parser.parse_args()
    if given.short:
        given.seconds = 3.0
    return given


if __name__ == "__main__":
    main()
