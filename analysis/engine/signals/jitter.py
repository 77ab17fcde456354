"""How much the landmarks of a face tremble against each other, beyond the motion of the whole face.

That landmarks of a swapped face do not move as one with its head is the cue of Yang, Li and Lyu (ICASSP 2019), who fit
head poses; that their geometry jitters from frame to frame is that of Sun et al. (LRNet, CVPR 2021, section 3), who
follow them by Lucas and Kanade's flow because a finder's own jitter hides it, and feed the result to a net. Ours
differs: nothing is learnt. Each of the five landmarks is followed from frame to frame by two patches beside each
other; what both of them show is movement, and what only one shows is the noise of following. A similarity transform
is fitted to each five and taken off, and what is left above 4 Hz is told in eye distances.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.engine.signals.oval import MIDDLE_Y, Reals, aligned, in_crop
from analysis.engine.types import FaceCrop

if TYPE_CHECKING:
    from analysis.engine.types import Pixels

SIDE, SPAN = 160, 2.6
PATCH_PX, BESIDE = 13, 0.11  # 0.2 eye distances wide; their middles as far to either side of the landmark
LOWEST_HZ = 4.0  # expressions and syllables lie below, mostly
POINTS = 5


@dataclass(frozen=True)
class Placed:
    """An aligned face with its landmarks in eye distances from the middle between the eyes, (5, 2)."""

    grey: "Pixels"
    marks: Reals


@dataclass(frozen=True)
class Tremor:
    """Over one window, by landmark, in eye distances (root mean square): what both patches show, and the noise."""

    amplitude: Reals
    noise: Reals


def placed(face: FaceCrop, middle: Reals, across: Reals) -> Placed:
    """Raises ValueError for a face without landmarks."""
    if face.landmarks is None or face.region is None:
        raise ValueError("A face without landmarks cannot be followed by them.")
    down = np.array([-across[1], across[0]])
    back = np.linalg.inv(np.column_stack([across, down]))
    marks = [back @ (in_crop(point, face.region, face.rgb.shape[0]) - middle) for point in face.landmarks]
    return Placed(aligned(face, middle, across, side=SIDE, span=SPAN), np.array(marks))


def steps(before: Placed, after: Placed) -> Reals | None:
    """How each landmark moved against the others, by each of its two patches: (2, 5, 2); None where one is lost."""
    import cv2

    beside = np.array([[[-BESIDE, 0.0]], [[BESIDE, 0.0]]])
    starts = before.marks + beside
    at = ((starts - (0.0, MIDDLE_Y)) / SPAN * SIDE + (SIDE - 1) / 2).astype(np.float32).reshape(-1, 1, 2)
    found, kept, _ = cv2.calcOpticalFlowPyrLK(
        before.grey, after.grey, at, at.copy(),
        winSize=(PATCH_PX, PATCH_PX), maxLevel=1, flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )  # fmt: skip
    if not kept.all():
        return None
    moved = (found - at).reshape(2, POINTS, 2).astype(np.float64) / SIDE * SPAN
    return np.stack([_alone(start, step) for start, step in zip(starts, moved, strict=True)])


def _alone(marks: Reals, moved: Reals) -> Reals:
    """The movement less the similarity transform that explains most of it."""
    x, y = (marks - marks.mean(axis=0)).T
    one, none = np.ones(len(x)), np.zeros(len(x))
    shape = np.vstack([np.column_stack([x, -y, one, none]), np.column_stack([y, x, none, one])])
    flat = moved.T.reshape(-1)
    fitted = shape @ np.linalg.lstsq(shape, flat, rcond=None)[0]
    return np.asarray((flat - fitted).reshape(2, -1).T, np.float64)


def tremor(moved: Reals, fps: float) -> Tremor:
    """Of the steps of one window, (n, 2, 5, 2), at an even rate."""
    taper = np.hanning(len(moved))
    waves = np.fft.rfft(_steadied(moved) * taper[:, None, None, None], axis=0)
    hz = np.fft.rfftfreq(len(moved), 1 / fps)
    high = hz >= LOWEST_HZ
    # a step is the difference of two places: this much smaller than they are at that frequency
    share = (2 * np.sin(np.pi * hz[high] / fps)) ** 2 * len(moved) * np.square(taper).sum() / 2
    one, other = waves[high, 0], waves[high, 1]
    both = ((one * other.conj()).real / share[:, None, None]).sum(axis=(0, 2))
    noise = (np.abs(one - other) ** 2 / 4 / share[:, None, None]).sum(axis=(0, 2))
    return Tremor(np.sqrt(np.maximum(both, 0)), np.sqrt(noise))


def _steadied(moved: Reals) -> Reals:
    """Around their median, cut at three robust deviations: a blink, a syllable or a patch that slips is no tremor."""
    around = moved - np.median(moved, axis=0)
    most = 3 * 1.4826 * np.median(np.abs(around), axis=0)
    return np.asarray(np.clip(around, -most, most), np.float64)
