"""What prepares a detector's input here, besides what its card says: who finds its faces or objects.

A calibration holds for faces cut by one finder. Another one finds others and cuts them elsewhere, so it belongs to the
preprocessing that is kept with a calibration, and that a card on record shows.
"""

from dataclasses import replace

from analysis.engine.analytics.detection.finder import PUBLISHED, WITHOUT_WEIGHTS
from analysis.engine.catalogue import CATALOGUE
from analysis.engine.detectors.base import Card
from analysis.engine.errors import UnverifiedWeights
from analysis.engine.types import Consumes
from analysis.engine.weights import WeightStore


def prepared(card: Card, weights: WeightStore) -> Card:
    """The card, its preprocessing with the finder that is in use with these weights; only that of faces and of what
    follows objects."""
    if card.consumes is Consumes.FACES:
        return replace(card, preprocessing=f"{card.preprocessing} Faces found by {_finder(weights)}.".strip())
    if card.follows:
        told = f"{card.preprocessing} Objects found by {_object_finder(weights)} unless another is named."
        return replace(card, preprocessing=told.strip())
    return card


def _finder(weights: WeightStore) -> str:
    """The one that media/faces.py takes, without loading it: the web has no OpenCV."""
    try:
        weights.path("yunet")
    except UnverifiedWeights:
        return "OpenCV's frontal cascade"
    return f"YuNet {CATALOGUE['yunet'].sha256[:12]}"


def _object_finder(weights: WeightStore) -> str:
    """The best one, as analytics/detection chooses it, without loading it."""
    for name in PUBLISHED:
        try:
            weights.path(name)
        except UnverifiedWeights:
            continue
        return f"{CATALOGUE[name].title} {CATALOGUE[name].sha256[:12]}"
    return f"{WITHOUT_WEIGHTS} (upright people only)"
