"""Faces drawn with eyes that open and close by a known truth."""

from functools import cache

import cv2
import numpy as np

from tests.analysis.engine.detectors.drawn_faces import CROP_PX, EYES_PX, MIDDLE, face

FINER = 4  # drawn that many times as large, so that lids move by parts of a pixel
SKIN, WHITE, IRIS, LASHES = 165, 200, 60, 95


def opening(at, blinks, *, lasting=0.2):
    """How far open eyes are at that time, 1 wide: each blink closes and opens within `lasting` seconds."""
    nearest = min((abs(at - middle) for middle in blinks), default=1.0)
    return float(np.clip(nearest / (lasting / 2) - 0.2, 0, 1))


@cache
def drawn(wide, iris=IRIS):
    """Luma of a face whose eyes are open by `wide`: white, iris and a line of lashes (a closed lid is such a line)."""
    large = np.full((CROP_PX * FINER, CROP_PX * FINER), SKIN, np.uint8)
    unit = EYES_PX * FINER
    for side in (-0.5, 0.5):
        x, y = round(MIDDLE[0] * FINER + side * unit), round(MIDDLE[1] * FINER)
        half = (round(0.24 * unit), max(1, round(0.085 * unit * wide)))
        shape = cv2.ellipse(np.zeros_like(large), (x, y), half, 0, 0, 360, 1, -1)
        ball = cv2.circle(np.full_like(large, WHITE), (x, y), round(0.095 * unit), iris, -1)
        large = np.where(shape, ball, large)
        cv2.ellipse(large, (x, y), half, 0, 180, 360, LASHES, round(0.025 * unit))
    return cv2.resize(large, (CROP_PX, CROP_PX), interpolation=cv2.INTER_AREA)


def blinking(blinks=(), *, seconds=20.0, fps=24.0, lasting=0.2, iris=IRIS, noise=2.0, **fields):
    """A face seen for that long, whose eyes are most closed at the times of `blinks`."""
    random = np.random.default_rng(7)
    for number in range(round(seconds * fps)):
        luma = drawn(round(opening(number / fps, blinks, lasting=lasting), 2), iris)
        noisy = luma + noise * random.standard_normal(luma.shape, np.float32)
        rgb = np.repeat(np.clip(noisy, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
        yield face(number, rgb, fps=fps, **fields)
