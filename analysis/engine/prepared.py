"""What prepares a detector's input here, besides what its card says: who finds its faces.

A calibration holds for faces cut by one finder. Another one finds others and cuts them elsewhere, so it belongs to the
preprocessing that is kept with a calibration, and that a card on record shows.
"""

from dataclasses import replace

from analysis.engine.catalogue import CATALOGUE
from analysis.engine.detectors.base import Card
from analysis.engine.errors import UnverifiedWeights
from analysis.engine.types import Consumes
from analysis.engine.weights import WeightStore


def prepared(card: Card, weights: WeightStore) -> Card:
    """The card, its preprocessing with the face finder that is in use with these weights; only that of faces."""
    if card.consumes is not Consumes.FACES:
        return card
    return replace(card, preprocessing=f"{card.preprocessing} Faces found by {_finder(weights)}.".strip())


def _finder(weights: WeightStore) -> str:
    """The one that media/faces.py takes, without loading it: the web has no OpenCV."""
    try:
        weights.path("yunet")
    except UnverifiedWeights:
        return "OpenCV's frontal cascade"
    return f"YuNet {CATALOGUE['yunet'].sha256[:12]}"
