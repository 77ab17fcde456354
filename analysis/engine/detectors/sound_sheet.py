"""Evidence pictures of sound: spectrograms with marked passages, and curves over a labelled axis."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from analysis.engine.detectors.evidence import INK, LABEL_HEIGHT, PAPER, png
from analysis.engine.detectors.listening import RATE_HZ, power_spectra
from analysis.engine.plots import Span, Spectrogram
from analysis.engine.types import Samples

WIDTH, HEIGHT, MARGIN = 960, 256, 8
ACCENT, QUIET = (255, 176, 64), (96, 102, 112)
RANGE_DB = 80.0
_WIDE, _HIGH = WIDTH + 2 * MARGIN, HEIGHT + LABEL_HEIGHT + 2 * MARGIN
PLANE = (MARGIN / _WIDE, MARGIN / _HIGH, (MARGIN + WIDTH) / _WIDE, (MARGIN + HEIGHT) / _HIGH)
SIZE = 512


def spectrogram(samples: Samples, *, spans: Sequence[tuple[float, float]], starts_seconds: float) -> bytes:
    """A PNG: 16 kHz mono sound of any length, time to the right; `spans` in seconds from its start are framed."""
    hop = max(128, len(samples) // WIDTH)
    levels = power_spectra(_padded(samples), size=SIZE, hop=hop)
    top = float(levels.max())
    grey = np.clip((levels - (top - RANGE_DB)) / RANGE_DB * 255, 0, 255).astype(np.uint8).T[::-1]
    sheet = Image.new("RGB", (WIDTH + 2 * MARGIN, HEIGHT + LABEL_HEIGHT + 2 * MARGIN), PAPER)
    sheet.paste(
        Image.fromarray(np.ascontiguousarray(grey)).resize((WIDTH, HEIGHT)).convert("RGB"), (MARGIN, MARGIN)
    )
    pen = ImageDraw.Draw(sheet)
    seconds = len(samples) / RATE_HZ
    for start, end in spans:
        left, right = (MARGIN + at / seconds * WIDTH for at in (max(start, 0.0), min(end, seconds)))
        pen.rectangle((left, MARGIN, max(right, left + 1), MARGIN + HEIGHT), outline=ACCENT, width=2)
    label = f"{starts_seconds:.2f} to {starts_seconds + seconds:.2f} s, 8 kHz at the top, 80 dB from black to white"
    pen.text((MARGIN, HEIGHT + MARGIN + 2), label, fill=INK)
    return png(sheet)


def shown(
    samples: Samples, *, spans: Sequence[tuple[float, float]], starts_seconds: float, label: str
) -> Spectrogram:
    """What `spectrogram` draws of the same, as data; `label` says what its spans are."""
    seconds = len(samples) / RATE_HZ
    marked = [
        Span(starts_seconds + max(start, 0.0), starts_seconds + min(end, seconds), label)
        for start, end in spans
    ]
    return Spectrogram(starts_seconds, starts_seconds + seconds, RATE_HZ / 2, PLANE, marked)


def curve(
    across: Sequence[float] | NDArray[np.float64],
    values: Sequence[float] | NDArray[np.float64],
    *,
    label: str,
    unit: str,
    marks: Sequence[float] = (),
) -> bytes:
    """A PNG of finite `values` over ascending `across`, with upright lines at `marks`."""
    sheet = Image.new("RGB", (WIDTH + 2 * MARGIN, HEIGHT + LABEL_HEIGHT + 2 * MARGIN), PAPER)
    pen = ImageDraw.Draw(sheet)
    low, high = float(np.min(values)), float(np.max(values))
    first, last = float(across[0]), float(across[-1])

    def x(at: float) -> float:
        return MARGIN + (at - first) / max(last - first, 1e-9) * WIDTH

    def y(value: float) -> float:
        return MARGIN + HEIGHT - (value - low) / max(high - low, 1e-9) * HEIGHT

    for mark in marks:
        pen.line((x(mark), MARGIN, x(mark), MARGIN + HEIGHT), fill=ACCENT, width=2)
    points = [(x(float(at)), y(float(value))) for at, value in zip(across, values, strict=True)]
    pen.line(points, fill=INK, width=1)
    pen.text((MARGIN + 2, MARGIN), f"{high:.1f} {unit}", fill=QUIET)
    pen.text((MARGIN + 2, MARGIN + HEIGHT - 14), f"{low:.1f} {unit}", fill=QUIET)
    pen.text((MARGIN, HEIGHT + MARGIN + 2), label, fill=INK)
    return png(sheet)


def _padded(samples: Samples) -> Samples:
    return np.pad(samples, (0, max(0, SIZE - len(samples))))
