"""What a flag is worth where few files are manipulated: most of what a good detector flags is then not."""

import math
from dataclasses import dataclass

from analysis.engine.calibration import Calibration, Rate


@dataclass(frozen=True)
class Flagged:
    """Of files flagged with strong signs, the share expected to be manipulated, and the range the intervals leave."""

    value: float
    low: float
    high: float


def flagged_share(found_rate: float, false_positive_rate: float, base_rate: float) -> float:
    """Bayes' rule: of the files flagged, the share expected to be manipulated. NaN where none is ever flagged.

    found_rate: share of manipulated files that are flagged. base_rate: share of all files that are manipulated.
    Raises ValueError for what is no share.
    """
    for share in (found_rate, false_positive_rate, base_rate):
        if not 0 <= share <= 1:  # also refuses NaN
            raise ValueError(f"{share!r} is no share; give 0 to 1.")
    hits, alarms = base_rate * found_rate, (1 - base_rate) * false_positive_rate
    return hits / (hits + alarms) if hits + alarms else math.nan


def flagged(found: Calibration, base_rate: float) -> Flagged | None:
    """The same with what this detector did on unseen sources; None where nothing was ever flagged."""
    alarms, hits = found.false_alarms, found.found
    if not alarms.count and not hits.count:
        return None
    value = flagged_share(_expected(hits), _expected(alarms), base_rate)
    low = flagged_share(hits.low, alarms.high, base_rate)
    high = flagged_share(hits.high, alarms.low, base_rate)
    return Flagged(value, *(0.0 if math.isnan(x) else x for x in (low, high)))


def _expected(rate: Rate) -> float:
    """None of so many is not none at all: the mean of the share under Jeffreys' prior."""
    return (rate.count + 0.5) / (rate.of + 1)
