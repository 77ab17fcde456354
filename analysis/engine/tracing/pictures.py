"""What a traced score was computed from, and where the model looked, as pictures. Sides are bounded."""

import numpy as np
from PIL import Image, ImageDraw

from analysis.engine.detectors.base import Attention, Piece, Window
from analysis.engine.detectors.evidence import INK, LABEL_HEIGHT, PAPER, png
from analysis.engine.types import EvidenceMade, Floats, Pixels

CAPTION = "where the model looked, not where the edit is"
MOST_SIDE, LEAST_SIDE = 512, 256
STRIP = (512, 96)
GLOW = np.array([255, 176, 32], np.float32)  # like no outcome's colour
SOUND_RATE_HZ = 16_000


def crop_made(detector: str, piece: Piece) -> EvidenceMade:
    """The scored piece: the picture or face crop itself, for sound the waveform of the window."""
    if isinstance(piece, Window):
        content = png(_strip(piece, None))
        return EvidenceMade(detector, "window", "The window scored", _seconds(piece), "image/png", content)
    picture = Image.fromarray(piece.rgb)
    picture.thumbnail((MOST_SIDE, MOST_SIDE), Image.Resampling.BILINEAR)
    caption = (
        f"{piece.pts_seconds:.3f} s, sample {piece.index}; {piece.rgb.shape[1]} x {piece.rgb.shape[0]} px."
    )
    return EvidenceMade(detector, "crop", "The picture scored", caption, "image/png", png(picture))


def ground_made(detector: str, piece: Piece, attention: Attention) -> EvidenceMade | None:
    """What the map covers, where that is not the piece itself: cut, squeezed or put together for the net."""
    seen = attention.picture
    if seen is None or isinstance(piece, Window) or np.array_equal(seen, piece.rgb):
        return None
    picture = _fitted(seen)
    caption = f"What the map covers, {seen.shape[1]} x {seen.shape[0]} px."
    return EvidenceMade(detector, "ground", "What the model was given", caption, "image/png", png(picture))


def heatmap_made(detector: str, piece: Piece, attention: Attention) -> EvidenceMade:
    """The map over what the net was given, with the caption in the picture, so that it goes wherever that goes."""
    if isinstance(piece, Window):
        picture = _strip(piece, attention.values)
    else:
        picture = _overlaid(
            attention.picture if attention.picture is not None else piece.rgb, attention.values
        )
    content = png(_labelled(picture))
    return EvidenceMade(detector, "heatmap", "Where the model looked", CAPTION, "image/png", content)


def _overlaid(rgb: Pixels, values: Floats) -> Image.Image:
    picture = _fitted(rgb)
    heat = Image.fromarray(values).resize(picture.size, Image.Resampling.BILINEAR)
    share = 0.75 * np.clip(np.asarray(heat, np.float32), 0, 1)[..., None]
    # grey below, so that colours of the picture are not taken for the map
    grey = np.asarray(picture.convert("L"), np.float32)[..., None]
    return Image.fromarray(np.asarray(grey * (1 - share) + GLOW * share, np.uint8))


def _fitted(rgb: Pixels) -> Image.Image:
    picture = Image.fromarray(rgb)
    scale = max(LEAST_SIDE / max(picture.size), min(1.0, MOST_SIDE / max(picture.size)))
    size = tuple(max(1, round(side * scale)) for side in picture.size)
    return picture.resize((size[0], size[1]), Image.Resampling.BILINEAR)


def _strip(window: Window, values: Floats | None) -> Image.Image:
    width, height = STRIP
    parts = np.array_split(np.abs(window.samples), width) if len(window.samples) >= width else []
    sheet = Image.new("RGB", STRIP, PAPER)
    draw = ImageDraw.Draw(sheet)
    if values is not None:
        for column in range(width):
            share = float(values[0, min(values.shape[1] - 1, column * values.shape[1] // width)])
            draw.line((column, 0, column, height), fill=_glow(0.75 * share))
    for column, part in enumerate(parts):
        half = float(part.max()) * height / 2
        draw.line((column, height / 2 - half, column, height / 2 + half), fill=INK)
    return sheet


def _glow(share: float) -> tuple[int, int, int]:
    red, green, blue = (
        round(dark * (1 - share) + bright * share) for dark, bright in zip(PAPER, GLOW, strict=True)
    )
    return red, green, blue


def _labelled(picture: Image.Image) -> Image.Image:
    sheet = Image.new("RGB", (max(picture.width, 272), picture.height + LABEL_HEIGHT), PAPER)
    sheet.paste(picture, (0, 0))
    ImageDraw.Draw(sheet).text((4, picture.height + 3), CAPTION, fill=INK)
    return sheet


def _seconds(window: Window) -> str:
    ends = window.start_seconds + len(window.samples) / SOUND_RATE_HZ
    return f"{window.start_seconds:.3f} s to {ends:.3f} s."
