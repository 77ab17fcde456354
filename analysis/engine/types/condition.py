"""What was measured on a file itself, to be held against what a detector was calibrated on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Condition:
    """In what state a file reached a detector, measured on the file itself; None where it has no such side.

    jpeg_quality: 1 to 100, of a JPEG's own tables. quantiser: mean of H.264's QP over the first pictures, 0 to 51
    (what x264's CRF aims at). short_side_px: of the upright picture. face_px: median longer side of the faces scored.
    """

    jpeg_quality: float | None = None
    quantiser: float | None = None
    short_side_px: float | None = None
    face_px: float | None = None
    sound_rate_hz: float | None = None
