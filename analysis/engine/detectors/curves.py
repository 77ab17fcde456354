"""Curves as evidence: panels below each other, each with its own scale, drawn with Pillow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from analysis.engine.detectors.evidence import INK, LABEL_HEIGHT, PAPER, png
from analysis.engine.plots import Panel

__all__ = ["Panel", "draw"]

WIDTH, HEIGHT, MARGIN = 720, 150, 12
QUIET = (96, 102, 112)
GAP, SPAN, BAND = (44, 50, 60), (74, 56, 30), (38, 56, 72)
COLOURS = ((255, 176, 64), (96, 190, 255), (150, 220, 130), (230, 130, 200), (240, 230, 110))


@dataclass(frozen=True)
class _Field:
    """Where a panel's values lie in the picture."""

    left: float
    right: float
    low: float
    high: float
    top: int

    def x(self, at: float) -> float:
        share = (at - self.left) / max(self.right - self.left, 1e-9)
        return MARGIN + min(max(share, 0.0), 1.0) * WIDTH

    def y(self, value: float) -> float:
        return self.top + HEIGHT - 4 - (value - self.low) / max(self.high - self.low, 1e-12) * (HEIGHT - 8)


def draw(panels: Sequence[Panel]) -> bytes:
    """A PNG of the panels. Each curve has as many values as its panel's axis; None leaves a gap."""
    step = HEIGHT + 2 * LABEL_HEIGHT + MARGIN
    sheet = Image.new("RGB", (WIDTH + 2 * MARGIN, step * len(panels) + MARGIN), PAPER)
    pen = ImageDraw.Draw(sheet)
    for at, panel in enumerate(panels):
        _panel(pen, panel, MARGIN + at * step)
    return png(sheet)


def _panel(pen: ImageDraw.ImageDraw, panel: Panel, top: int) -> None:
    pen.text((MARGIN, top), panel.title, fill=INK)
    field = _field(panel, top + LABEL_HEIGHT)
    _ground(pen, panel, field)
    below = field.top + HEIGHT + 3
    for at, (name, curve) in enumerate(panel.curves.items()):
        colour = COLOURS[at % len(COLOURS)]
        for run in _runs(panel.across, curve):
            points = [(field.x(x), field.y(y)) for x, y in run]
            # a single value has no length
            pen.line(
                points if len(points) > 1 else [(points[0][0] - 1, points[0][1]), points[0]],
                fill=colour,
                width=2,
            )
        if at < 5:
            pen.text((MARGIN + 6 + 118 * at, below), name, fill=colour)
    pen.text((MARGIN + WIDTH - 110, below), f"{field.left:.1f} to {field.right:.1f}", fill=QUIET)


def _ground(pen: ImageDraw.ImageDraw, panel: Panel, field: _Field) -> None:
    """What lies behind the curves: gaps, marked stretches, the reference, and the frame."""
    bottom = field.top + HEIGHT
    for spans, colour in ((panel.gaps, GAP), (panel.spans, SPAN)):
        for span in spans:
            left = field.x(span.begins)
            pen.rectangle((left, field.top, max(field.x(span.ends), left + 1), bottom), fill=colour)
    if panel.band:
        for at, low, high in zip(panel.across, panel.band.low, panel.band.high, strict=True):
            if high is not None:
                foot = bottom if low is None else field.y(low)
                pen.line((field.x(at), field.y(high), field.x(at), foot), fill=BAND, width=3)
    for place, _ in panel.marks:
        pen.line((field.x(place), field.top, field.x(place), bottom), fill=QUIET)
    pen.rectangle((MARGIN, field.top, MARGIN + WIDTH, bottom), outline=QUIET)


def _field(panel: Panel, top: int) -> _Field:
    curves = [*panel.curves.values(), *((panel.band.low, panel.band.high) if panel.band else ())]
    values = [value for curve in curves for value in curve if value is not None]
    low, high = panel.scale or (min(values, default=0.0), max(values, default=1.0))
    return _Field(panel.across[0], panel.across[-1], low, high, top)


def _runs(across: Sequence[float], curve: Sequence[float | None]) -> Iterator[list[tuple[float, float]]]:
    """The stretches of a curve between its gaps."""
    run: list[tuple[float, float]] = []
    for x, y in zip(across, curve, strict=True):
        if y is not None:
            run.append((x, y))
        elif run:
            yield run
            run = []
    if run:
        yield run
