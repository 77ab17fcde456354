"""Traces of a face over time: rows that begin with their time in seconds."""

import numpy as np

from analysis.engine.signals.oval import Reals

MAX_GAP_SECONDS = 0.25
MIN_FPS = 20.0


def stretches(trace: Reals) -> list[Reals]:
    """The rows of a trace, cut where more than a quarter of a second is missing."""
    cuts = np.flatnonzero(np.diff(trace[:, 0]) > MAX_GAP_SECONDS) + 1
    return np.split(trace, cuts)


def is_full_rate(seconds: Reals) -> bool:
    """Whether there are 20 frames a second, as many as a pulse or a blink needs."""
    # a hundredth below: 20 frames a second have 19.9 in eight seconds of rounded times
    return bool((len(seconds) - 1) / max(seconds[-1] - seconds[0], 1e-9) >= 0.99 * MIN_FPS)
