"""Likelihood ratios from scores, no stronger than the number of files supports.

Scores are mapped by the pool-adjacent-violators algorithm, both labels weighing the same, so that the posterior odds
are the ratio (Brümmer & du Preez, "Application-independent evaluation of speaker detection" (2006), section 5; forensic
practice as in Morrison, "Tutorial on logistic-regression calibration" (2013), who fits a line instead: ours keeps
no shape, since nets saturate). What the map says at its ends is extrapolation, so it is clipped to the empirical lower
and upper bounds (ELUB) of Vergeer, van Es, de Jongh, Alberink & Stoel, "Numerical likelihood ratios outputted by LR
systems are often based on extrapolation: when to stop extrapolating?" (2016): the range of prior odds in which the
system, with one misleading ratio added for each label, still errs less than one that always says 1. Ours takes the
ratios of unseen sources for that, not those of the files the map was made from.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from analysis.engine.calibration import Ratios

Values = NDArray[np.float64]
Labels = NDArray[np.bool_]

BEYOND = 9.0  # stands for an infinite log10 ratio, before it is clipped
GRID = np.linspace(-6, 6, 1201)


def fitted(scores: Values, manipulated: Labels) -> tuple[Values, Values]:
    """Where each step of the map begins, and its log10 likelihood ratio; not clipped."""
    order = np.argsort(scores, kind="stable")
    starts, inverse = np.unique(scores[order], return_inverse=True)
    labels = manipulated[order]
    weights = np.where(labels, 0.5 / max(labels.sum(), 1), 0.5 / max((~labels).sum(), 1))
    weight = np.bincount(inverse, weights)
    share = np.bincount(inverse, weights * labels) / weight
    posterior = np.clip(isotonic_regression(share, weights=weight).x, 0.0, 1.0)
    with np.errstate(divide="ignore"):
        log10 = np.clip(np.log10(posterior) - np.log10(1 - posterior), -BEYOND, BEYOND)
    first = np.concatenate([[True], np.diff(log10) > 0])
    return starts[first], log10[first]


def applied(scores: Values, steps: tuple[Values, Values]) -> Values:
    """The log10 ratios of these scores on that map."""
    starts, log10 = steps
    return log10[np.maximum(np.searchsorted(starts, scores, side="right") - 1, 0)]


def bounds(log10: Values, manipulated: Labels) -> tuple[float, float]:
    """ELUB's lower and upper log10 bound; 0 and 0 for ratios that are never better than saying nothing."""
    fake, real = np.sort(log10[manipulated]), np.sort(log10[~manipulated])
    prior = 1 / (1 + 10**GRID)  # of manipulated, where the threshold on the ratio is 10**GRID
    missed = (np.searchsorted(fake, GRID) + 1) / (len(fake) + 1)
    alarmed = (len(real) - np.searchsorted(real, GRID) + 1) / (len(real) + 1)
    better = GRID[prior * missed + (1 - prior) * alarmed < np.minimum(prior, 1 - prior)]
    if not len(better):
        return 0.0, 0.0
    return float(min(better[0], 0.0)), float(max(better[-1], 0.0))


def cllr(log10: Values, manipulated: Labels) -> float:
    """Log-likelihood-ratio cost in bits (Brümmer & du Preez, equation 6): 0 is perfect, 1 says nothing."""
    natural = log10 * np.log(10)
    fake = np.logaddexp(0, -natural[manipulated]).mean()
    real = np.logaddexp(0, natural[~manipulated]).mean()
    return float((fake + real) / 2 / np.log(2))


def ratios(scores: Values, manipulated: Labels, unseen: Values) -> Ratios:
    """The clipped map of all files. unseen: log10 ratios of the same files, each from a map made without its source."""
    starts, log10 = fitted(scores, manipulated)
    low, high = bounds(unseen, manipulated)
    clipped = np.clip(log10, low, high)
    first = np.concatenate([[True], np.diff(clipped) > 0])
    return Ratios(
        scores=tuple(float(start) for start in starts[first]),
        log10=tuple(float(value) for value in clipped[first]),
        low=low,
        high=high,
        cllr=min(cllr(np.clip(unseen, low, high), manipulated), 1000.0),
    )
