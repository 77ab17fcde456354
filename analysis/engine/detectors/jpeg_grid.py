"""The grid that JPEG leaves in pixels, and regions that bring another one along.

After Nikoukhah et al., ZERO: a local JPEG grid origin detector based on the number of DCT zeros (IPOL 2021),
sections 2 and 3: of the 64 blocks of 8 x 8 px that hold a pixel, the one whose DCT has most zeros votes for its
origin; votes that cannot come about by chance (number of false alarms, a contrario) make the grid.

Ours differs: one pixel in 81 votes, 9 px apart, near the paper's count of independent votes, and so that its place
within the 64 blocks changes from vote to vote (a fixed one prefers the outermost blocks and votes for their grids);
votes are grouped where at most one lies between them; where the grid of the whole is unclear and regions on several
grids are found, the picture was scaled, which moves its grid from place to place, and is not assessed; grids half a
block apart are taken for one, since smooth blocks compressed hard have as many zeros on either; regions
without any grid in a picture that has one are shown and not judged, since saturated and richly textured areas look
alike. Score: 1 - 2 ** (log10(NFA) / 2), 0.5 where one such region is expected in a hundred pictures by chance.
"""

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.engine.detectors import stills
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.map_sheet import Mark
from analysis.engine.detectors.stills import Finding, StillDetector
from analysis.engine.types import Consumes, Coverage, MediaKind, NotAssessed, Pixels, Reason, Verdict
from analysis.engine.weights import WeightStore

NAME = "jpeg-grid"
BLOCK = 8
HALF = BLOCK // 2
PITCH = BLOCK + 1
NO_VOTE = -1
PHASES = BLOCK * BLOCK
FAMILIES = HALF * HALF
MOST_PIXELS = 12_000_000
LEAST_SIDE = 64
LEAST_VOTES_OF_REGION = 12
LEAST_VOTES = 64
ZERO_BELOW = 0.5
FOUND_BELOW = 0.0  # log10 of the number of false alarms
MAIN_BELOW = -2.0
MOST_REGIONS = 8
CLEAR_SHARE = 0.1  # of the votes: the grid of the whole picture is beyond doubt
DRIFTING_PHASES = 3
LEAST_SHARE_AROUND = (
    0.25  # of the cells around a region vote, where they speak for a picture that never was a JPEG
)

Votes = NDArray[np.int16]


def cards() -> list[Card]:
    """The card of the grid detector."""
    return [
        Card(
            name=NAME,
            title="JPEG grid",
            version="1.1",
            family="compression",
            subject="picture",
            consumes=Consumes.FRAMES,
            kinds=frozenset({MediaKind.IMAGE}),
            unit="images",
            looks_at="The grid of 8 x 8 px blocks that JPEG leaves in the pixels, in any file format: regions whose "
            "grid begins elsewhere than that of the rest, as pasted and moved parts of JPEG pictures bring it along.",
            cannot_see="Parts that lie on the grid of the rest or half a block beside it (1 of 16 grids, which smooth "
            "blocks cannot tell apart) or never were JPEG, parts under about 64 px, pictures scaled or saved again at "
            "lower quality afterwards. Collages, frames and stickers put together in an honest way look like edits to "
            "it; so may an evenly lit wall saved below quality 60, which keeps hardly a grid. What is so flat that "
            "only constant blocks are left has no say.",
            paper="Nikoukhah et al., ZERO: a Local JPEG Grid Origin Detector, IPOL 2021",
            licence="Apache-2.0 (own code)",
            accuracy="Published: no rate that carries over. Own look, 64 stills presumed genuine, 41 of them of cars: "
            "59 could be scored (N = 59), the highest 0.192, none reached 0.5 (95 % interval of that: 0 to 6.1 %). "
            "Of 3 stills with a known local edit one was found; drawn ones are. No calibration.",
            preprocessing="Luma at full size, DCT of every 8 x 8 px block at every position, tiles of 512 px.",
            # its last faults were mended on drawn pictures only: photographs at low quality have yet to bear it out
            by_default=False,
            stressed=False,
            links=("https://doi.org/10.5201/ipol.2021.390",),
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    caption = (
        "Bright: 8 x 8 px cells whose block grid begins elsewhere than that of most of the picture. Single ones are "
        "chance; a dense region that is boxed came from another JPEG picture or another place."
    )
    return StillDetector(cards()[0], examine, "cells on another grid", caption)


@dataclass(frozen=True)
class Found:
    """A region on one grid: its cells, its grid's phase, and log10 of how many like it chance gives."""

    rows: slice
    columns: slice
    phase: int
    log10_nfa: float


def examine(rgb: Pixels) -> Generator[None, None, Finding]:
    """Votes band by band, then the grid of the whole and the regions that differ."""
    if small := stills.too_small(rgb, LEAST_SIDE):
        return small
    height, width = rgb.shape[:2]
    step = -(-height * width // MOST_PIXELS)
    tops = range(0, height - 2 * BLOCK + 2, PITCH * step)
    votes = np.full((len(tops), (width - BLOCK + 1) // PITCH), NO_VOTE, np.int16)
    for row, top in enumerate(tops):
        votes[row] = band_votes(rgb, top)
        yield
    if (votes >= 0).sum() < LEAST_VOTES:
        return stills.outside("the picture is too flat to show a grid")
    return concluded(votes, rgb, step)


def band_votes(rgb: Pixels, top: int) -> Votes:
    """The votes of the pixels 7 below `top`, 9 px apart: the phase (8 * y + x) of the block with most zeros among
    the 64 that hold the pixel; -1 for a tie, and where that block is constant along its rows or columns, since such a
    block has zeros on every grid. The next best would be one beside the grid: where hard compression leaves a smooth
    sky nothing else, all of it would vote for those."""
    zeros, constant = zero_counts(np.rint(stills.luma(rgb[top : top + 2 * BLOCK - 1])))
    columns = zeros.shape[1] // PITCH
    blocks, flat = _by_cell(zeros, columns), _by_cell(constant, columns)
    most = blocks.max(axis=1)
    best = blocks == most[:, None]
    single = (best.sum(axis=1) == 1) & ~(best & flat).any(axis=1)
    down, across = np.divmod(blocks.argmax(axis=1), BLOCK)
    phases = (top + down) % BLOCK * BLOCK + (np.arange(columns) * PITCH + across) % BLOCK
    return np.where(single & (most > 0), phases, NO_VOTE).astype(np.int16)


def _by_cell(plane: NDArray[Any], columns: int) -> NDArray[Any]:
    """(8, width) as (cells, 64): the blocks that hold the pixel of each cell."""
    cells = plane[:, : columns * PITCH].reshape(BLOCK, columns, PITCH)[:, :, :BLOCK]
    return cells.swapaxes(0, 1).reshape(columns, PHASES)


def zero_counts(plane: stills.Grid) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """How many AC coefficients of the 8 x 8 block that begins at each pixel are zero, and whether it is constant
    along its rows or columns."""
    import cv2

    basis = _basis()
    height, width = plane.shape[0] - BLOCK + 1, plane.shape[1] - BLOCK + 1
    counts = np.zeros((height, width), np.uint8)
    along_rows, along_columns = np.ones((height, width), bool), np.ones((height, width), bool)
    for u in range(BLOCK):
        across = cv2.filter2D(
            plane, cv2.CV_32F, basis[u][None], anchor=(0, 0), borderType=cv2.BORDER_CONSTANT
        )
        for v in range(BLOCK):
            if not u and not v:
                continue
            both = cv2.filter2D(
                across, cv2.CV_32F, basis[v][:, None], anchor=(0, 0), borderType=cv2.BORDER_CONSTANT
            )
            zero = np.abs(both[:height, :width]) < ZERO_BELOW
            counts += zero
            if u:
                along_rows &= zero
            if v:
                along_columns &= zero
    return counts, along_rows | along_columns


def _basis() -> NDArray[np.float32]:
    """The orthonormal DCT-II of 8 points, one basis vector a row."""
    k, n = np.mgrid[:BLOCK, :BLOCK]
    rows = np.cos((2 * n + 1) * k * np.pi / (2 * BLOCK)) * np.sqrt(2 / BLOCK)
    rows[0] /= np.sqrt(2)
    return rows.astype(np.float32)


def concluded(votes: Votes, rgb: Pixels, step: int = 1) -> Finding:
    """The grid of the whole picture, the regions on others, and the score of the surest.

    step: every how many rows of cells votes were taken.
    """
    main, share = main_grid(votes)
    found = sorted(foreign(votes, main), key=lambda region: region.log10_nfa)
    cast = votes >= 0
    cells = np.where(cast, not_on(votes, main), np.nan).astype(np.float32)
    marks = tuple(
        Mark(
            stills.box_of(one.rows, one.columns, (PITCH * step, PITCH), rgb), f"grid from {origin(one.phase)}"
        )
        for one in found[:MOST_REGIONS]
    )
    facts: dict[str, Any] = {
        "grid_origin": None if main is None else list(origin(main)),
        "share_on_the_grid": round(share, 4),
        "regions": stills.described(marks),
        "log10_false_alarms": round(found[0].log10_nfa, 2) if found else None,
        "map": stills.rows_of(cells),
    }
    if why := _undecidable(found, share):
        return Finding(NotAssessed(Reason.OUTSIDE_DOMAIN, why, facts), stills.coarse(cells))
    score = stills.score_of_nfa(found[0].log10_nfa) if found else 0.0
    coverage = Coverage(int(cast.sum()), votes.size, "blocks")
    return Finding(Verdict(score, coverage, facts=facts), stills.coarse(cells), marks)


def _undecidable(found: list[Found], share_on_main: float) -> str:
    """Why regions, or their absence, say nothing here; empty where they do."""
    if share_on_main >= CLEAR_SHARE:
        return ""
    if not found and not share_on_main:
        return "no grid of JPEG blocks is left in the pixels"
    if len({family(one.phase) for one in found}) >= DRIFTING_PHASES:
        # blocks that are not 8 px wide any more seem to begin elsewhere from place to place
        return "the grid drifts, as in a picture that was scaled after it had been a JPEG"
    return ""


def origin(phase: int) -> tuple[int, int]:
    """Where a grid begins, as (x, y) in 0..7."""
    return phase % BLOCK, phase // BLOCK


def family(phase: Any) -> Any:
    """Which of the 16 families a grid, or each of several, belongs to: it and those half a block beside it, on which
    a block without anything but its lowest frequencies has as many zeros."""
    return phase // BLOCK % HALF * HALF + phase % HALF


def not_on(votes: Votes, main: int | None) -> NDArray[np.bool_]:
    """Which votes are for another grid than the main one; all where there is none."""
    return (votes < 0) | (family(votes) != family(main)) if main is not None else np.ones(votes.shape, bool)


def log10_tail(hits: int, of: int, rate: float = 1 / PHASES) -> float:
    """log10 of a bound (Hoeffding's) on the chance that at least `hits` of `of` votes, more than none, fall on a grid
    that gets one at that rate. Closed and finite, however sure."""
    share = hits / of
    if share <= rate or rate >= 1:
        return 0.0
    missed = (1 - share) * math.log((1 - share) / (1 - rate)) if share < 1 else 0.0
    return -of * (share * math.log(share / rate) + missed) / math.log(10)


def main_grid(votes: Votes) -> tuple[int | None, float]:
    """The phase that most votes of the largest family are for, None if that can be chance, and the family's share."""
    cast = votes[votes >= 0]
    families = np.bincount(family(cast), minlength=FAMILIES)
    largest = int(families.argmax())
    best = int(np.bincount(cast[family(cast) == largest], minlength=PHASES).argmax())
    chance = math.log10(FAMILIES) + log10_tail(int(families[largest]), len(cast), 1 / FAMILIES) >= MAIN_BELOW
    return (None, 0.0) if chance or _is_local(votes, best) else (best, int(families[largest]) / len(cast))


def _is_local(votes: Votes, phase: int) -> bool:
    """Whether one region smaller than half of the picture brings about the votes for this phase."""
    regions = regions_of(votes, phase)
    if not regions:
        return False
    widest = max(regions, key=lambda region: votes[region.rows, region.columns].size)
    rest = votes.copy()
    rest[widest.rows, widest.columns] = NO_VOTE
    cast, around = int((rest >= 0).sum()), votes.size - votes[widest.rows, widest.columns].size
    # what is too flat to vote is no witness against the grid of the rest
    if cast < LEAST_SHARE_AROUND * around:
        return False
    return around > votes.size / 2 and int((rest == phase).sum()) / max(cast, 1) < 2 / PHASES


def foreign(votes: Votes, main: int | None) -> list[Found]:
    """Regions that vote for another grid than the main one more often than chance does."""
    others = (phase for phase in range(PHASES) if main is None or family(phase) != family(main))
    regions = (found for phase in others for found in regions_of(votes, phase))
    return [found for found in regions if main is None or not _outvoted(votes, found, main)]


def _outvoted(votes: Votes, region: Found, main: int) -> bool:
    """Whether the main grid shows in the region at least as much, and not much less than elsewhere: what was pasted
    over it would hide it, all but what saving the whole once more brought in again."""
    inside = votes[region.rows, region.columns]
    own, mains = int((inside == region.phase).sum()), int((~not_on(inside, main)).sum())
    outside = int((~not_on(votes, main)).sum()) - mains
    share_outside = outside / max(int((votes >= 0).sum()) - int((inside >= 0).sum()), 1)
    return own <= mains and mains >= share_outside / 2 * int((inside >= 0).sum())


def regions_of(votes: Votes, phase: int) -> list[Found]:
    """Groups of votes for that phase, at most one other vote between two of them, that neither chance nor how often
    the rest of the picture votes for it explains."""
    from scipy import ndimage

    mask = votes == phase
    labels, _ = ndimage.label(ndimage.binary_dilation(mask, np.ones((3, 3), bool)))
    labels[~mask] = 0
    # every phase, place and size is asked, as in the paper
    tests = math.log10(PHASES) + 1.5 * math.log10(votes.size)
    hits_of_all, cast_by_all = int(mask.sum()), int((votes >= 0).sum())
    sizes, places, found = np.bincount(labels.ravel()), ndimage.find_objects(labels), []
    for at in np.flatnonzero(sizes >= LEAST_VOTES_OF_REGION):
        if not at:
            continue
        where, hits = places[at - 1], int(sizes[at])
        cast = int((votes[where] >= 0).sum())
        elsewhere = (hits_of_all - hits) / max(cast_by_all - cast, 1)
        log10_nfa = tests + log10_tail(hits, cast, min(max(elsewhere, 1 / PHASES), 1.0))
        if log10_nfa < FOUND_BELOW:
            found.append(Found(where[0], where[1], phase, log10_nfa))
    return found
