"""Drawn pictures with a known truth: a scene as a camera would give it, and edits planted in it."""

import io
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from analysis.engine.detectors.base import Detector, Session
from analysis.engine.types import (
    Assessment,
    Box,
    Frame,
    FrameBatch,
    MediaKind,
    Pixels,
    Probe,
    ScorePoint,
    Source,
)

SOURCE = Source(Probe(MediaKind.IMAGE, "png"), sample_fps=5.0, expected_samples=1)
Region = tuple[slice, slice]
Plane = NDArray[np.float64]


def region(left: int, top: int, right: int, bottom: int) -> Region:
    return slice(top, bottom), slice(left, right)


@cache
def scene(width: int = 640, height: int = 480, *, seed: int = 1) -> Plane:
    """A scene without noise, 0..255 RGB: a gradient, soft things of many sizes, coarse and fine texture in places.
    Drawn once: do not write into it."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    plane = 90 + 60 * rows / height + 30 * columns / width
    for scale, strength in ((60, 30), (20, 14), (7, 7), (2, 5)):
        rough = ndimage.gaussian_filter(rng.standard_normal((height, width)), scale)
        where = ndimage.gaussian_filter(rng.standard_normal((height, width)), 50)
        plane = plane + rough / rough.std() * strength * (where > 0)
    for _ in range(160):
        x, y, size = rng.integers(width), rng.integers(height), rng.integers(3, 30)
        across, down = (columns - x) / size, (rows - y) / (size * rng.uniform(0.4, 1))
        inside = np.hypot(across, down) < 1 if rng.random() < 0.5 else np.maximum(abs(across), abs(down)) < 1
        plane = np.where(inside, 0.4 * plane + rng.uniform(20, 120), plane)
    smooth = ndimage.gaussian_filter(plane, 0.7)  # a lens
    return smooth[..., None] * np.array([1.0, 0.95, 0.9])


def noisy(light: Plane, *, sigma: float = 3.0, seed: int = 1) -> Pixels:
    """The scene as a sensor with white noise of `sigma` levels gives it."""
    noise = np.random.default_rng(seed + 1000).normal(0, sigma, light.shape)
    return (light + noise).clip(0, 255).round().astype(np.uint8)


def photo(width: int = 640, height: int = 480, *, seed: int = 1, sigma: float = 3.0) -> Pixels:
    return noisy(scene(width, height, seed=seed), sigma=sigma, seed=seed)


def as_jpeg(rgb: Pixels, quality: int) -> Pixels:
    """The picture after it was saved as a JPEG of that quality."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def resized(rgb: Pixels, width: int, height: int) -> Pixels:
    return np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.BICUBIC))


def examined(detector: Detector, rgb: Pixels) -> tuple[Session, list[ScorePoint], Assessment]:
    """One picture, fed as the lane feeds it."""
    session = detector.open(SOURCE)
    fed = list(session.feed(FrameBatch((Frame(0, 0.0, rgb),))))
    points = [point for observation in fed for point in getattr(observation, "points", ())]
    return session, points, session.finish()


def overlap(box: Box, planted: Region, rgb: Pixels) -> float:
    """Intersection over union of a box in 0–1 and the planted region."""
    height, width = rgb.shape[:2]
    rows, columns = planted
    left, right = max(box[0] * width, columns.start), min(box[2] * width, columns.stop)
    top, bottom = max(box[1] * height, rows.start), min(box[3] * height, rows.stop)
    shared = max(0.0, right - left) * max(0.0, bottom - top)
    own = (box[2] - box[0]) * width * (box[3] - box[1]) * height
    return shared / (own + (columns.stop - columns.start) * (rows.stop - rows.start) - shared)
