"""Any picture Pillow opens as 8-bit RGB.

Pixel values are those in the file: a profile is applied only to CMYK, which has no RGB without one.
Transparent parts lie on middle grey, so that colour nobody sees is not examined. 16-bit values keep
their upper half, floating point is taken as 0..1 when it fits and by its maximum otherwise.
"""

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from analysis.engine.types import Pixels

GREY = (128, 128, 128)
_STRIP_PIXELS = 1 << 20


def draw(picture: Image.Image, into: "Pixels") -> None:
    """Writes the picture into uint8 (height, width, 3), strip by strip: a large one lies in memory twice
    already, as Pillow decoded it and where it is drawn."""
    picture = _from_cmyk(picture) if picture.mode == "CMYK" else picture
    deep = picture.mode.startswith("I;16") or picture.mode in ("I", "F")
    most = _most(picture) if deep else 0.0
    width, height = picture.size
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        strip = picture.crop((0, top, width, min(top + rows, height)))
        into[top : top + rows] = _from_deep_grey(strip, most) if deep else _rgb(strip)


def _rgb(picture: Image.Image) -> "Pixels":
    if picture.has_transparency_data:
        ground = Image.new("RGBA", picture.size, (*GREY, 255))
        picture = Image.alpha_composite(ground, picture.convert("RGBA"))
    return np.asarray(picture.convert("RGB"))


def bit_depth(picture: Image.Image) -> int:
    """Bits per channel as the file stores them."""
    tiles = getattr(picture, "tile", None)
    stored = str(tiles[0].args) if tiles else ""
    if picture.mode in ("F", "I"):
        return 32
    if ";16" in picture.mode or ";16" in stored:
        return 16
    return 1 if picture.mode == "1" else int(picture.info.get("bit_depth") or 8)


def _most(picture: Image.Image) -> float:
    """The largest value, which tells floating point in 0..1 from other, and 8 bits in 32 from 16."""
    low_and_high: Any = picture.getextrema()
    return float(low_and_high[1]) if np.isfinite(low_and_high[1]) else 1.0


def _from_deep_grey(picture: Image.Image, most: float) -> "Pixels":
    values: Any = np.asarray(picture)
    if picture.mode == "F":
        values = np.nan_to_num(values) / max(most, 1.0) * 255
    elif picture.mode != "I" or most > 255:
        values = values.astype(np.int64) >> 8
    return np.repeat(np.clip(values, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def _from_cmyk(picture: Image.Image) -> Image.Image:
    profile = picture.info.get("icc_profile")
    if not profile:
        return picture
    from PIL import ImageCms

    try:
        return (
            ImageCms.profileToProfile(
                picture,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode="RGB",
            )
            or picture
        )
    except (ImageCms.PyCMSError, OSError):
        return picture
