"""Number plates drawn to their standards' millimetres, on drawn cars, with a known truth.

The signs are Pillow's own outline font, drawn bold and pressed into the cells that the standard gives a sign.
"""

import math
from dataclasses import dataclass, field
from functools import cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont


@dataclass(frozen=True)
class Layout:
    """A plate in millimetres: its sides, its signs, the gap between groups, and what else stands on it."""

    width: float
    height: float
    sign: tuple[float, float]
    group_gap: float
    strip: float = 0.0
    strip_letters: str = ""
    title: str = ""
    paper: tuple[int, int, int] = (245, 245, 240)
    ink: tuple[int, int, int] = (20, 20, 25)
    rows: int = 1


# 1: Council Regulation (EC) 2411/98 and the orders of the countries; 2: CONTRAN 231/2007; 3: SAE J686.
GERMANY = Layout(520, 110, (47.5, 75), 45, strip=45, strip_letters="D")
SLOVAKIA = Layout(520, 110, (44, 75), 55, strip=45, strip_letters="SK")
BRITAIN = Layout(520, 111, (50, 79), 33, paper=(245, 200, 40))
FRANCE = Layout(520, 110, (42, 75), 38, strip=45, strip_letters="F")
BRAZIL = Layout(400, 130, (44, 63), 30, title="SP-SANTOS", paper=(200, 200, 200))
TEXAS = Layout(305, 152, (33, 67), 26, title="TEXAS")
MOTORCYCLE = Layout(240, 200, (44, 75), 20, rows=2)
GERMAN_TWO_ROWS = Layout(340, 200, (47.5, 75), 40, strip=45, strip_letters="D", rows=2)


@dataclass(frozen=True)
class View:
    """How a plate is seen: so many pixels a millimetre, turned by so many degrees, and what spoils it.

    blur_px: sigma of a Gaussian; noise: sigma in levels of 255; glare: 0..1 of the light of a lamp.
    """

    px_per_mm: float = 0.4
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    blur_px: float = 0.0
    noise: float = 0.0
    glare: float = 0.0
    background: tuple[int, int, int] = field(default=(70, 75, 85))


def plate(text: str, layout: Layout) -> np.ndarray:
    """A plate as uint8 RGB, 2 pixels a millimetre; rows and groups of `text` are parted by | and blanks."""
    scale = 2
    width, height = round(layout.width * scale), round(layout.height * scale)
    picture = Image.new("RGB", (width, height), layout.paper)
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((3, 3, width - 4, height - 4), 16, outline=layout.ink, width=5)
    if layout.strip:
        draw.rectangle((6, 6, layout.strip * scale, height - 7), fill=(20, 60, 160))
        _put(
            draw, layout.strip_letters, (layout.strip * scale / 2, height * 0.78), 26 * scale, (250, 250, 250)
        )
    if layout.title:
        _put(draw, layout.title, (width / 2, height * 0.14), 18 * scale, layout.ink)
    rows = text.split("|")
    for number, row in enumerate(rows):
        middle = height * (number + 0.5) / len(rows) + (12 * scale if layout.title else 0)
        _row(picture, row, layout, middle, scale)
    return np.asarray(picture)


def seen(
    text: str, layout: Layout, view: View, *, size: tuple[int, int] = (640, 480), seed: int = 0
) -> np.ndarray:
    """The plate in the middle of a plain picture of (width, height); uint8 RGB."""
    return seen_with_box(text, layout, view, size=size, seed=seed)[0]


def seen_with_box(
    text: str, layout: Layout, view: View, *, size: tuple[int, int] = (640, 480), seed: int = 0
) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    """As seen, and the upright box around the plate in pixels."""
    ground = np.empty((size[1], size[0], 3), np.uint8)
    ground[:] = view.background
    return put(ground, text, layout, view, centre=(size[0] / 2, size[1] / 2), seed=seed)


def put(
    picture: np.ndarray,
    text: str,
    layout: Layout,
    view: View,
    *,
    centre: tuple[float, float],
    seed: int = 0,
) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    """The picture with the plate in it, spoilt as a whole, and the upright box around the plate in pixels."""
    drawn = plate(text, layout)
    corners = _corners(layout, view) + np.float32(centre)
    height, width = drawn.shape[:2]
    way = cv2.getPerspectiveTransform(np.float32([[0, 0], [width, 0], [width, height], [0, height]]), corners)
    # made smaller at first, or the warp would leave out pixels of fine strokes
    shrink = min(1.0, view.px_per_mm)
    small = cv2.resize(drawn, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    way = way @ np.diag([width / small.shape[1], height / small.shape[0], 1.0])
    out = picture.shape[1], picture.shape[0]
    over = cv2.warpPerspective(small, way, out, flags=cv2.INTER_LINEAR).astype(np.float32)
    share = cv2.warpPerspective(np.ones(small.shape[:2], np.float32), way, out, flags=cv2.INTER_LINEAR)[
        ..., None
    ]
    mixed = picture * (1 - share) + over * share
    box = (*corners.min(axis=0), *corners.max(axis=0))
    return _spoilt(mixed, view, centre, layout, seed), tuple(float(value) for value in box)


def car(
    size: tuple[int, int] = (640, 480), *, colour: tuple[int, int, int] = (120, 30, 35), seed: int = 0
) -> np.ndarray:
    """A car from behind on a street, uint8 RGB; its plate belongs at 0.5, 0.72 of the picture."""
    width, height = size
    noise = np.random.default_rng(seed).normal(0, 6, (height, width, 1))
    picture = np.clip(np.full((height, width, 3), 110.0) + noise, 0, 255).astype(np.uint8)
    picture[: height // 3] = (150, 175, 200)
    x = lambda share: round(width * share)  # noqa: E731 - a scale, no function of its own
    y = lambda share: round(height * share)  # noqa: E731
    cv2.rectangle(picture, (x(0.16), y(0.45)), (x(0.84), y(0.85)), colour, -1)
    roof = np.array([[x(0.24), y(0.45)], [x(0.3), y(0.2)], [x(0.7), y(0.2)], [x(0.76), y(0.45)]], np.int32)
    cv2.fillPoly(picture, [roof], colour)
    glass = np.array(
        [[x(0.29), y(0.43)], [x(0.33), y(0.24)], [x(0.67), y(0.24)], [x(0.71), y(0.43)]], np.int32
    )
    cv2.fillPoly(picture, [glass], (40, 50, 60))
    for left in (0.18, 0.74):
        cv2.rectangle(picture, (x(left), y(0.5)), (x(left + 0.08), y(0.58)), (190, 40, 30), -1)
        cv2.rectangle(picture, (x(left), y(0.85)), (x(left + 0.08), y(0.93)), (20, 20, 20), -1)
    return picture


def writing(
    picture: np.ndarray,
    text: str,
    at: tuple[float, float],
    height_px: float,
    *,
    ink: tuple[int, int, int] = (250, 250, 250),
) -> np.ndarray:
    """The picture with other writing in it, its middle at `at` in pixels."""
    image = Image.fromarray(picture)
    _put(ImageDraw.Draw(image), text, at, height_px, ink)
    return np.asarray(image)


def _row(picture: Image.Image, row: str, layout: Layout, middle: float, scale: int) -> None:
    wide, high = (side * scale for side in layout.sign)
    pitch, gap = wide * 1.13, layout.group_gap * scale
    length = sum(gap if sign == " " else pitch for sign in row)
    x = (layout.strip * scale + picture.width - length) / 2
    for sign in row:
        if sign != " ":
            glyph = _glyph(sign).resize(
                (round(wide * (0.45 if sign in "I1" else 1)), round(high)), Image.Resampling.LANCZOS
            )
            left = round(x + (pitch - glyph.width) / 2)
            picture.paste(layout.ink, (left, round(middle - high / 2)), glyph)
        x += gap if sign == " " else pitch


@cache
def _glyph(sign: str) -> Image.Image:
    """A sign alone, filling a mask."""
    mask = Image.new("L", (400, 400))
    ImageDraw.Draw(mask).text((100, 60), sign, fill=255, font=ImageFont.load_default(200), stroke_width=7)
    return mask.crop(mask.getbbox())


def _put(
    draw: ImageDraw.ImageDraw,
    text: str,
    middle: tuple[float, float],
    height_px: float,
    ink: tuple[int, int, int],
) -> None:
    draw.text(middle, text, fill=ink, font=ImageFont.load_default(height_px), anchor="mm", stroke_width=1)


def _corners(layout: Layout, view: View) -> np.ndarray:
    """Where a plate's corners are seen around its middle, from 12 plate widths away."""
    yaw, pitch, roll = (math.radians(value) for value in (view.yaw, view.pitch, view.roll))
    half = np.array([layout.width / 2, layout.height / 2])
    points = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) * [*half, 0]
    turned = points @ _around(1, yaw) @ _around(0, pitch) @ _around(2, roll)
    away = 12 * layout.width
    return np.float32(turned[:, :2] * (away / (away + turned[:, 2:])) * view.px_per_mm)


def _around(axis: int, angle: float) -> np.ndarray:
    turn = np.eye(3)
    one, other = [place for place in range(3) if place != axis]
    turn[[one, other], [one, other]] = math.cos(angle)
    turn[one, other], turn[other, one] = math.sin(angle), -math.sin(angle)
    return turn


def _spoilt(
    picture: np.ndarray, view: View, centre: tuple[float, float], layout: Layout, seed: int
) -> np.ndarray:
    if view.glare:
        rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
        reach = layout.width * view.px_per_mm * 0.3
        away = np.hypot(columns - centre[0] - reach / 2, rows - centre[1])
        light = view.glare * np.exp(-((away / reach) ** 2))[..., None]
        picture = picture * (1 - light) + 255 * light
    if view.blur_px:
        picture = cv2.GaussianBlur(picture, (0, 0), view.blur_px)
    noise = np.random.default_rng(seed).normal(0, view.noise, picture.shape) if view.noise else 0
    return np.clip(picture + noise, 0, 255).round().astype(np.uint8)
