"""The small JPEG that cameras and editors store inside EXIF, and how far it is from the picture around it."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from analysis.engine.media.thumbnail_causes import causes

SIDE = 160
_GRID = 16
_UPRIGHT = {  # by the EXIF tag Orientation: what undoes it
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read(path: Path, exif: bytes) -> dict[str, Any] | None:
    """The thumbnail of this EXIF segment as JPEG in base64, its `difference` in 0..1, and what would explain it
    (`causes`); None without one.

    `difference` is the mean absolute difference of both, scaled to 16 x 16 grey. Cameras pad thumbnails to
    4:3 with bars, and some programs cut the picture to that shape instead: of the three fits the nearest counts.
    """
    raw = _jpeg_inside(exif)
    if not raw:
        return None
    with Image.open(io.BytesIO(raw), formats=("JPEG",)) as small, Image.open(path) as image:
        sizes = small.size, image.size
        small.draft("RGB", (SIDE, SIDE))
        image.draft("L", (4 * SIDE, 4 * SIDE))
        grey = _upright(small.convert("L"), image), image.convert("L")
        for picture in grey:  # large ones are compared many times
            picture.thumbnail((4 * SIDE, 4 * SIDE))
        difference, why = _difference(*grey), causes(*grey, _difference)
        small.thumbnail((SIDE, SIDE))
        buffer = io.BytesIO()
        small.convert("RGB").save(buffer, "JPEG", quality=90)
    return {
        "size": list(sizes[0]),
        "aspect_ratio": round(sizes[0][0] / sizes[0][1], 4),
        "picture_aspect_ratio": round(sizes[1][0] / sizes[1][1], 4),
        "difference": round(difference, 4),
        "causes": why,
        "jpeg_base64": base64.b64encode(buffer.getvalue()).decode("ascii"),
    }


def _jpeg_inside(exif: bytes) -> bytes | None:
    """The JPEG inside the EXIF segment, if any: told by its first marker, since its offset may lie."""
    at = exif.find(b"\xff\xd8\xff")
    return exif[at:] if at > 0 else None


def _upright(small: Image.Image, image: Image.Image) -> Image.Image:
    """HEIF is decoded upright, while its thumbnail lies as the sensor saw it, like that of any other format."""
    turn = _UPRIGHT.get(image.info.get("original_orientation") or 1)
    return small if turn is None else small.transpose(turn)


def _difference(small: Image.Image, image: Image.Image) -> float:
    fits = (
        (small, image),
        (_shaped(small, image.width / image.height), image),  # without the bars
        (small, _shaped(image, small.width / small.height)),  # cut like the thumbnail
    )
    return min(float(np.abs(_grey(a) - _grey(b)).mean()) for a, b in fits)


def _shaped(picture: Image.Image, aspect_ratio: float) -> Image.Image:
    """The middle of the picture, as large as that shape allows."""
    width = min(picture.width, max(1, round(picture.height * aspect_ratio)))
    height = min(picture.height, max(1, round(picture.width / aspect_ratio)))
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


def _grey(picture: Image.Image) -> NDArray[np.float64]:
    return np.asarray(picture.resize((_GRID, _GRID)), np.float64) / 255
