"""What detectors that show where they looked have in common."""

from analysis.engine.detectors.base import Piece, Window
from analysis.engine.types import Pixels, Samples


def rgb_of(piece: Piece) -> Pixels:
    """The picture of a frame or face. Raises TypeError for sound."""
    if isinstance(piece, Window):
        raise TypeError("this detector looks at pictures")
    return piece.rgb


def samples_of(piece: Piece) -> Samples:
    """The sound of a window. Raises TypeError for a picture."""
    if not isinstance(piece, Window):
        raise TypeError("this detector listens to sound")
    return piece.samples
