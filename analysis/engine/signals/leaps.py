"""How far things move from each picture to the next, and which of these steps leaps out of those around it.

After Wu, Jiang, Sun and Wang, Exposing video inter-frame forgery based on velocity field consistency (ICASSP 2014):
where pictures were taken out, the field of velocities has a peak of one step. Ours differs: velocities are of dense
optical flow (Kroeger et al., ECCV 2016, as OpenCV has it) in a small copy, not of particle images, and are compared
with the largest of half a second on either side, as Feng et al. (IEEE TCSVT 2017) adapt theirs to the motion, instead
of an extreme studentized deviate test over the whole film. The codec's residuals are not read.

A step leaps where it alone stands out and both pictures are of one scene: what follows the flow is alike. Cuts fail
that, flashes and shakes take two steps or more, and beside held pictures a recorder may have lost some.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.engine.types import Pixels

Reals = NDArray[np.float32]
Flags = NDArray[np.bool_]
SIDE = 160  # px of the longer side
ROWS, COLUMNS = 12, 16
FASTEST_SHARE = 0.25  # of the cells: a person before a still background fills as much
REACH_SECONDS, LEAST_REACH = 0.5, 8
NEAR_SECONDS = 0.2
LEAST_SPEED = 0.2  # px a step: below it, noise flows as well
# the largest other step around: even movement gives four where three pictures are missing
LEAST_TIMES = 3.5
LEAST_ALIKE = 0.8
MOST_LIGHT = 6.0  # levels, of the mean: a flash or an iris
HELD = 0.1  # of how pictures usually differ there


@dataclass(frozen=True)
class Step:
    """From the picture before to this one.

    speeds: float32 (ROWS, COLUMNS), px of the small copy, of the cell's mean flow. alike: correlation with the one
    before moved along the flow. light: how much brighter the whole became, in levels. differs: levels, mean.
    """

    speeds: Reals
    alike: float
    light: float
    differs: float


@dataclass(frozen=True)
class Steps:
    """All steps of one passage; the first is that to its second picture."""

    speeds: Reals
    alike: Reals
    light: Reals
    differs: Reals

    @classmethod
    def of(cls, steps: list[Step]) -> "Steps":
        return cls(
            np.array([one.speeds for one in steps], np.float32).reshape(-1, ROWS, COLUMNS),
            np.array([one.alike for one in steps], np.float32),
            np.array([one.light for one in steps], np.float32),
            np.array([one.differs for one in steps], np.float32),
        )


@dataclass(frozen=True)
class Judged:
    """For every step: the cells' speeds, that of the fastest cells, the largest other around it, how many times that it
    is, and what it is.

    moving: enough moves around it to tell. held: the same picture again. leaps: it alone stands out.
    lost: it would leap, but pictures near by are held.
    """

    cells: Reals
    speed: Reals
    most: Reals
    times: Reals
    moving: Flags
    held: Flags
    leaps: Flags
    lost: Flags


class Follower:
    """Measures the steps of a film, one picture after the other."""

    def __init__(self) -> None:
        import cv2

        # the stubs know only of a flow that is given
        self._flow: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._before: Any = None

    def step(self, rgb: Pixels) -> Step | None:
        """The step to this picture; None for the first, or where the size changed."""
        before, now = self._before, small(rgb)
        self._before = now
        if before is None or before.shape != now.shape:
            return None
        # from the new picture back, so that what lies there before can be fetched for each of its pixels
        flow = self._flow.calc(now, before, None)
        return _step(before, now, flow)


def small(rgb: Pixels) -> Pixels:
    """Luma of a copy of SIDE px, uint8; neither side under 24 px, which the flow needs."""
    import cv2

    height, width = rgb.shape[:2]
    scale = SIDE / max(height, width)
    side = (max(24, round(width * scale)), max(24, round(height * scale)))
    return np.asarray(cv2.cvtColor(cv2.resize(rgb, side, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY))


def _step(before: Pixels, now: Pixels, flow: Reals) -> Step:
    import cv2

    height, width = now.shape
    column, row = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    moved = cv2.remap(
        before, column + flow[..., 0], row + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    cells = cv2.resize(flow, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    return Step(
        np.hypot(cells[..., 0], cells[..., 1]).astype(np.float32),
        _correlation(np.asarray(moved, np.uint8), now),
        float(now.mean() - before.mean()),
        float(np.abs(now.astype(np.int16) - before).mean()),
    )


def _correlation(one: Pixels, other: Pixels) -> float:
    first, second = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((first * first).mean() * (second * second).mean()))
    return float((first * second).mean()) / norm if norm > 1e-6 else 0.0


def judged(steps: Steps, *, step_seconds: float) -> Judged:
    """What each step is among those around it."""
    count = len(steps.alike)
    speed = _fastest(steps.speeds)
    reach = max(LEAST_REACH, round(REACH_SECONDS / step_seconds))
    differs = np.array([_median(steps.differs, at, reach) for at in range(count)], np.float32)
    held = steps.differs <= HELD * differs
    kept = np.where(held, np.nan, speed).astype(np.float32)
    usual = np.array([_median(kept, at, reach) for at in range(count)], np.float32)
    most = np.array([_largest(kept, at, reach) for at in range(count)], np.float32)
    times = (speed / np.maximum(most, LEAST_SPEED)).astype(np.float32)
    moving = (usual >= LEAST_SPEED) & ~held
    leaps = moving & (times >= LEAST_TIMES)
    leaps &= (steps.alike >= LEAST_ALIKE) & (np.abs(steps.light) <= MOST_LIGHT)
    beside = _beside(held, max(2, round(NEAR_SECONDS / step_seconds)))
    return Judged(steps.speeds, speed, most, times, moving, held, leaps & ~beside, leaps & beside)


def _beside(held: Flags, near: int) -> Flags:
    places = np.flatnonzero(held)
    return np.array([bool((np.abs(places - at) <= near).any()) for at in range(len(held))], np.bool_)


def joined(passages: list[Judged]) -> Judged:
    """The passages one after the other, each with its first picture before its steps: NaN, and nothing of it true."""
    parts = {
        one.name: np.concatenate(
            [np.insert(getattr(passage, one.name), 0, _none(one.name), axis=0) for passage in passages]
        )
        for one in fields(Judged)
    }
    return Judged(**parts)


def _none(name: str) -> float | bool:
    return float("nan") if name in ("cells", "speed", "most", "times") else False


def _fastest(speeds: Reals) -> Reals:
    """The mean of the cells that move most, for each step."""
    cells = np.sort(speeds.reshape(len(speeds), ROWS * COLUMNS), axis=1)
    fastest: Reals = cells[:, -round(cells.shape[1] * FASTEST_SHARE) :].mean(axis=1)
    return fastest


def around(count: int, at: int, reach: int) -> NDArray[np.int64]:
    """The places about one, without it, moved inwards at the ends so that they are as many."""
    first = min(max(0, at - reach), max(0, count - 2 * reach - 1))
    places = np.arange(first, min(count, first + 2 * reach + 1))
    return places[places != at]


def _median(values: Reals, at: int, reach: int) -> float:
    there = values[around(len(values), at, reach)]
    there = there[np.isfinite(there)]
    return float(np.median(there)) if len(there) >= LEAST_REACH else 0.0


def _largest(values: Reals, at: int, reach: int) -> float:
    there = values[around(len(values), at, reach)]
    there = there[np.isfinite(there)]
    return float(there.max()) if len(there) else 0.0
