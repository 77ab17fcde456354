"""The evidence picture of the spectrum detector: the two-dimensional spectrum and its azimuthal average."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from analysis.engine.detectors.evidence import INK, LABEL_HEIGHT, PAPER, png

SIDE = 384
MARGIN = 12
ACCENT = (255, 176, 64)
QUIET = (96, 102, 112)


def draw(
    decibel: NDArray[np.float32],
    profile: NDArray[np.float32],
    peaks: Sequence[tuple[int, int]],
    *,
    score: float,
) -> bytes:
    """A PNG: the spectrum (DC in the middle, `peaks` as (row, column) ringed) beside its radial profile."""
    sheet = Image.new("RGB", (2 * SIDE + 3 * MARGIN, SIDE + LABEL_HEIGHT + 2 * MARGIN), PAPER)
    sheet.paste(_plane(decibel, peaks), (MARGIN, MARGIN))
    sheet.paste(_curve(profile), (SIDE + 2 * MARGIN, MARGIN))
    pen = ImageDraw.Draw(sheet)
    below = SIDE + MARGIN + 3
    pen.text((MARGIN, below), "spectrum in dB, strongest lattice points ringed", fill=INK)
    pen.text(
        (SIDE + 2 * MARGIN, below), f"azimuthal average, 0 to 1/2 cycle per px, score {score:.3f}", fill=INK
    )
    return png(sheet)


def _plane(decibel: NDArray[np.float32], peaks: Sequence[tuple[int, int]]) -> Image.Image:
    low, high = np.percentile(decibel, [2, 99.8])
    grey = np.clip((decibel - low) / max(high - low, 1e-6) * 255, 0, 255).astype(np.uint8)
    plane = Image.fromarray(grey).resize((SIDE, SIDE), Image.Resampling.NEAREST).convert("RGB")
    pen = ImageDraw.Draw(plane)
    scale = SIDE / decibel.shape[0]
    for row, column in peaks:
        x, y = (column + 0.5) * scale, (row + 0.5) * scale
        pen.ellipse((x - 7, y - 7, x + 7, y + 7), outline=ACCENT, width=2)
    return plane


def _curve(profile: NDArray[np.float32]) -> Image.Image:
    plot = Image.new("RGB", (SIDE, SIDE), PAPER)
    pen = ImageDraw.Draw(plot)
    low, high = float(np.floor(profile[1:].min() / 5) * 5), float(np.ceil(profile[1:].max() / 5) * 5)
    for level in np.arange(low, high + 1, 5):
        y = _y(level, low, high)
        pen.line((0, y, SIDE, y), fill=QUIET)
        pen.text((2, y - 12), f"{level:.0f} dB", fill=QUIET)
    for quarter in range(1, 4):
        pen.line((quarter * SIDE / 4, 0, quarter * SIDE / 4, SIDE), fill=QUIET)
    steps = np.linspace(0, SIDE - 1, len(profile))
    points = [(float(x), _y(float(level), low, high)) for x, level in zip(steps, profile, strict=True)]
    pen.line(points[1:], fill=ACCENT, width=2)
    return plot


def _y(level: float, low: float, high: float) -> float:
    return SIDE - 1 - (level - low) / max(high - low, 1e-6) * (SIDE - 16)
