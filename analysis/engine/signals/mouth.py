"""How far a mouth is open, from the light in it: an open mouth is darker than the cheeks beside it.

That the light in the mouth follows the loudness of the voice is how Hershey and Movellan (1999) find who speaks, by
the mutual information of each pixel with the sound. Ours differs: one number a frame, the darkest tenth of a patch
from under the nose to the chin against the mean of both cheeks, which cancels light that changes on the whole face
and follows the head with its eyes. Teeth, beards and a hand before the mouth weaken it.
"""

import numpy as np

from analysis.engine.signals.oval import MIDDLE_Y, Reals, aligned, eyes_px
from analysis.engine.types import Box, FaceCrop

SIDE, SPAN = 64, 3.2  # of the aligned face: pixels and eye distances
# by the eyes and not by the corners of the mouth, which the finder places a pixel or two anew in every sample
MOUTH: Box = (-0.3, 0.85, 0.3, 1.6)
CHEEKS: tuple[Box, Box] = ((-0.7, 0.35, -0.3, 0.8), (0.3, 0.35, 0.7, 0.8))
DARK_PERCENTILE = 10
MAX_NOSE = 0.35  # eye distances from the middle between the eyes: a head turned by some 35 degrees


def opening(face: FaceCrop) -> float | None:
    """0 (as bright as the cheeks) to 1 (black); None without landmarks or with eyes too near to each other."""
    eyes = eyes_px(face)
    if eyes is None:
        return None
    luma = np.asarray(aligned(face, *eyes, side=SIDE, span=SPAN), np.float64)
    cheeks = np.concatenate([_patch(luma, cheek).ravel() for cheek in CHEEKS])
    dark = float(np.percentile(_patch(luma, MOUTH), DARK_PERCENTILE))
    return 1 - dark / max(float(cheeks.mean()), 1.0)


def _patch(luma: Reals, part: Box) -> Reals:
    left, right = (round((x / SPAN + 0.5) * SIDE) for x in (part[0], part[2]))
    top, bottom = (round(((y - MIDDLE_Y) / SPAN + 0.5) * SIDE) for y in (part[1], part[3]))
    return luma[top:bottom, left:right]


def mouth_px(face: FaceCrop) -> float:
    """From corner to corner of the mouth in the original; 0 without landmarks."""
    marks = _marks_px(face)
    return 0.0 if marks is None else float(np.hypot(*(marks[4] - marks[3])))


def is_turned(face: FaceCrop) -> bool:
    """Whether the nose lies far from the middle between the eyes."""
    marks = _marks_px(face)
    if marks is None:
        return False
    across = marks[1] - marks[0]
    aside = (marks[2] - (marks[0] + marks[1]) / 2) @ across / max(float(across @ across), 1e-9)
    return abs(float(aside)) > MAX_NOSE


def _marks_px(face: FaceCrop) -> Reals | None:
    """The landmarks in pixels of the original, (5, 2)."""
    if face.landmarks is None or face.region is None:
        return None
    left, top, right, bottom = face.region
    scale = face.rgb.shape[0] / np.maximum([right - left, bottom - top], 1e-9)
    return np.asarray(np.array(face.landmarks) * scale, np.float64)
