"""What a place looks like when nothing moves: a mixture of Gaussians for every pixel, told in media time.

After Zivkovic, "Improved adaptive Gaussian mixture model for background subtraction" (ICPR 2004), and Zivkovic and
van der Heijden (Pattern Recognition Letters 27, 2006), as in OpenCV's MOG2; shadows after Prati et al. (PAMI 2003).
Ours differs: the learning rate comes from the time between two pictures, so that a thing that came to stand belongs
to the background after the same time at any rate; and each picture is first brought to the light of the background,
because the exposure of a camera follows what drives through its picture.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.engine.analytics.scaling import scaled_down
from analysis.engine.analytics.watched import Where
from analysis.engine.types import Pixels

MOVES, SHADOW = 255, 127
# Zivkovic 2006, section 4, as in OpenCV: squared distance to a Gaussian, in variances
SPREAD = 16.0
SMALL = 48  # longer side of the copy that light is measured on
MOST_GAIN = 3.0  # beyond, it is another scene
DARK = 8.0  # levels, below which light cannot be measured
OTHER_LEVELS = 16.0
LEAST_PICTURES = 5  # to know noise by
TONES = np.arange(256, dtype=np.float64).reshape(1, 256, 1)

Reals = NDArray[np.float32]


class Background:
    """The model of one scene. `watched` has the size of the pictures; elsewhere they must be black."""

    def __init__(self, watched: Where, *, memory_seconds: float, settle_seconds: float) -> None:
        self._memory_seconds = memory_seconds
        self._settle_seconds = settle_seconds
        self._model = cv2.createBackgroundSubtractorMOG2(500, SPREAD, True)
        self._model.setShadowValue(SHADOW)
        self._light = _Light(watched)
        self._pictures = 0
        self._age_seconds = 0.0
        self.other_share = 0.0

    @property
    def settled(self) -> bool:
        return self._pictures > LEAST_PICTURES and self._age_seconds > self._settle_seconds

    def take(self, picture: Pixels, elapsed_seconds: float) -> tuple[Pixels, Pixels]:
        """The picture in the light of the background, and MOVES, SHADOW or 0 for each pixel. The model learns it.

        `other_share` then says how much of a coarse copy of what is watched looks otherwise, in 0–1.
        """
        self._pictures += 1
        self._age_seconds += elapsed_seconds
        rate = 1 - math.exp(-elapsed_seconds / self._memory_seconds)
        if not self.settled:
            rate = max(rate, 1 / self._pictures)
        lit = self._light.even(picture, rate)
        self.other_share = self._light.other_share
        return lit, np.asarray(self._model.apply(lit, learningRate=rate), np.uint8)

    def picture(self) -> Pixels:
        """RGB, what is seen where nothing moves."""
        return np.asarray(self._model.getBackgroundImage(), np.uint8)


class _Light:
    """Keeps a small copy of what was seen, as slowly as the background learns, and measures light against it."""

    def __init__(self, watched: Where) -> None:
        height, width = watched.shape
        scale = min(1.0, SMALL / max(width, height))
        self._size = (max(1, round(width * scale)), max(1, round(height * scale)))
        self._counts = cv2.resize(watched.astype(np.float32), self._size, interpolation=cv2.INTER_AREA) > 0
        self._usual: Reals | None = None
        self.other_share = 0.0

    def even(self, picture: Pixels, rate: float) -> Pixels:
        small = scaled_down(picture, *self._size)
        now = np.ascontiguousarray(small.transpose(2, 0, 1), np.float32)  # planes take half the time
        if self._usual is None:
            self._usual = now
        gains = [self._gain(*planes) for planes in zip(now, self._usual, strict=True)]
        apart = np.abs(now * np.array(gains, np.float32)[:, None, None] - self._usual).max(axis=0)[
            self._counts
        ]
        self.other_share = float((apart > OTHER_LEVELS).mean()) if apart.size else 0.0
        self._usual += np.float32(rate) * (now - self._usual)
        tones = np.clip(np.rint(TONES * np.asarray(gains)), 0, 255).astype(np.uint8)
        return np.asarray(cv2.LUT(picture, tones), np.uint8)

    def _gain(self, now: Reals, usual: Reals) -> float:
        """By the middle pixel: what covers less than half the picture cannot shift it."""
        fit = self._counts & (now > DARK) & (usual > DARK)
        if not fit.any():
            return 1.0
        gain = float(np.median(usual[fit] / now[fit]))
        return gain if 1 / MOST_GAIN <= gain <= MOST_GAIN else 1.0
