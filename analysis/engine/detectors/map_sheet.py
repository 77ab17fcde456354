"""The evidence picture of detectors of still pictures: the picture with boxes, beside the map of what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from analysis.engine.detectors.evidence import INK, LABEL_HEIGHT, PAPER, png
from analysis.engine.types import Box, Pixels

SHOWN_SIDE = 560
MARGIN = 12
TINTS = ((255, 176, 64), (96, 200, 255))
UNMEASURED = (44, 50, 60)


@dataclass(frozen=True)
class Mark:
    """A box of the picture, and what is said of it. Boxes of one `pair` are tied by a line."""

    box: Box
    label: str
    pair: int | None = None


def draw(picture: Pixels, grid: NDArray[np.float32], marks: Sequence[Mark], *, title: str) -> bytes:
    """A PNG: the picture (uint8 RGB, at most 560 px) with its marks, beside the grid from its least to its most."""
    shown = Image.fromarray(picture)
    plane = _plane(grid, shown.size)
    _outline(shown, marks)
    _outline(plane, marks)
    width, height = max(shown.width, 220), shown.height
    sheet = Image.new("RGB", (2 * width + 3 * MARGIN, height + LABEL_HEIGHT + 2 * MARGIN), PAPER)
    sheet.paste(shown, (MARGIN, MARGIN))
    sheet.paste(plane, (width + 2 * MARGIN, MARGIN))
    pen = ImageDraw.Draw(sheet)
    pen.text((MARGIN, height + MARGIN + 3), "the picture", fill=INK)
    pen.text((width + 2 * MARGIN, height + MARGIN + 3), title, fill=INK)
    return png(sheet)


def _plane(grid: NDArray[np.float32], size: tuple[int, int]) -> Image.Image:
    known = np.isfinite(grid)
    low, high = np.percentile(grid[known], [1, 99]) if known.any() else (0.0, 1.0)
    bright = np.clip((np.where(known, grid, low) - low) / max(float(high - low), 1e-6), 0, 1) * 255
    pixels = np.repeat(bright[..., None], 3, axis=2).astype(np.uint8)
    pixels[~known] = UNMEASURED
    return Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST)


def _outline(image: Image.Image, marks: Sequence[Mark]) -> None:
    pen = ImageDraw.Draw(image)
    for at, mark in enumerate(marks):
        tint = TINTS[(at if mark.pair is None else mark.pair) % len(TINTS)]
        left, top, right, bottom = _pixels(mark.box, image.size)
        pen.rectangle((left, top, max(right, left + 1), max(bottom, top + 1)), outline=tint, width=2)
    for first, second in zip(marks[::2], marks[1::2], strict=False):
        if first.pair is not None and first.pair == second.pair:
            tint = TINTS[first.pair % len(TINTS)]
            pen.line((*_middle(first.box, image.size), *_middle(second.box, image.size)), fill=tint, width=2)


def _pixels(box: Box, size: tuple[int, int]) -> tuple[float, float, float, float]:
    width, height = size
    return box[0] * (width - 1), box[1] * (height - 1), box[2] * (width - 1), box[3] * (height - 1)


def _middle(box: Box, size: tuple[int, int]) -> tuple[float, float]:
    left, top, right, bottom = _pixels(box, size)
    return (left + right) / 2, (top + bottom) / 2
