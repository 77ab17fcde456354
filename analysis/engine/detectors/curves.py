"""Curves as evidence: panels below each other, each with its own scale, drawn with Pillow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from analysis.engine.detectors.evidence import INK, LABEL_HEIGHT, PAPER, png

WIDTH, HEIGHT, MARGIN = 720, 150, 12
QUIET = (96, 102, 112)
COLOURS = ((255, 176, 64), (96, 190, 255), (150, 220, 130), (230, 130, 200))


@dataclass(frozen=True)
class Panel:
    """Curves by name over one axis; `title` names it with its units."""

    title: str
    across: Sequence[float]
    curves: Mapping[str, Sequence[float]]


def draw(panels: Sequence[Panel]) -> bytes:
    """A PNG of the panels. Each curve has as many values as its panel's axis."""
    step = HEIGHT + 2 * LABEL_HEIGHT + MARGIN
    sheet = Image.new("RGB", (WIDTH + 2 * MARGIN, step * len(panels) + MARGIN), PAPER)
    pen = ImageDraw.Draw(sheet)
    for at, panel in enumerate(panels):
        _panel(pen, panel, MARGIN + at * step)
    return png(sheet)


def _panel(pen: ImageDraw.ImageDraw, panel: Panel, top: int) -> None:
    pen.text((MARGIN, top), panel.title, fill=INK)
    top += LABEL_HEIGHT
    pen.rectangle((MARGIN, top, MARGIN + WIDTH, top + HEIGHT), outline=QUIET)
    values = [value for curve in panel.curves.values() for value in curve]
    low, high = min(values, default=0.0), max(values, default=1.0)
    first, last = panel.across[0], panel.across[-1]
    for at, (name, curve) in enumerate(panel.curves.items()):
        colour = COLOURS[at % len(COLOURS)]
        points = [
            (
                MARGIN + (x - first) / max(last - first, 1e-9) * WIDTH,
                top + HEIGHT - 4 - (y - low) / max(high - low, 1e-12) * (HEIGHT - 8),
            )
            for x, y in zip(panel.across, curve, strict=True)
        ]
        pen.line(points, fill=colour, width=2)
        pen.text((MARGIN + 6 + 150 * at, top + HEIGHT + 3), name, fill=colour)
    pen.text((MARGIN + WIDTH - 110, top + HEIGHT + 3), f"{first:.1f} to {last:.1f}", fill=QUIET)
