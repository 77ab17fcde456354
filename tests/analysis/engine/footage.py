"""Drawn footage through whole examinations: coloured rectangles, and a finder that looks for them in the pixels."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from analysis.engine.analytics.objects import Detection
from analysis.engine.detectors import anpr, motion, tracking
from analysis.engine.pipeline import Options, examine
from analysis.engine.registry import Registry
from analysis.engine.types import FootageSettings, MotionTold, Observation, Pixels, TrackTold
from analysis.engine.weights import WeightStore
from tests import clips
from tests.analysis.engine.analytics.drawn_footage import HEIGHT, WIDTH, ground, noisy
from tests.analysis.engine.plugins import Plain

COLOURS = {"car": (225, 40, 40), "person": (40, 40, 225)}
APART = 60  # of a channel, after a codec
LEAST_PIXELS = 60


@dataclass(frozen=True)
class Mover:
    """A rectangle whose middle is at `start` from `enters` on and moves by `speed` (shares of the frame a second)."""

    name: str
    start: tuple[float, float]
    speed: tuple[float, float] = (0.0, 0.0)
    enters: float = 0.0
    leaves: float = 1e9
    size: tuple[int, int] = (40, 30)

    def draw(self, rgb: Pixels, at: float) -> None:
        if not self.enters <= at < self.leaves:
            return
        wide, high = self.size
        x = (self.start[0] + self.speed[0] * (at - self.enters)) * WIDTH
        y = (self.start[1] + self.speed[1] * (at - self.enters)) * HEIGHT
        left, top = round(x - wide / 2), round(y - high / 2)
        rgb[max(0, top) : max(0, top + high), max(0, left) : max(0, left + wide)] = COLOURS[self.name]


def pictures(seconds: float, *movers: Mover, fps: int = 25) -> Iterator[Pixels]:
    plain = ground()
    for number in range(round(seconds * fps)):
        rgb = plain.copy()
        for mover in movers:
            mover.draw(rgb, number / fps)
        yield noisy(rgb, number)


def film(path: Path, seconds: float, *movers: Mover, fps: int = 25, **options: object) -> Path:
    """A clip with a key picture each second."""
    frames = pictures(seconds, *movers, fps=fps)
    size = {"width": WIDTH, "height": HEIGHT}
    coded = {"preset": "ultrafast", "crf": "18", "g": str(fps)}
    return clips.write_video(path, seconds=seconds, fps=fps, frames=frames, options=coded, **size, **options)  # type: ignore[arg-type]


@dataclass
class DrawnFinder:
    """Finds what `Mover` draws, by its colour, and remembers how often it was asked."""

    name: str = "drawn"
    version: str = "1"
    sha256: str | None = None
    classes: frozenset[str] = frozenset(COLOURS)
    blind: str = "It sees rectangles of two colours and nothing else."
    looks: int = 0
    asked: list[str] = field(default_factory=list)

    def find(self, rgb: Pixels) -> tuple[Detection, ...]:
        self.looks += 1
        return tuple(one for name, colour in COLOURS.items() for one in _found(rgb, name, colour))


def _found(rgb: Pixels, name: str, colour: tuple[int, int, int]) -> Iterator[Detection]:
    near = (np.abs(rgb.astype(np.int16) - colour).max(axis=2) < APART).astype(np.uint8)
    _, _, table, _ = cv2.connectedComponentsWithStats(near)
    height, width = rgb.shape[:2]
    for left, top, wide, high, pixels in table[1:].tolist():
        if pixels >= LEAST_PIXELS:
            box = (left / width, top / height, (left + wide) / width, (top + high) / height)
            yield Detection(box, 0.9, name)


def watch(
    path: Path,
    *others: Plain,
    detectors: tuple[str, ...] = ("motion", "tracking"),
    finder: DrawnFinder | None = None,
    options: Options | None = None,
    weights: Path = Path("/nonexistent"),
    **settings: object,
) -> list[Observation]:
    """Everything that an examination of the file by these footage detectors, and others, yields."""
    registry = Registry.of([motion, tracking, anpr, *others], WeightStore(weights))
    registry.find_objects = lambda _weights, _name, _threads: finder or DrawnFinder()
    names = [*detectors, *(other.card.name for other in others)]
    footage = FootageSettings(**settings)  # type: ignore[arg-type]
    options = options or Options(footage=footage)
    with examine(path, registry=registry, detectors=names, options=options) as going:
        return list(going)


def motions(seen: list[Observation]) -> list[MotionTold]:
    return [one for one in seen if isinstance(one, MotionTold)]


def tracks(seen: list[Observation], action: str | None = None) -> list[TrackTold]:
    return [one for one in seen if isinstance(one, TrackTold) and action in (None, one.action)]
