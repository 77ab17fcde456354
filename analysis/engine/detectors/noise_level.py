"""Noise that does not fit: a region with more or less of it than the rest at the same brightness.

After Mahdian and Saic, Using noise inconsistencies for blind image forensics (Image and Vision Computing 2009),
section 3: the picture is cut into blocks, noise is the median absolute deviation of the highest diagonal subband, and
neighbouring blocks of like noise are joined.

Ours differs: the diagonal detail is that of Immerkaer, Fast noise variance estimation (CVIU 1996); textured blocks,
which no estimator tells from noise, are left out instead of counted; noise is compared at equal brightness, since
that of sensors grows with light; and pictures in which most noise lies below one level, because compression or
denoising took it, are not assessed. Score: 1 - 2 ** -(|log2 ratio| * area), 0.5 for a region of 16 blocks or more
with twice or half the noise.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.engine.detectors import stills
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.map_sheet import Mark
from analysis.engine.detectors.stills import Finding, Grid, StillDetector
from analysis.engine.types import Consumes, Coverage, MediaKind, NotAssessed, Pixels, Reason, Verdict
from analysis.engine.weights import WeightStore

NAME = "noise-level"
BLOCK = 16
TILE = 512
LEAST_SIDE = 128
LEAST_BLOCKS = 100
LEAST_NOISE = 1.0  # levels: half of it must still stand above rounding
DARKEST, BRIGHTEST = 12.0, 243.0  # clipping takes noise away
DETAIL_NORM = 6 * 0.6745
STEEPEST = 1.0  # levels per px of the blurred picture: a smooth gradient, no texture
BLUR_SIGMA = 2.0
NOISE_IN_GRADIENT = 0.07  # per level of white noise: sqrt(2) / (sqrt(8 pi) * 2 ** 2)
LEAST_RATIO = 1.0  # log2
LEAST_DEVIATIONS = 4.0
LEAST_SPREAD = 0.12  # log2: of the MAD of 16 x 16 samples
LEAST_REGION = 9
FULL_REGION = 16
BINS = 8
MOST_REGIONS = 4

Mask = NDArray[np.bool_]


def cards() -> list[Card]:
    """The card of the noise detector."""
    return [
        Card(
            name=NAME,
            title="Noise level",
            version="1.0",
            family="noise",
            subject="picture",
            consumes=Consumes.FRAMES,
            kinds=frozenset({MediaKind.IMAGE}),
            unit="images",
            looks_at="How much noise the smooth places hold: a region with twice or half as much as others of the same "
            "brightness may come from another picture or have been smoothed.",
            cannot_see="Textured places, parts under about 64 px, parts with like noise, pictures whose noise was "
            "taken away by compression, scaling or denoising. Cameras that denoise or sharpen by place, portrait "
            "blur, several exposures in one and film grain look like edits to it.",
            paper="Mahdian and Saic, Image and Vision Computing 2009; Immerkaer, CVIU 1996",
            licence="Apache-2.0 (own code)",
            accuracy="Published: examples and no rate. Own first look, 25 stills presumed genuine: 1 "
            "could be scored (N = 1), the highest 0.000, none reached 0.5 (95 % interval of that rate: 0 to 97.5 %). "
            "It abstains on almost every picture that was saved as a JPEG; drawn edits are found. No calibration.",
            preprocessing="Luma at full size in blocks of 16 px, tiles of 512 px.",
            links=("https://doi.org/10.1016/j.imavis.2009.02.001", "https://doi.org/10.1006/cviu.1996.0060"),
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    caption = (
        "Noise of smooth blocks against what others of the same brightness have, in powers of two: bright has more, "
        "dark has less. Places without a value are textured or clipped. Denoising by cameras varies noise, too."
    )
    return StillDetector(cards()[0], examine, "noise against the rest", caption)


@dataclass(frozen=True)
class Blocks:
    """Per block (rows, columns): noise in levels, brightness, and whether it is smooth enough to tell noise."""

    noise: Grid
    light: Grid
    smooth: Mask


def examine(rgb: Pixels) -> Generator[None, None, Finding]:
    """Blocks tile by tile, then the regions that deviate."""
    if small := stills.too_small(rgb, LEAST_SIDE):
        return small
    shape = (rgb.shape[0] // BLOCK, rgb.shape[1] // BLOCK)
    blocks = Blocks(np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros(shape, bool))
    for top in range(0, shape[0], TILE // BLOCK):
        for left in range(0, shape[1], TILE // BLOCK):
            where = np.s_[top : top + TILE // BLOCK, left : left + TILE // BLOCK]
            y, x = top * BLOCK, left * BLOCK
            measured = blocks_of(stills.luma(rgb[y : y + TILE, x : x + TILE]))
            blocks.noise[where], blocks.light[where] = measured.noise, measured.light
            blocks.smooth[where] = measured.smooth
            yield
    return _concluded(blocks, rgb)


def blocks_of(plane: Grid) -> Blocks:
    """Noise, brightness and smoothness of every whole block."""
    import cv2

    kernel = np.outer([1, -2, 1], [1, -2, 1]).astype(np.float32)
    detail = np.abs(cv2.filter2D(plane, cv2.CV_32F, kernel, borderType=cv2.BORDER_REFLECT_101))
    rows, columns = plane.shape[0] // BLOCK, plane.shape[1] // BLOCK
    cut = detail[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK).swapaxes(1, 2)
    noise = np.median(cut.reshape(rows, columns, -1), axis=2) / DETAIL_NORM
    light = stills.block_means(plane, BLOCK)
    blurred = cv2.GaussianBlur(plane, (0, 0), BLUR_SIGMA)
    across, down = cv2.Sobel(blurred, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(blurred, cv2.CV_32F, 0, 1) / 8
    steep = np.sqrt(stills.block_means(np.asarray(across * across + down * down, np.float32), BLOCK))
    smooth = (steep <= STEEPEST + NOISE_IN_GRADIENT * noise) & (light > DARKEST) & (light < BRIGHTEST)
    return Blocks(noise.astype(np.float32), light, smooth)


def _concluded(blocks: Blocks, rgb: Pixels) -> Finding:
    told = int(blocks.smooth.sum())
    if told < LEAST_BLOCKS:
        return stills.outside(
            f"{told} blocks are smooth enough to tell noise; at least {LEAST_BLOCKS} are needed"
        )
    typical = float(np.median(blocks.noise[blocks.smooth]))
    ratios, spread = against_the_rest(blocks)
    facts: dict[str, Any] = {"typical_noise": round(typical, 3), "spread_log2": round(spread, 3)}
    facts["map"] = stills.rows_of(ratios)
    if typical < LEAST_NOISE:
        detail = f"typical noise is {typical:.2f} levels; compression or denoising has taken it away"
        return Finding(NotAssessed(Reason.OUTSIDE_DOMAIN, detail, facts), stills.coarse(ratios))
    found = sorted(regions_of(ratios, spread), key=lambda region: -region.score)[:MOST_REGIONS]
    marks = tuple(
        Mark(stills.box_of(one.rows, one.columns, (BLOCK, BLOCK), rgb), f"{2**one.ratio:.2f} times the noise")
        for one in found
    )
    facts["regions"] = stills.described(marks)
    score = found[0].score if found else 0.0
    coverage = Coverage(told, blocks.smooth.size, "blocks")
    return Finding(Verdict(score, coverage, facts=facts), stills.coarse(ratios), marks)


def against_the_rest(blocks: Blocks) -> tuple[Grid, float]:
    """log2 of each smooth block's noise over what its brightness lets expect (NaN elsewhere), and their spread.

    What is expected is a line through the medians of eight equally filled classes of brightness.
    """
    noise = np.log2(np.maximum(blocks.noise, LEAST_NOISE / 8))
    light, level = blocks.light[blocks.smooth], noise[blocks.smooth]
    classes = np.array_split(np.argsort(light, kind="stable"), BINS)
    slope, base = np.polyfit(
        [np.median(light[one]) for one in classes], [np.median(level[one]) for one in classes], 1
    )
    ratios = np.where(blocks.smooth, noise - slope * blocks.light - base, np.nan).astype(np.float32)
    middle = float(np.nanmedian(ratios))
    ratios -= middle
    return ratios, float(max(1.4826 * np.nanmedian(np.abs(ratios)), LEAST_SPREAD))


@dataclass(frozen=True)
class Found:
    """A region of blocks whose noise deviates alike: its cells, its log2 ratio and its score."""

    rows: slice
    columns: slice
    ratio: float
    score: float


def regions_of(ratios: Grid, spread: float) -> list[Found]:
    """Groups of blocks that deviate in one direction, at most two others (textured ones, mostly) between them."""
    from scipy import ndimage

    found = []
    mark = max(LEAST_RATIO, LEAST_DEVIATIONS * spread)
    known = np.nan_to_num(ratios, nan=0.0)
    for mask in (known >= mark, known <= -mark):
        near = ndimage.binary_dilation(mask, np.ones((3, 3), bool))
        labels, _ = ndimage.label(near, np.ones((3, 3), bool))
        labels[~mask] = 0
        for at, where in enumerate(ndimage.find_objects(labels), 1):
            own = ratios[where][labels[where] == at]
            if len(own) < LEAST_REGION:
                continue
            ratio = float(np.median(own))
            score = 1 - 2 ** -(abs(ratio) * min(1.0, len(own) / FULL_REGION))
            found.append(Found(where[0], where[1], ratio, score))
    return found
