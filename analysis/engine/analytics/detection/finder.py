"""What finds objects in one picture, whichever way, and which of them there is here.

Loads nothing heavy by itself: what a finder needs is imported when it is made.
"""

from collections.abc import Callable
from typing import Protocol

from analysis.engine.analytics.objects import Detection
from analysis.engine.errors import UnverifiedWeights
from analysis.engine.types import Pixels
from analysis.engine.weights import WeightStore

LEAST_CONFIDENCE = 0.1  # trackers want the doubtful ones too: ByteTrack, section 3
PUBLISHED = ("yolox-nano", "fastestdet")  # the best first
WITHOUT_WEIGHTS = "opencv-people"
TILED = "-tiled"
NAMES = (*PUBLISHED, *(f"{name}{TILED}" for name in PUBLISHED), WITHOUT_WEIGHTS)


class ObjectFinder(Protocol):
    """Finds objects in one picture; may be used by several threads.

    `classes` are the names it can give, `blind` is a sentence on what it cannot see. `sha256` is that of its weight
    file, None without one.
    """

    name: str
    version: str
    sha256: str | None
    classes: frozenset[str]
    blind: str

    def find(self, rgb: Pixels) -> tuple[Detection, ...]:
        """What is there with a confidence of LEAST_CONFIDENCE or more, the surest first; each object once per class.

        rgb: uint8 (height, width, 3), upright. Raises ValueError for what is no such picture.
        """


def best_finder(weights: WeightStore, *, name: str = "", threads: int = 1) -> ObjectFinder:
    """The finder of that name (one of NAMES); without a name the best whose weights are installed.

    threads: on which it may run at the same time. Raises ValueError for an unknown name or no threads, and for a named
    one UnverifiedWeights where its file is missing or another, UnusableWeights where it cannot be run.
    """
    if threads < 1:
        raise ValueError(f"A finder needs a thread at least, not {threads}.")
    if name:
        return _named(name, weights, threads)
    for known in PUBLISHED:
        try:
            return _named(known, weights, threads)
        except UnverifiedWeights:
            continue
    return _named(WITHOUT_WEIGHTS, weights, threads)


def _named(name: str, weights: WeightStore, threads: int) -> ObjectFinder:
    makers: dict[str, Callable[[WeightStore, int], ObjectFinder]] = {
        "yolox-nano": _yolox_nano,
        "fastestdet": _fastestdet,
        WITHOUT_WEIGHTS: _people,
    }
    whole, tiled = name.removesuffix(TILED), name.endswith(TILED)
    if name not in NAMES:
        raise ValueError(f"No object finder {name!r}. Known: {', '.join(NAMES)}.")
    finder = makers[whole](weights, threads)
    if not tiled:
        return finder
    from analysis.engine.analytics.detection.tiles import Tiled

    return Tiled(finder)


def _yolox_nano(weights: WeightStore, threads: int) -> ObjectFinder:
    from analysis.engine.analytics.detection.yolox import YoloxNano

    return YoloxNano(weights, threads=threads)


def _fastestdet(weights: WeightStore, threads: int) -> ObjectFinder:
    from analysis.engine.analytics.detection.fastestdet import FastestDet

    return FastestDet(weights, threads=threads)


def _people(_weights: WeightStore, _threads: int) -> ObjectFinder:
    from analysis.engine.analytics.detection.people import People

    return People()
