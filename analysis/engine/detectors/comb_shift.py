"""A passage on which a vocoder's comb of lines lies, in sound without it, or the other way round."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.engine.detectors import comb_lines
from analysis.engine.detectors.listening import RATE_HZ, Decibels

WINDOWS_PER_BLOCK = 8
BLOCK_SECONDS = WINDOWS_PER_BLOCK * comb_lines.HOP / RATE_HZ  # 0.256 s: then neighbours share no window
LEAST_BLOCKS = 3
STEADY_PERCENT = 20
SPREADS = 1.0  # half of one side lies below, four fifths of the other above


@dataclass(frozen=True)
class CombShift:
    """The passage with the firmest change of a comb: seconds, standard errors, and the comb's distance in Hz."""

    start_seconds: float
    end_seconds: float
    errors: float
    frame_rate_hz: float


def largest(above: Decibels) -> CombShift | None:
    """The firmest passage in what comb_lines.excess measured; None when no comb begins and ends in it, or when mains
    buzz does at least as firmly."""
    tracks = comb_lines.tracks(above, comb_lines.TEETH + comb_lines.MAINS_TEETH)
    count = len(tracks) // WINDOWS_PER_BLOCK
    if count < 2 * LEAST_BLOCKS:
        return None
    blocks = tracks[: count * WINDOWS_PER_BLOCK].reshape(count, WINDOWS_PER_BLOCK, -1).mean(axis=1)
    # most rates have no comb in any sound, so the spread of all is that of none
    spread = 1.4826 * float(np.median(np.abs(blocks - np.median(blocks)))) + 1e-6
    rates = comb_lines.FRAME_RATES_HZ + comb_lines.MAINS_HZ
    found = [_of_rate(blocks[:, at], spread, rate) for at, rate in enumerate(rates)]
    firmest = max((one for one in found if one is not None), key=lambda one: one.errors, default=None)
    return None if firmest is None or firmest.frame_rate_hz in comb_lines.MAINS_HZ else firmest


def _of_rate(track: NDArray[np.float32], spread: float, rate_hz: float) -> CombShift | None:
    count = len(track)
    sums = np.concatenate(([0.0], np.cumsum(track, dtype=np.float64)))
    starts, ends = np.triu_indices(count + 1, LEAST_BLOCKS)
    keep = (count - (ends - starts) >= LEAST_BLOCKS) & (ends <= count)
    starts, ends = starts[keep], ends[keep]
    inside = ends - starts
    within = sums[ends] - sums[starts]
    change = within / inside - (sums[-1] - within) / (count - inside)
    errors = np.abs(change) / (spread * np.sqrt(1 / inside + 1 / (count - inside)))
    best = int(np.argmax(errors))
    first, last = int(starts[best]), int(ends[best])
    if not _one_sided(track, first, last, spread, risen=change[best] > 0):
        return None
    return CombShift(first * BLOCK_SECONDS, last * BLOCK_SECONDS, float(errors[best]), rate_hz)


def _one_sided(track: NDArray[np.float32], first: int, last: int, spread: float, *, risen: bool) -> bool:
    """Whether one side is without the comb and the other has it throughout: a synthetic voice whose comb comes
    and goes with its loudness is no splice. The blocks at the ends may hold both and are left out."""
    inside, outside = (
        track[first + 1 : last - 1],
        np.concatenate((track[: max(first - 1, 0)], track[last + 1 :])),
    )
    combed, bare = (inside, outside) if risen else (outside, inside)
    if not len(combed) or not len(bare):
        return False
    return bool(np.median(bare) < SPREADS * spread < np.percentile(combed, STEADY_PERCENT))
