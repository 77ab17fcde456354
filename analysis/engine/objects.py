"""Who finds objects in footage, made when a detector that follows them runs."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from analysis.engine.weights import WeightStore

if TYPE_CHECKING:
    from analysis.engine.analytics.detection import ObjectFinder

# Weights, the name of a finder (empty: the best there is) and the threads it may use.
MakeFinder = Callable[[WeightStore, str, int], "ObjectFinder"]


def best_object_finder(weights: WeightStore, name: str, threads: int) -> "ObjectFinder":
    """Raises UnverifiedWeights or UnusableWeights where there is none."""
    from analysis.engine.analytics.detection import best_finder

    return best_finder(weights, name=name, threads=threads)
