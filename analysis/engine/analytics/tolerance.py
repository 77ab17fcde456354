"""What differs from the background more than a small shift and a change of light can explain.

After the suppression of false detections by Elgammal, Harwood and Davis (ECCV 2000, section 3): what the background
shows beside a pixel may show in it, because a camera trembles and a codec moves edges. Ours takes the range of the
3 × 3 neighbours instead of their densities. Light is corrected by one factor for all tones, which no camera keeps to:
a pixel that was corrected by 50 levels may be 20 off. On a drawn ground exposed at 45 % through curves with a toe and a
shoulder, a fifth of the correction left up to 19 % of the picture as motion, two fifths none.
"""

import cv2
import numpy as np

from analysis.engine.analytics.watched import Where
from analysis.engine.types import Pixels

NEIGHBOURS = np.ones((3, 3), np.uint8)
LEVELS = 6  # of noise
CORRECTED = 0.4  # of a correction


def exceeds(lit: Pixels, seen: Pixels, usual: Pixels) -> Where:
    """Three RGB pictures of a size: in the light of the background, as it was seen, and the background."""
    least = cv2.subtract(cv2.erode(usual, NEIGHBOURS), lit)
    most = cv2.subtract(lit, cv2.dilate(usual, NEIGHBOURS))
    corrected = cv2.convertScaleAbs(cv2.absdiff(lit, seen), alpha=CORRECTED, beta=LEVELS)
    red, green, blue = cv2.split(cv2.subtract(cv2.max(least, most), corrected))
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8) > 0
