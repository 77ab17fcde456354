"""Shots of a film by its samples, and how each was made: what of it does not depend on what it shows.

Noise of smooth blocks is measured as for stills (noise_level.py: Mahdian and Saic 2009, Immerkaer 1996). The grid of an
earlier coding is looked for as Fan and De Queiroz do for JPEG (IEEE TIP 2003), where the last coding has none: steps
from pixel to pixel are larger every 8 pixels, beginning elsewhere than at the edge. Bars are black to the edge in every
sample, and end in a step along the side: light that falls off before a dark wall does not.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.engine.detectors.noise_level import blocks_of
from analysis.engine.types import Pixels

Reals = NDArray[np.float32]
TILE, ROWS, COLUMNS = 128, 3, 4
GRID = 8
MOST_STEP = 12.0  # levels: edges of things are no grid
DARK = 24  # levels, with room for limited range and coding
LEAST_BARS = 0.02  # of the side
STEP, STEP_LEVELS, STEP_SHARE = 2, 16, 2 / 3  # pixels; levels; of the side, since pictures are dark in places
LEAST_SMOOTH = 16  # blocks
LEAST_COARSE = 2.0  # levels of detail at two pixels, below which the finest is noise
FAINT = 0.25  # levels, added to noise so that a tenth and a fifth of a level are the same
MOST_SAMPLES = 200  # of one shot whose texture is measured
THUMBNAIL = (16, 9)
CUT_LEVELS, CUT_TIMES, CUT_HISTOGRAM = 10.0, 4.0, 0.35


@dataclass(frozen=True)
class Look:
    """What one sample tells. noise: log2 of levels; detail: log2 of the finest over the next; NaN where neither shows.

    across, down: mean step at each of the 8 places of a grid. bars: left, top, right, bottom, shares of the side.
    sharp: which of them end in a step. one_tone: share of what lies between the bars that is of the commonest tone of
    16; light: its mean, in levels.
    """

    noise: float
    detail: float
    across: Reals
    down: Reals
    bars: Reals
    sharp: NDArray[np.bool_]
    colour: float
    one_tone: float
    light: float


@dataclass
class Shot:
    """Consecutive samples without a cut between them."""

    begins: int
    ends: int = 0  # number of the sample after its last
    looks: list[Look] = field(default_factory=list)


@dataclass(frozen=True)
class Imprint:
    """How a shot was made, of all its samples. earlier_grid: log2 by which a grid stands out that is not the last
    coding's, with its place (across, down); 0 for none. bars: NaN where black ends in no step. light: levels."""

    noise: float
    detail: float
    earlier_grid: float
    grid_place: tuple[int, int]
    bars: tuple[float, float, float, float]
    colour: float
    one_tone: float
    light: float


class Cutter:
    """Tells where another shot begins, sample by sample. It may part one shot in two, which does no harm."""

    def __init__(self) -> None:
        self._before: tuple[Reals, Reals] | None = None
        self._recent: list[float] = []

    def begins(self, rgb: Pixels) -> bool:
        now = _signature(rgb)
        before, self._before = self._before, now
        if before is None:
            return True
        apart = float(np.abs(now[0] - before[0]).mean())
        usual = float(np.median(self._recent)) if self._recent else 0.0
        tones = float(np.abs(now[1] - before[1]).sum()) / 2
        if apart >= CUT_LEVELS + CUT_TIMES * usual or (tones >= CUT_HISTOGRAM and apart >= CUT_LEVELS):
            self._recent = []
            return True
        self._recent = [*self._recent[-9:], apart]
        return False


def _signature(rgb: Pixels) -> tuple[Reals, Reals]:
    """A thumbnail, and the shares of 16 tones in each channel of a small copy."""
    import cv2

    copy = np.asarray(cv2.resize(rgb, (96, 54), interpolation=cv2.INTER_AREA), np.uint8)
    thumbnail = cv2.resize(copy.astype(np.float32), THUMBNAIL, interpolation=cv2.INTER_AREA)
    tones = [np.bincount(copy[..., channel].ravel() >> 4, minlength=16) for channel in range(3)]
    return np.asarray(thumbnail, np.float32), (np.concatenate(tones) / (3 * 96 * 54)).astype(np.float32)


def look(rgb: Pixels) -> Look:
    """One sample at full size; at most 12 tiles of 128 px are read for noise and detail."""
    import cv2

    tiles = [cv2.cvtColor(tile, cv2.COLOR_RGB2GRAY).astype(np.float32) for tile in _tiles(rgb)]
    luma = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    bars = _bars(luma)
    inner = _between(luma, bars)
    return Look(
        _noise(tiles), _detail(tiles), _grid(luma), _grid(luma.T), bars, _sharp(luma, bars),
        _colour(rgb), _one_tone(inner), float(inner.mean()),
    )  # fmt: skip


def _tiles(rgb: Pixels) -> list[Pixels]:
    height, width = rgb.shape[:2]
    rows, columns = max(1, min(ROWS, height // TILE)), max(1, min(COLUMNS, width // TILE))
    tops = np.linspace(0, max(0, height - TILE), rows).astype(int) // 16 * 16
    lefts = np.linspace(0, max(0, width - TILE), columns).astype(int) // 16 * 16
    return [rgb[top : top + TILE, left : left + TILE] for top in tops for left in lefts]


def _noise(tiles: list[Reals]) -> float:
    blocks = [blocks_of(tile) for tile in tiles]
    noise = np.concatenate([one.noise[one.smooth] for one in blocks])
    return float(np.log2(np.median(noise) + FAINT)) if len(noise) >= LEAST_SMOOTH else float("nan")


def _detail(tiles: list[Reals]) -> float:
    ratios = []
    for tile in tiles:
        even = tile[:, : tile.shape[1] // 2 * 2]
        coarse = float(np.abs(np.diff((even[:, ::2] + even[:, 1::2]) / 2, 2, axis=1)).mean())
        if coarse >= LEAST_COARSE:
            ratios.append(np.log2(max(float(np.abs(np.diff(tile, 2, axis=1)).mean()), 0.01) / coarse))
    return float(np.percentile(ratios, 75)) if ratios else float("nan")


def _grid(luma: Pixels) -> Reals:
    """Mean step from one column to the next, by the place of the second in a grid of 8; every fourth row is read."""
    rows = luma[::4].astype(np.int16)
    steps = np.minimum(np.abs(np.diff(rows, axis=1)), MOST_STEP).mean(axis=0)
    whole = len(steps) // GRID * GRID
    means: Reals = steps[:whole].reshape(-1, GRID).mean(axis=0).astype(np.float32)
    return np.roll(means, 1)


def _bars(luma: Pixels) -> Reals:
    """Shares of the side that are black from the left, top, right and bottom edge on."""
    columns, rows = (luma.max(axis=0) > DARK), (luma.max(axis=1) > DARK)
    if not rows.any():
        return np.full(4, np.nan, np.float32)
    ends = (columns.argmax(), rows.argmax(), columns[::-1].argmax(), rows[::-1].argmax())
    sides = (luma.shape[1], luma.shape[0]) * 2
    return np.array([end / side for end, side in zip(ends, sides, strict=True)], np.float32)


def _sharp(luma: Pixels, bars: Reals) -> NDArray[np.bool_]:
    """Whether the black of each side ends in a step of a pixel or two, along what lies between the other two."""
    black = [
        round(float(bar) * side) for bar, side in zip(np.nan_to_num(bars), luma.shape[::-1] * 2, strict=True)
    ]
    left, top, right, bottom = black
    rows, columns = luma[top : luma.shape[0] - bottom], luma[:, left : luma.shape[1] - right]
    sides = (rows, columns.T, rows[:, ::-1], columns.T[:, ::-1])
    return np.array([_steps(side, at) for side, at in zip(sides, black, strict=True)])


def _steps(lines: Pixels, at: int) -> bool:
    """Whether most lines rise where the first of them does; one pixel more is read, since coding blurs."""
    if at == 0:
        return False
    rise = lines[:, at : at + STEP + 1].max(axis=1).astype(np.int16) - lines[:, at - 1]
    return bool((rise >= STEP_LEVELS).mean() >= STEP_SHARE)


def _between(luma: Pixels, bars: Reals) -> Pixels:
    """A quarter of the pixels between the bars. Titles on black have black on all four sides: that is no bars, but
    their ground."""
    left, top, right, bottom = np.nan_to_num(bars)
    if max(left, right) > 0 and max(top, bottom) > 0:
        left = top = right = bottom = 0.0
    height, width = luma.shape
    inner = luma[
        int(top * height) : height - int(bottom * height), int(left * width) : width - int(right * width)
    ]
    return inner[::2, ::2]


def _one_tone(inner: Pixels) -> float:
    return float(np.bincount(inner.ravel() >> 4, minlength=16).max() / inner.size)


def _colour(rgb: Pixels) -> float:
    """How far the channels are apart, in levels, mean of a small part."""
    step = max(1, max(rgb.shape[:2]) // 160)
    few = rgb[::step, ::step].astype(np.int16)
    return float((few.max(axis=2) - few.min(axis=2)).mean())


def imprint(shot: Shot) -> Imprint:
    """Of a shot with at least one look."""
    looks = shot.looks
    across, down = (
        _excess(np.mean([getattr(one, way) for one in looks], axis=0)) for way in ("across", "down")
    )
    edges = _edges(looks)
    return Imprint(
        _middle([one.noise for one in looks]),
        _middle([one.detail for one in looks]),
        max(across[0], down[0]),
        (across[1], down[1]),
        (float(edges[0]), float(edges[1]), float(edges[2]), float(edges[3])),
        float(np.max([one.colour for one in looks])),
        float(np.median([one.one_tone for one in looks])),
        float(np.median([one.light for one in looks])),
    )


def _edges(looks: list[Look]) -> Reals:
    """The bars of all samples; NaN where the black of a side ends in a step in fewer than half of them."""
    seen = [one for one in looks if np.isfinite(one.bars).all()]
    if not seen:
        return np.full(4, np.nan, np.float32)
    edges: Reals = np.min([one.bars for one in seen], axis=0)
    sharp = np.mean([one.sharp for one in seen], axis=0) >= 0.5
    edges[(edges >= LEAST_BARS) & ~sharp] = np.nan
    return edges


def _excess(means: Reals) -> tuple[float, int]:
    """By how much (log2) the largest step beside the last coding's grid exceeds the usual, and its place."""
    others = means.copy()
    others[0] = -1
    place = int(others.argmax())
    usual = float(np.median(np.delete(means, [0, place])))
    return (float(np.log2(max(float(others[place]), 1e-3) / max(usual, 1e-3))), place)


def _middle(values: list[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.median(known)) if known else float("nan")
