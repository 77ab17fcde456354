"""Curves as evidence: panels below each other, each with its own scale, drawn with Pillow."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from PIL import Image, ImageDraw

from analysis.engine.detectors.evidence import INK, LABEL_HEIGHT, PAPER, png

WIDTH, HEIGHT, MARGIN = 720, 150, 12
QUIET, MARKED = (96, 102, 112), (58, 62, 84)
COLOURS = ((255, 176, 64), (96, 190, 255), (150, 220, 130), (230, 130, 200), (240, 230, 110))


@dataclass(frozen=True)
class Panel:
    """Curves by name over one axis; `title` names it with its units.

    None is a gap in a curve. `spans` are stretches of the axis to shade, from where to where.
    """

    title: str
    across: Sequence[float]
    curves: Mapping[str, Sequence[float | None]]
    spans: Sequence[tuple[float, float]] = ()


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
    values = [value for curve in panel.curves.values() for value in curve if value is not None]
    low, high = min(values, default=0.0), max(values, default=1.0)
    first, last = panel.across[0], panel.across[-1]

    def place(x: float, y: float) -> tuple[float, float]:
        right = (x - first) / max(last - first, 1e-9) * WIDTH
        return MARGIN + right, top + HEIGHT - 4 - (y - low) / max(high - low, 1e-12) * (HEIGHT - 8)

    for begin, end in panel.spans:
        pen.rectangle((place(begin, low)[0], top, place(end, low)[0], top + HEIGHT), fill=MARKED)
    pen.rectangle((MARGIN, top, MARGIN + WIDTH, top + HEIGHT), outline=QUIET)
    for at, (name, curve) in enumerate(panel.curves.items()):
        colour = COLOURS[at % len(COLOURS)]
        for piece in _pieces(panel.across, curve):
            pen.line([place(x, y) for x, y in piece], fill=colour, width=2)
        pen.text((MARGIN + 6 + 118 * at, top + HEIGHT + 3), name, fill=colour)
    pen.text((MARGIN + WIDTH - 110, top + HEIGHT + 3), f"{first:.1f} to {last:.1f}", fill=QUIET)


def _pieces(across: Sequence[float], curve: Sequence[float | None]) -> Iterator[list[tuple[float, float]]]:
    """The points of a curve between its gaps."""
    for known, points in groupby(zip(across, curve, strict=True), key=lambda point: point[1] is not None):
        if known:
            yield [(x, y) for x, y in points if y is not None]
