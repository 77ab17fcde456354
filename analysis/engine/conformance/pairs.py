"""Reference pairs of the built-in detectors that can be drawn: the second file is manipulated."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from analysis.engine.conformance import drawing
from analysis.engine.types import Pixels

Pair = tuple[Path, Path]


def _spectrum(folder: Path) -> Pair:
    """Grain, and the same under texture enlarged by zero insertion with a kernel that leaves its grid."""
    plain = drawing.grain(256, 384, seed=1)
    coarse = np.random.default_rng(1).normal(30, 8, (64, 96))
    spread = np.kron(coarse, np.outer([1, 0.2, 0, 0.2], [1, 0.2, 0, 0.2]))
    enlarged = np.clip(plain + spread[..., None], 0, 255).astype(np.uint8)
    return (
        drawing.write_picture(folder / "grain.png", plain),
        drawing.write_picture(folder / "enlarged.png", enlarged),
    )


def _jpeg(folder: Path) -> Pair:
    """A textured picture saved once, and the same with a region that was saved at a lower quality before."""
    plain = drawing.scene(480, 640)
    edited = plain.copy()
    edited[96:256, 160:400] = _saved(plain, 60)[96:256, 160:400]
    return (
        drawing.write_picture(folder / "saved-once.jpg", plain, quality=90),
        drawing.write_picture(folder / "region-saved-before.jpg", edited, quality=90),
    )


def _saved(rgb: Pixels, quality: int) -> Pixels:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(io.BytesIO(buffer.getvalue())))


DRAWN: dict[str, Callable[[Path], Pair]] = {"spectrum": _spectrum, "jpeg": _jpeg}
