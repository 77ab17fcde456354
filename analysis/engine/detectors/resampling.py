"""Traces of resampling: a region that was enlarged, shrunk or turned, and the rest was not.

After Popescu and Farid, Exposing digital forgeries by detecting traces of resampling (IEEE TSP 2005), sections 2 to
4, in the form of Kirchner, Fast and reliable resampling detection by spectral analysis of fixed linear predictor
residue (MM&Sec 2008), section 3: interpolated pixels are predicted by their neighbours periodically, so a map of how
well a fixed predictor does has peaks in its spectrum.

Ours differs: a picture that was scaled as a whole is a fact and not a sign, for most pictures are; so the spectrum is
taken of tiles, and a peak counts where at least as many tiles of like texture lack it as have it. A peak counts only
together with the one a quarter turn away, as separable interpolation gives both; multiples of 1/16 cycle are left
out, since blocks of JPEG and video codecs give those, and so are low frequencies, which the scene fills. A pattern of
the scene is told from interpolation by a line in the signed error. The error is scaled by its median in the tile
instead of by a fixed deviation. Chance is bounded a contrario, as if the power of a bin were exponential, at the rate
at which strong pairs get rare in this picture. Score: 1 - 2 ** (log10(NFA) / 2).
"""

import math
from collections.abc import Generator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.engine.detectors import stills
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.map_sheet import Mark
from analysis.engine.detectors.stills import Finding, Grid, StillDetector
from analysis.engine.types import Consumes, Coverage, MediaKind, NotAssessed, Pixels, Reason, Verdict
from analysis.engine.weights import WeightStore

NAME = "resampling"
TILE = 128
HALF = TILE // 2
LEAST_STRIDE = 64
MOST_TILES_ASIDE = 48
LEAST_TILES = 9
LEAST_TILES_OF_REGION = 4
LIKE_TEXTURE = 0.5
LEAST_ERROR = 0.25  # levels: below, the tile is flat and its pixels are predicted anyway
LOWEST = 0.1  # cycles per px
CODED_BLOCK = 16  # px: two blocks of JPEG, one macroblock of video codecs
TAIL = 1e-3  # share of the values that the rate of decay is read from
NEAR, OWN = 11, 5  # bins around a peak that its level is taken from, and those left out as its own
SHARED = 0.5  # of the tiles: the whole picture has this peak
PATTERN_LEVEL = 12.0  # 1 in 2,000 of 90 exponentials by chance
SHARED_LEVEL = 5.0  # min of two exponentials: one tile in 22,000 by chance
FOUND_BELOW = 0.0  # log10 of the number of false alarms
KERNEL = np.array([[-0.25, 0.5, -0.25], [0.5, 0, 0.5], [-0.25, 0.5, -0.25]], np.float32)


def cards() -> list[Card]:
    """The card of the resampling detector."""
    return [
        Card(
            name=NAME,
            title="Resampling",
            version="1.0",
            family="resampling",
            subject="picture",
            consumes=Consumes.FRAMES,
            kinds=frozenset({MediaKind.IMAGE}),
            unit="images",
            looks_at="Periodic traces of interpolation in one part of the picture that the rest does not have: a part "
            "that was enlarged or turned before it was put there.",
            cannot_see="Parts under about 190 px, parts made smaller by much or scaled by 1.6, 2, 4 and other factors "
            "whose trace lies at a multiple of 1/16, traces that JPEG of a quality under about 98 or scaling of the "
            "whole has wiped out. A picture scaled as a whole is a fact and no sign. Fine regular patterns that run "
            "both ways (mesh, screens, halftone) may look like resampling.",
            paper="Popescu and Farid, IEEE TSP 2005; Kirchner, MM&Sec 2008",
            licence="Apache-2.0 (own code)",
            accuracy="Published: on pictures that were never JPEG. Own first look, 25 stills presumed genuine: 20 "
            "could be scored (N = 20), the highest 0.000, none reached 0.5 (95 % interval of that rate: 0 to 16.8 %). "
            "Of our stills with a local edit none was found; drawn ones are. No calibration.",
            preprocessing="Luma at full size, tiles of 128 px, every 64 px or at most 48 a side, Hann window.",
            by_default=False,
            stressed=False,
            links=("https://doi.org/10.1109/TSP.2004.839932", "https://doi.org/10.1145/1411328.1411333"),
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    caption = (
        "How far the strongest pair of peaks in the spectrum of the predictability map stands out in each tile. "
        "Interpolation gives such peaks; fine regular patterns of the scene give them, too."
    )
    return StillDetector(cards()[0], examine, "strongest periodic trace", caption)


@dataclass(frozen=True)
class Found:
    """Tiles (`member`, rows and columns of them) that share a frequency (cycles per px) the rest lacks."""

    member: NDArray[np.bool_]
    rows: slice
    columns: slice
    frequency: tuple[float, float]
    log10_nfa: float


def examine(rgb: Pixels) -> Generator[None, None, Finding]:
    """The peaks of every tile, then those that only some have."""
    if small := stills.too_small(rgb, TILE):
        return small
    tops, lefts = _offsets(rgb.shape[0]), _offsets(rgb.shape[1])
    if len(tops) * len(lefts) < LEAST_TILES:
        return stills.outside("the picture is too small to compare its parts")
    peaks = np.full((len(tops), len(lefts), int(_judged().sum())), np.nan, np.float16)
    errors = np.zeros((len(tops), len(lefts)), np.float32)
    for row, top in enumerate(tops):
        for column, left in enumerate(lefts):
            error = error_of(stills.luma(rgb[top : top + TILE, left : left + TILE]))
            errors[row, column] = np.median(np.abs(error))
            if errors[row, column] >= LEAST_ERROR:
                peaks[row, column] = np.minimum(pairs_of(error), 1000)[_judged()]
            yield
    return _concluded(peaks, errors, (tops, lefts), rgb)


def _offsets(length: int) -> list[int]:
    """Where tiles begin along one side: every 64 px, or fewer where that would be more than 48."""
    stride = max(LEAST_STRIDE, -(-(length - TILE) // MOST_TILES_ASIDE))
    return list(range(0, length - TILE + 1, stride))


def error_of(plane: Grid) -> Grid:
    """What the fixed predictor misses of each pixel, in levels."""
    import cv2

    predicted = cv2.filter2D(plane, cv2.CV_32F, KERNEL, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(plane - predicted, np.float32)


def pairs_of(error: Grid) -> Grid:
    """For each frequency of the centred spectrum of the predictability map: the smaller of its power and that a quarter
    turn away, in multiples of the level around; 0 where a pattern of the scene explains it. (127, 127), DC in the
    middle."""
    above = _above(np.exp(-np.abs(error) / np.median(np.abs(error))))
    pattern = _above(error)
    pairs = np.minimum(above, np.rot90(above))
    pairs[_explained(np.maximum(pattern, np.rot90(pattern)))] = 0
    return np.asarray(pairs, np.float32)


def _above(values: Grid) -> Grid:
    """The power of every frequency in multiples of that around it."""
    window = np.hanning(TILE).astype(np.float32)
    spectrum = np.fft.fftshift(np.fft.fft2((values - values.mean()) * np.outer(window, window)))
    power = np.square(np.abs(spectrum)).astype(np.float32)[1:, 1:]
    return np.asarray(power / np.maximum(_level_around(power), 1e-9), np.float32)


def _explained(pattern: Grid) -> NDArray[np.bool_]:
    """Frequencies at which, or at half of which, the predictor's signed error has a line.

    Interpolation changes how large errors are, not their sign; a pattern of the scene has both, and its size has
    lines at twice its frequency.
    """
    import cv2

    line = cv2.dilate(pattern, np.ones((3, 3), np.uint8)) >= PATTERN_LEVEL
    explained = np.asarray(line, bool).copy()
    bins = np.arange(1 - HALF, HALF)
    halves = (bins // 2, (bins - np.sign(bins) * TILE) // 2)
    for rows in halves:
        for columns in halves:
            explained |= line[np.ix_(rows + HALF - 1, columns + HALF - 1)]
    return explained


def _level_around(power: Grid) -> Grid:
    """The mean of 11 x 11 bins around each, without the 5 x 5 that a peak's own window spreads over."""
    import cv2

    wide, narrow = (
        cv2.boxFilter(power, cv2.CV_32F, (side, side), normalize=False, borderType=cv2.BORDER_REFLECT_101)
        for side in (NEAR, OWN)
    )
    return np.asarray((wide - narrow) / (NEAR**2 - OWN**2), np.float32)


@cache
def _judged() -> NDArray[np.bool_]:
    """Frequencies that are asked: a quarter of the plane (the rest mirrors it), without low ones and blocks'."""
    rows, columns = np.mgrid[1 - HALF : HALF, 1 - HALF : HALF]
    step = TILE // CODED_BLOCK
    off = [np.abs((bins + step // 2) % step - step // 2) for bins in (rows, columns)]
    coded = (off[0] <= 1) & (off[1] <= 1)
    return (columns > 0) & (rows >= 0) & (np.hypot(rows, columns) >= LOWEST * TILE) & ~coded


def _concluded(
    peaks: NDArray[np.float16], errors: Grid, offsets: tuple[list[int], list[int]], rgb: Pixels
) -> Finding:
    told = np.isfinite(peaks[..., 0])
    if told.sum() < LEAST_TILES:
        return stills.outside("the picture is too flat to show interpolation")
    known = np.where(told[..., None], peaks, 0).astype(np.float32)
    shared = ((known >= SHARED_LEVEL).sum(axis=(0, 1)) >= SHARED * told.sum()).astype(bool)
    if shared.any():
        return _scaled(np.where(told, known.max(axis=2), np.nan).astype(np.float32), shared)
    strongest = known.max(axis=2)
    grid = np.where(told, strongest, np.nan).astype(np.float32)
    found = _strongest_region(known)
    marks = (_mark(found, offsets, rgb),) if found else ()
    facts: dict[str, Any] = {
        "log10_false_alarms": round(found.log10_nfa, 2) if found else None,
        "regions": stills.described(marks),
        "map": stills.rows_of(grid),
    }
    if found and not _has_peers(found.member, errors):
        detail = "only one part is textured enough to show interpolation, so the whole may have been scaled"
        return Finding(NotAssessed(Reason.OUTSIDE_DOMAIN, detail, facts), grid)
    score = stills.score_of_nfa(found.log10_nfa) if found else 0.0
    return Finding(Verdict(score, Coverage(int(told.sum()), told.size, "windows"), facts=facts), grid, marks)


def _scaled(grid: Grid, shared: NDArray[np.bool_]) -> Finding:
    frequencies = [_frequency(int(at)) for at in np.flatnonzero(shared)[:8]]
    detail = "the picture was scaled or turned as a whole, which hides what was done to its parts before"
    facts: dict[str, Any] = {"whole_picture_frequencies": frequencies, "map": stills.rows_of(grid)}
    return Finding(NotAssessed(Reason.OUTSIDE_DOMAIN, detail, facts), grid)


def _strongest_region(known: Grid) -> Found | None:
    """The tiles around the strongest peak that share its frequency; None if chance explains the peak."""
    from scipy import ndimage

    row, column, at = (int(one) for one in np.unravel_index(int(known.argmax()), known.shape))
    log10_nfa = math.log10(known.size) - _decay(known) * float(known[row, column, at]) / math.log(10)
    if log10_nfa >= FOUND_BELOW:
        return None
    bins = _bins()
    near = np.abs(bins - bins[at]).max(axis=1) <= 1
    labels, _ = ndimage.label(known[..., near].max(axis=2) >= SHARED_LEVEL, np.ones((3, 3), bool))
    member = labels == labels[row, column]
    if member.sum() < LEAST_TILES_OF_REGION:
        return None
    where = ndimage.find_objects(member.astype(np.int8))[0]
    return Found(member, where[0], where[1], _frequency(at), log10_nfa)


def _has_peers(member: NDArray[np.bool_], errors: Grid) -> bool:
    """Whether as many tiles of like texture lack the trace as have it: in smooth ones JPEG and noise drown it."""
    like = errors >= LIKE_TEXTURE * np.median(errors[member])
    return bool((like & ~member).sum() >= member.sum())


def _decay(known: Grid) -> float:
    """How fast strong pairs get rare: both of two exponentials exceed m with exp(-2 m); texture has heavier tails,
    which are read from the picture itself, without the frequencies that its strongest pairs lie at."""
    least_prominent = known.max(axis=(0, 1)) <= np.quantile(known.max(axis=(0, 1)), 0.9)
    values = known[..., least_prominent]
    return min(2.0, -math.log(TAIL) / max(float(np.quantile(values, 1 - TAIL)), 1e-6))


@cache
def _bins() -> NDArray[np.int64]:
    """The judged frequencies as (row, column) from DC."""
    return np.argwhere(_judged()) - (HALF - 1)


def _frequency(at: int) -> tuple[float, float]:
    """Cycles per px, down and across."""
    down, across = _bins()[at] / TILE
    return round(float(down), 4), round(float(across), 4)


def _mark(found: Found, offsets: tuple[list[int], list[int]], rgb: Pixels) -> Mark:
    """The tiles' box without the outer quarter: a tile reacts when about half of it was resampled."""
    tops, lefts = offsets
    height, width = rgb.shape[:2]
    inset = TILE // 4
    box = (
        (lefts[found.columns.start] + inset) / width,
        (tops[found.rows.start] + inset) / height,
        (lefts[found.columns.stop - 1] + TILE - inset) / width,
        (tops[found.rows.stop - 1] + TILE - inset) / height,
    )
    return Mark(box, f"{found.frequency[0]} by {found.frequency[1]} cycles per px")
