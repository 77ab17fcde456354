"""Scenes of moving boxes with a known truth, and what an imperfect detector would see of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.engine.analytics.objects import Detection


@dataclass(frozen=True)
class Mover:
    """An object: its middle at a media time, its size, and when it is there at all. Later ones stand in front."""

    middle: Callable[[float], tuple[float, float]]
    size: tuple[float, float] = (0.06, 0.16)
    class_name: str = "person"
    begins: float = 0.0
    ends: float = 1e9

    def box(self, seconds):
        """What of it lies in the frame; None where that is less than a quarter."""
        if not self.begins <= seconds <= self.ends:
            return None
        (x, y), (wide, high) = self.middle(seconds), self.size
        whole = (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
        cut = clipped(whole)
        return cut if cut and area(cut) >= area(whole) / 4 else None


@dataclass(frozen=True)
class Detector:
    """How it errs: `jitter` is the standard deviation of each side in sizes of the box, `missed` a share of boxes,
    `false_a_second` how many boxes it makes up; hidden objects are seen with low confidence, or not at all."""

    jitter: float = 0.02
    missed: float = 0.0
    false_a_second: float = 0.0
    seed: int = 0


def straight(start, end, seconds):
    """From one point to the other in so many seconds, and on."""

    def middle(at):
        share = at / seconds
        return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share

    return middle


def truth(movers, seconds):
    return {number: box for number, mover in enumerate(movers, 1) if (box := mover.box(seconds))}


def drawn(movers, times, detector=None, *, obstacle=None):
    """For each time: the time, the true boxes by number, the detections. An obstacle is a box in front of all."""
    detector = detector or Detector()
    random = np.random.default_rng(detector.seed)
    frames, before = [], times[0]
    for seconds in times:
        boxes = truth(movers, seconds)
        seen = []
        for number, box in boxes.items():
            front = [other for above, other in boxes.items() if above > number]
            one = sighting(random, detector, box, hidden(box, [*front, *([obstacle] if obstacle else [])]))
            if one:
                seen.append(Detection(one[0], one[1], movers[number - 1].class_name))
        made_up = random.poisson(detector.false_a_second * (seconds - before))
        seen += [false_box(random) for _ in range(made_up)]
        frames.append((seconds, boxes, seen))
        before = seconds
    return frames


def sighting(random, detector, box, share_hidden):
    shake = random.normal(0, detector.jitter, 4)
    overlooked = random.random() < detector.missed
    confidence = 0.9 if share_hidden < 0.3 else 0.35
    wide, high = box[2] - box[0], box[3] - box[1]
    shaken = clipped(tuple(box + shake * (wide, high, wide, high)))
    return None if overlooked or share_hidden > 0.7 or not shaken else (shaken, confidence)


def false_box(random):
    x, y, size = random.uniform(0.05, 0.9), random.uniform(0.05, 0.85), random.uniform(0.03, 0.1)
    return Detection((x, y, x + size, y + size), random.uniform(0.2, 0.9), "person")


def hidden(box, others):
    """The largest share that one of the others covers."""
    return max((area(common) / area(box) for other in others if (common := cut(box, other))), default=0.0)


def cut(one, other):
    box = (max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3]))
    return box if box[0] < box[2] and box[1] < box[3] else None


def clipped(box):
    return cut(tuple(float(value) for value in box), (0.0, 0.0, 1.0, 1.0))


def area(box):
    return (box[2] - box[0]) * (box[3] - box[1])


def every(fps, seconds, *, skip=1):
    """The media times of a clip of which each `skip`-th frame is looked at."""
    return [number / fps for number in range(0, round(fps * seconds) + 1, skip)]


def later(path, seconds):
    return lambda at: path(at - seconds)


# frames a second, and of how many one is looked at
RATES = [(5, 1), (10, 1), (25, 1), (60, 1), (30, 6), (25, 3)]
GOOD, POOR = Detector(jitter=0.02), Detector(jitter=0.03, missed=0.08, false_a_second=1.0, seed=5)
CAR = (0.16, 0.12)


CROSSING = [
    Mover(straight((0.1, 0.5), (0.9, 0.5), 10)),
    Mover(straight((0.9, 0.52), (0.1, 0.52), 10)),
    Mover(straight((0.5, 0.1), (0.55, 0.9), 10)),
    Mover(straight((0.2, 0.2), (0.8, 0.3), 10), CAR, "car"),
]
HIDDEN = [
    Mover(straight((0.05, 0.5), (0.95, 0.5), 10)),
    Mover(straight((0.95, 0.55), (0.15, 0.55), 10), (0.08, 0.2)),
]
WALL = (0.44, 0.3, 0.53, 0.75)
COMING_AND_GOING = [
    Mover(straight((-0.2, 0.2), (1.2, 0.25), 7)),
    Mover(straight((1.3, 0.4), (-0.3, 0.4), 8)),
    Mover(later(straight((-0.1, 0.6), (1.1, 0.6), 6), 2), CAR, "car"),
    Mover(straight((0.3, 1.2), (0.35, -0.2), 9)),
    Mover(later(straight((1.1, 0.8), (-0.1, 0.8), 5), 4), CAR, "car"),
]
STANDING = [
    Mover(lambda _: (0.3, 0.5), CAR, "car"),
    Mover(lambda _: (0.7, 0.5), CAR, "car"),
    Mover(straight((0.1, 0.52), (0.9, 0.52), 9), CAR, "car"),
    Mover(lambda at: (0.1 + 0.08 * min(at, 4) + 0.08 * max(at - 7, 0), 0.8)),
]
SCENES = {
    "crossing": (CROSSING, None),
    "hidden": (HIDDEN, WALL),
    "coming and going": (COMING_AND_GOING, None),
    "standing": (STANDING, None),
}
