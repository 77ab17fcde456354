"""ROC, area, equal error rate and their intervals, over files that come in sources.

Intervals of areas are percentiles of a bootstrap in two steps, after Davison & Hinkley, "Bootstrap methods and their
application" (1997), section 3.8: sources are drawn, then files within each. Files of one source are alike, so that
drawing files alone makes intervals far too narrow. Rates get the wider of that bootstrap and Clopper & Pearson's
interval (1934), which alone is right where nothing or everything was counted.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis.engine.calibration import Estimate, Rate

Values = NDArray[np.float64]
Labels = NDArray[np.bool_]

DRAWS = 1000
SEED = 7
ROC_POINTS = 101


def auc(fake: Values, real: Values) -> float:
    """Share of pairs in which the manipulated file scores higher; ties count half."""
    ranks = stats.rankdata(np.concatenate([fake, real]))
    wins = ranks[: len(fake)].sum() - len(fake) * (len(fake) + 1) / 2
    return float(wins / (len(fake) * len(real)))


def roc(fake: Values, real: Values) -> tuple[Values, Values]:
    """False and true positive rates for every cut, from nothing flagged to everything."""
    cuts = np.unique(np.concatenate([fake, real]))[::-1]
    alarms = 1 - np.searchsorted(np.sort(real), cuts) / len(real)
    hits = 1 - np.searchsorted(np.sort(fake), cuts) / len(fake)
    return np.concatenate([[0.0], alarms]), np.concatenate([[0.0], hits])


def thinned_roc(fake: Values, real: Values) -> tuple[tuple[float, float], ...]:
    """The curve with at most 101 points, for charts."""
    alarms, hits = roc(fake, real)
    kept = np.unique(np.linspace(0, len(alarms) - 1, ROC_POINTS).round().astype(int))
    return tuple((round(float(alarms[at]), 5), round(float(hits[at]), 5)) for at in kept)


def eer(fake: Values, real: Values) -> float:
    """Where false alarms and misses are equally frequent, on the line between the cuts around it."""
    alarms, hits = roc(fake, real)
    above = alarms - (1 - hits)
    at = int(np.argmax(above >= 0))
    if above[at] == above[at - 1]:
        return float(alarms[at])
    part = -above[at - 1] / (above[at] - above[at - 1])
    return float(alarms[at - 1] + part * (alarms[at] - alarms[at - 1]))


def auc_estimate(scores: Values, manipulated: Labels, sources: Sequence[str]) -> Estimate:
    """The area with its interval; needs files of both labels."""

    def measure(at: NDArray[np.intp]) -> float | None:
        fake, real = scores[at][manipulated[at]], scores[at][~manipulated[at]]
        return auc(fake, real) if len(fake) and len(real) else None

    value = auc(scores[manipulated], scores[~manipulated])
    low, high = bootstrap(measure, sources) or (0.0, 1.0)
    return Estimate(value, min(low, value), max(high, value))


def rate(counted: Labels, sources: Sequence[str]) -> Rate:
    """How many are counted, with the interval; 0 to 1 where there is nothing to count."""
    count, of = int(counted.sum()), len(counted)
    if not of:
        return Rate(0, 0, 0.0, 1.0)
    exact = stats.binomtest(count, of).proportion_ci(0.95, "exact")
    low, high = _drawn_shares(counted, sources)
    return Rate(count, of, float(max(min(exact.low, low), 0.0)), float(min(max(exact.high, high), 1.0)))


def _drawn_shares(counted: Labels, sources: Sequence[str]) -> tuple[float, float]:
    """The bootstrap's interval of a share, all draws at once: drawing files within a source is a binomial."""
    groups = _groups(sources)
    sizes = np.array([len(group) for group in groups])
    shares = np.array([counted[group].mean() for group in groups])
    rng = np.random.default_rng(SEED)
    drawn = rng.integers(len(groups), size=(DRAWS, len(groups)))
    hits = rng.binomial(sizes[drawn], shares[drawn]).sum(1) / sizes[drawn].sum(1)
    return float(np.percentile(hits, 2.5)), float(np.percentile(hits, 97.5))


def surely_above(counted: Rate, share: float) -> bool:
    """Whether so many would be counted by chance in less than one of twenty such sets, were `share` the truth."""
    return bool(stats.binom.sf(counted.count - 1, counted.of, share) < 0.05) if counted.of else False


def bootstrap(
    measure: Callable[[NDArray[np.intp]], float | None], sources: Sequence[str]
) -> tuple[float, float] | None:
    """The 95 % interval of `measure`, which is given the places of the files drawn; None if it never measured."""
    groups = _groups(sources)
    rng = np.random.default_rng(SEED)
    found: list[float] = []
    for _ in range(DRAWS):
        drawn = rng.integers(len(groups), size=len(groups))
        at = np.concatenate(
            [groups[one][rng.integers(len(groups[one]), size=len(groups[one]))] for one in drawn]
        )
        value = measure(at)
        if value is not None:
            found.append(value)
    if not found:
        return None
    return float(np.percentile(found, 2.5)), float(np.percentile(found, 97.5))


def _groups(sources: Sequence[str]) -> list[Any]:
    names = np.asarray(sources)
    return [np.flatnonzero(names == name) for name in dict.fromkeys(sources)]
