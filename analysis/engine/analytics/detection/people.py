"""People without downloaded weights: histograms of oriented gradients and the linear SVM that comes with OpenCV.

Dalal and Triggs, Histograms of oriented gradients for human detection, CVPR 2005. A window of 64 x 128 pixels holds a
person of 96, 16 pixels below the top and above the bottom; the box told is the person's, as wide as 0.41 of its height
(Dollár et al., Pedestrian detection: an evaluation of the state of the art, PAMI 2012, section 2.2).

The SVM gives a margin, not a confidence. It becomes one by a logistic curve through two points of drawn pictures: 0.1
at margin 0, where the SVM itself decides, and 0.6, from which a tracker begins a track, at 0.5. Of 60 drawn pictures of
clutter without people 11 had a window above 0, one above 0.5; of 60 drawn people of 100 to 180 pixels 51 had one above
0.5, of 20 of 250 pixels 11.
"""

import cv2
import numpy as np

from analysis.engine.analytics.detection.boxes import Reals, check_picture, detections
from analysis.engine.analytics.detection.classes import PERSON
from analysis.engine.analytics.objects import Detection
from analysis.engine.types import Pixels

WORKING_SIDE = 640  # pixels of the longer side; twice that takes four times as long
WINDOW_WIDE, WINDOW_HIGH, MARGIN = 64, 128, 16
WIDE_OF_HIGH = 0.41
SCALE_STEP = 1.05  # 1.1 takes half the time and gives drawn people lower margins
AT_MARGIN_0, AT_KNOWN_MARGIN, KNOWN_MARGIN = 0.1, 0.6, 0.5


class People:
    """An ObjectFinder of upright people. cv2's own number of threads counts."""

    name = "opencv-people"
    version = cv2.__version__
    sha256: str | None = None
    classes = frozenset({PERSON})
    blind = (
        "Sees only upright, wholly visible people, of at least 96 pixels in a copy of the frame scaled to 640 pixels "
        "and of at most three quarters of its height; no vehicles, no animals, no things."
    )

    def __init__(self) -> None:
        self._hog = detector()

    def find(self, rgb: Pixels) -> tuple[Detection, ...]:
        check_picture(rgb)
        picture, shown = working(rgb)
        windows, margins = windows_in(self._hog, picture)
        boxes = people_in(windows) / shown
        return detections(boxes, confidence(margins), np.zeros(len(boxes), np.int64), (PERSON,))


def detector() -> cv2.HOGDescriptor:
    hog = cv2.HOGDescriptor()
    hog.setSVMDetector(np.array(cv2.HOGDescriptor.getDefaultPeopleDetector(), np.float32))
    return hog


def windows_in(hog: cv2.HOGDescriptor, picture: Pixels) -> tuple[Reals, Reals]:
    """picture: BGR. All windows the SVM takes for a person, (n, 4) as left, top, width, height, and their margins."""
    windows, margins = hog.detectMultiScale(
        picture, hitThreshold=0, winStride=(8, 8), padding=(16, 16), scale=SCALE_STEP, groupThreshold=0
    )
    return np.asarray(windows, np.float32).reshape(-1, 4), np.asarray(margins, np.float32).ravel()


def working(rgb: Pixels) -> tuple[Pixels, Reals]:
    """A copy at the working size in BGR, and what of it is the frame, as width, height, width, height.

    Never smaller than a window: OpenCV then writes beyond its memory.
    """
    height, width = rgb.shape[:2]
    scale = min(1.0, WORKING_SIDE / max(width, height))
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(np.ascontiguousarray(rgb[:, :, ::-1]), (wide, high), interpolation=cv2.INTER_AREA)
    right, below = max(0, WINDOW_WIDE - wide), max(0, WINDOW_HIGH - high)
    whole = cv2.copyMakeBorder(small, 0, below, 0, right, cv2.BORDER_REPLICATE)
    return np.asarray(whole, np.uint8), np.array([wide, high, wide, high], np.float32)


def people_in(windows: Reals) -> Reals:
    """windows: (n, 4) as left, top, width, height. The people they hold, (n, 4) xyxy."""
    left, top, wide, high = windows.T
    margin = high * MARGIN / WINDOW_HIGH
    middle, half = left + wide / 2, (high - 2 * margin) * WIDE_OF_HIGH / 2
    return np.stack([middle - half, top + margin, middle + half, top + high - margin], axis=1)


def confidence(margins: Reals) -> Reals:
    """The SVM's margins as confidences in 0–1."""
    lowest, known = (np.log(share / (1 - share)) for share in (AT_MARGIN_0, AT_KNOWN_MARGIN))
    odds = lowest + (known - lowest) * margins / KNOWN_MARGIN
    # 50 is as sure as can be, and exp of its like overflows nothing
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -50, 50))), np.float32)
