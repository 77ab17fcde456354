"""Pictures that detectors leave as evidence, drawn with Pillow and NumPy alone."""

import io
import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from analysis.engine.types import Pixels, Samples

INK = (230, 232, 236)
PAPER = (24, 27, 32)
LABEL_HEIGHT = 18


def png(image: Image.Image) -> bytes:
    """The picture as PNG bytes, without any metadata."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=False)
    return buffer.getvalue()


def contact_sheet(tiles: Sequence[tuple[Pixels, str]], *, tile_side: int, columns: int = 3) -> bytes:
    """A PNG of labelled tiles, each uint8 RGB of any size, fitted into a square of `tile_side` px."""
    columns = min(columns, len(tiles))
    cell = tile_side + 8
    sheet = Image.new(
        "RGB", (columns * cell + 8, math.ceil(len(tiles) / columns) * (cell + LABEL_HEIGHT) + 8), PAPER
    )
    draw = ImageDraw.Draw(sheet)
    for at, (pixels, label) in enumerate(tiles):
        left, top = 8 + at % columns * cell, 8 + at // columns * (cell + LABEL_HEIGHT)
        tile = Image.fromarray(pixels)
        tile.thumbnail((tile_side, tile_side), Image.Resampling.BILINEAR)
        sheet.paste(tile, (left, top))
        draw.text((left, top + tile_side + 2), label, fill=INK)
    return png(sheet)


def spectrogram_sheet(samples: Samples, *, sample_rate_hz: int, height: int = 256) -> bytes:
    """A PNG of the log power spectrogram: time to the right, frequency upwards, with its ends labelled."""
    size, hop = 512, 128
    count = 1 + (len(samples) - size) // hop
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop][:count] * np.hanning(size)
    decibel = 20 * np.log10(np.abs(np.fft.rfft(frames)) + 1e-6)
    top = float(decibel.max())
    grey = np.clip((decibel - (top - 80)) / 80 * 255, 0, 255).astype(np.uint8).T[::-1]
    picture = Image.fromarray(grey).resize((min(960, grey.shape[1] * 2), height)).convert("RGB")
    sheet = Image.new("RGB", (picture.width + 16, height + LABEL_HEIGHT + 16), PAPER)
    sheet.paste(picture, (8, 8))
    seconds = len(samples) / sample_rate_hz
    label = f"{seconds:.2f} s across, {sample_rate_hz // 2} Hz at the top, 80 dB from black to white"
    ImageDraw.Draw(sheet).text((8, height + 10), label, fill=INK)
    return png(sheet)
