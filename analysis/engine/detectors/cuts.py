"""The sample at which two pieces of sound were joined: a step that stands alone.

After Cooper, Detecting butt-spliced edits in forensic digital audio recordings (AES 39th conference, 2010):
a butt splice leaves a discontinuity that a high-order difference lifts above the voice. Ours compares
its height with the highest of the 15 ms on either side, in which a voice has at least one pulse of its own.
"""

import numpy as np
from numpy.typing import NDArray

from analysis.engine.detectors.listening import RATE_HZ
from analysis.engine.types import Samples

ORDER = 4
NEAR, FAR = 6, 240  # samples: the ringing of a resampled step, and a period of the lowest voice
LEAST_RATIO = 2.0  # in speech about one place in two seconds reaches it by chance
FAINT_RATIO = 1.6  # and two a second this one
MOST, APART = 12, 800
QUIETEST = 1e-6


def nearest(samples: Samples, at_seconds: float, *, within_seconds: float) -> float | None:
    """Where within that distance the likeliest join lies, in seconds; None when no step stands alone there."""
    middle, reach = round(at_seconds * RATE_HZ), round(within_seconds * RATE_HZ)
    first, last = max(FAR + ORDER, middle - reach), min(len(samples) - FAR - 1, middle + reach)
    if last <= first:
        return None
    ratios = _ratios(samples[first - FAR - ORDER : last + FAR + 1].astype(np.float64))
    best = int(np.argmax(ratios))
    return (first + best) / RATE_HZ if ratios[best] >= LEAST_RATIO else None


def strongest(samples: Samples) -> list[tuple[float, float]]:
    """The steps that stand alone most, at most MOST of them, as (seconds, ratio) in order of time."""
    if len(samples) <= 2 * FAR + ORDER:
        return []
    ratios = _ratios(samples.astype(np.float64))
    places = np.flatnonzero(ratios >= FAINT_RATIO)
    kept: list[int] = []
    for place in places[np.argsort(-ratios[places], kind="stable")]:
        if all(abs(place - other) > APART for other in kept):
            kept.append(int(place))
        if len(kept) == MOST:
            break
    return [((place + FAR + ORDER) / RATE_HZ, float(ratios[place])) for place in sorted(kept)]


def _ratios(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each sample that has FAR others on both sides: its step over the highest beside it."""
    steps = np.abs(np.diff(samples, ORDER))
    beside = np.lib.stride_tricks.sliding_window_view(steps, FAR - NEAR).max(axis=1)
    count = len(steps) - 2 * FAR
    left, right = beside[:count], beside[FAR + NEAR + 1 : FAR + NEAR + 1 + count]
    return steps[FAR : FAR + count] / (np.maximum(left, right) + QUIETEST)
