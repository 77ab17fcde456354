"""A passage whose noise floor is another's: pauses and valleys of another recording.

After Pan, Zhang and Lyu, Detecting splicing in digital audios using local noise level estimation (ICASSP 2012):
a recording made in one go has one background. Ours differs: no kurtosis; the level that a band falls to (its
lowest fifth of 0.1 s blocks, each at its quietest 32 ms) inside a passage is compared with that around it, in
units of how much that level wanders between passages of the same length in the same sound. Digital silence has no
background that could be compared: the blocks it touches are left out, as if the sound went on without them.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.engine.detectors.listening import Decibels, power_spectra
from analysis.engine.types import Samples

SIZE, HOP = 512, 160
BANDS = 16
FRAMES_PER_BLOCK = 10
BLOCK_SECONDS = 0.1
LENGTHS = (6, 8, 11, 15, 20, 27, 36, 48)  # blocks
AROUND = 60  # blocks to each side
LEAST_AROUND = 10
QUIETEST_PERCENT = 20
# The floor of one band wanders by 6 dB between passages of a second where the pauses are few; half of that power
# is assumed beforehand, the rest is measured.
LEAST_WANDER_DB = 4.25
LOWEST_DB = -110.0  # below are rounding and digital silence, which is another detector's business
SPILL_FRAMES = -(-SIZE // HOP)  # a frame this near to silence may hold some of it


@dataclass(frozen=True)
class Shift:
    """The passage that differs most: seconds from the start of the sound, and by how many deviations."""

    start_seconds: float
    end_seconds: float
    deviations: float


@dataclass(frozen=True)
class Floor:
    """The quietest 32 ms of each 0.1 s that holds no digital silence, in dB, (blocks, bands of 500 Hz); and the
    number of each of these blocks, counted from the start of the sound."""

    levels: Decibels
    numbers: NDArray[np.intp]

    def shift(self, first: int, length: int, deviations: float) -> Shift:
        start, last = int(self.numbers[first]), int(self.numbers[first + length - 1])
        return Shift(start * BLOCK_SECONDS, (last + 1) * BLOCK_SECONDS, deviations)


def blocks(samples: Samples) -> Floor:
    """The noise floor of the sound."""
    levels = np.maximum(power_spectra(samples, size=SIZE, hop=HOP)[:, 1:], LOWEST_DB)
    banded = levels.reshape(len(levels), BANDS, -1).mean(axis=2)
    count = len(banded) // FRAMES_PER_BLOCK
    shape = (count, FRAMES_PER_BLOCK)
    silent = np.convolve((levels <= LOWEST_DB).all(axis=1), np.ones(2 * SPILL_FRAMES + 1), mode="same") > 0
    numbers = np.flatnonzero(~silent[: count * FRAMES_PER_BLOCK].reshape(shape).any(axis=1))
    quietest = banded[: count * FRAMES_PER_BLOCK].reshape(*shape, BANDS).min(axis=1)
    return Floor(np.asarray(quietest[numbers], np.float32), numbers)


def shifts(floor: Floor) -> Iterator[Shift | None]:
    """The largest shift for each length of a passage, one after the other; None where the sound is too short."""
    for length in LENGTHS:
        yield _largest(floor, length) if length <= 0.6 * len(floor.levels) else None


def between(floor: Floor, start_seconds: float, end_seconds: float) -> float:
    """By how many deviations this one passage differs; 0 where it is too short, or what is around it."""
    wanted = math.ceil(start_seconds / BLOCK_SECONDS), int(end_seconds / BLOCK_SECONDS)
    first, last = (int(at) for at in np.searchsorted(floor.numbers, wanted))
    length = last - first
    if length < LENGTHS[0] or len(floor.levels) - length < LEAST_AROUND:
        return 0.0
    return _deviations(floor.levels, _quantiles(floor.levels, length), first, length)


def _largest(floor: Floor, length: int) -> Shift | None:
    inside = _quantiles(floor.levels, length)
    best: Shift | None = None
    for start in range(0, len(inside), max(1, length // 8)):
        deviations = _deviations(floor.levels, inside, start, length)
        if best is None or deviations > best.deviations:
            best = floor.shift(start, length, deviations)
    return best


def _quantiles(levels: Decibels, length: int) -> Decibels:
    windows = np.lib.stride_tricks.sliding_window_view(levels, length, axis=0)
    rank = max(0, length * QUIETEST_PERCENT // 100 - (length * QUIETEST_PERCENT % 100 == 0))
    return np.asarray(np.partition(windows, rank, axis=2)[..., rank])


def _deviations(levels: Decibels, inside: Decibels, start: int, length: int) -> float:
    first, last = max(0, start - AROUND), min(len(levels), start + length + AROUND)
    around = np.concatenate((levels[first:start], levels[start + length : last]))
    if len(around) < LEAST_AROUND:
        return 0.0
    rank = len(around) * QUIETEST_PERCENT // 100
    level = np.partition(around, rank, axis=0)[rank]
    others = np.concatenate(
        (inside[first : max(first, start - length + 1)], inside[start + length : last - length + 1])
    )
    # several blocks on either side, or what is known of them is what is assumed beforehand
    wander = (
        np.square(others - level).mean(axis=0) if len(others) > 3 else np.float32(LEAST_WANDER_DB**2 * 3.5)
    )
    deviation = (inside[start] - level) / np.sqrt(LEAST_WANDER_DB**2 + wander)
    return float(np.sqrt(np.mean(np.square(deviation))))
