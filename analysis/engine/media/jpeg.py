"""Traces of compression in a JPEG file: tables and ghosts.

Ghosts after Farid, "Exposing digital forgeries from JPEG ghosts" (2009), section 2: saved again at the
quality a region once had, that region changes least. Ours differs: luma only, 8 x 8 blocks smoothed over
3 x 3 of them instead of 16 x 16 windows, flat blocks are left out, and qualities within 6 of the file's own
are not asked.
"""

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from analysis.engine.media.quantisation import quality_of
from analysis.engine.media.stills import orientation_of
from analysis.engine.types import Box, MediaKind, Pixels, Probe

Grid = NDArray[np.float32]

BLOCK = 8
QUALITIES = tuple(range(40, 96, 5))
OWN_QUALITY_MARGIN = 6
FLAT_STD = 2.0
DEEP = 0.5
MIN_SIDE = 128
MAX_PIXELS = 40_000_000
MAX_GRID = 64  # what is kept of a map of evidence


def read(path: Path, probe: Probe) -> dict[str, Any] | None:
    """Tables, estimated quality, markers and ghosts of a JPEG; None for any other file."""
    if probe.kind is not MediaKind.IMAGE:
        return None
    with Image.open(path) as image:
        if image.format not in ("JPEG", "MPO"):
            return None
        tables = {str(k): list(v) for k, v in image.quantization.items()}  # type: ignore[attr-defined]  # JPEG only
        facts: dict[str, Any] = {
            "size": list(image.size),
            "progressive": bool(image.info.get("progressive")),
            "tables": tables,
            "markers": markers(path),
        }
        facts |= quality_of(tables["0"]) if "0" in tables else {"quality": None, "standard_tables": False}
        if min(image.size) < MIN_SIDE or image.width * image.height > MAX_PIXELS:
            return facts | {"ghosts": None}
        orientation = orientation_of(image)
        luma = np.asarray(image.convert("L"))
    found = ghosts(luma, facts["quality"])
    # measured on the blocks as they were coded, shown the way the picture is
    found["map"] = upright(found["map"], orientation)
    found["region"] = list(_measured(luma.shape, orientation))
    return facts | {"ghosts": found}


def markers(path: Path) -> dict[str, Any]:
    """The segments before the scan in file order, and how many bytes follow the end of the image."""
    data = path.read_bytes()
    names: list[str] = []
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA and len(names) < 200:
        names.append(f"{data[at + 1]:02X}")
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    end = data.rfind(b"\xff\xd9")
    return {"segments": names, "trailing_bytes": len(data) - end - 2 if end >= 0 else None}


def _saved_at(luma: Pixels, quality: int) -> NDArray[np.float32]:
    buffer = io.BytesIO()
    Image.fromarray(luma).save(buffer, "JPEG", quality=quality)
    with Image.open(buffer) as again:
        return np.asarray(again, np.float32)


def _blocks(values: NDArray[np.float32]) -> Grid:
    """Mean over each whole 8 x 8 block; (rows, columns)."""
    rows, columns = values.shape[0] // BLOCK, values.shape[1] // BLOCK
    cut = values[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    return cut.mean(axis=(1, 3), dtype=np.float32)


def ghosts(luma: Pixels, own_quality: int | None) -> dict[str, Any]:
    """The clearest ghost: quality, share of the textured blocks, depth 0..1, and where it lies.

    A block belongs to it when its change at that quality is a local minimum over the qualities asked and at
    most half of the median block's. `map` is a coarse grid (rows of 0..1), 1 where all blocks belong. `asked` are the
    qualities that were compared: none below those of a picture that was saved at a low one itself.
    """
    changed = np.stack([_blocks(np.square(luma - _saved_at(luma, quality))) for quality in QUALITIES])
    changed = ndimage.uniform_filter(changed, size=(1, 3, 3))
    low, high = changed.min(0), changed.max(0)
    relative = (changed - low) / np.maximum(high - low, 1e-6)
    spread = np.sqrt(
        np.maximum(_blocks(np.square(luma.astype(np.float32))) - np.square(_blocks(luma * 1.0)), 0)
    )
    textured = spread > FLAT_STD
    found = [_ghost_at(at, relative, textured) for at in _asked(own_quality)]
    best = max(found, key=lambda ghost: ghost["share"] * ghost["depth"], default=None)
    nothing: dict[str, Any] = {"quality": None, "share": 0.0, "depth": 0.0, "map": []}
    counts = {"textured_blocks": int(textured.sum()), "blocks": int(textured.size)}
    return (
        (best if best and best["share"] else nothing)
        | counts
        | {"asked": [QUALITIES[at] for at in _asked(own_quality)]}
        | {"earlier_quality": _earlier(relative, textured, own_quality)}
    )


def _earlier(relative: Grid, textured: NDArray[np.bool_], own_quality: int | None) -> int | None:
    """The quality the whole picture was once saved at: where the median block changes least on the way."""
    if not textured.any():
        return None
    typical = np.median(relative[:, textured], axis=1)
    dips = [at for at in _asked(own_quality) if typical[at] < min(typical[at - 1], typical[at + 1]) * DEEP]
    return QUALITIES[min(dips, key=lambda at: typical[at])] if dips else None


def _asked(own_quality: int | None) -> list[int]:
    limit = (own_quality or 100) - OWN_QUALITY_MARGIN
    return [at for at in range(1, len(QUALITIES) - 1) if QUALITIES[at] <= limit]


def _ghost_at(at: int, relative: Grid, textured: NDArray[np.bool_]) -> dict[str, Any]:
    here = relative[at]
    count = max(int(textured.sum()), 1)
    typical = float(np.median(here[textured])) if textured.any() else 0.0
    member = textured & (here < relative[at - 1]) & (here < relative[at + 1]) & (here <= DEEP * typical)
    labels, regions = ndimage.label(ndimage.binary_opening(member))
    if not regions:
        return {"quality": QUALITIES[at], "share": 0.0, "depth": 0.0, "map": []}
    sizes = ndimage.sum_labels(member, labels, range(1, regions + 1))
    largest = labels == int(np.argmax(sizes)) + 1
    depth = 1 - float(here[largest].mean()) / max(typical, 1e-6)
    return {
        "quality": QUALITIES[at],
        "share": round(float(largest.sum()) / count, 5),
        "depth": round(min(max(depth, 0.0), 1.0), 4),
        "map": coarse(largest.astype(np.float32)),
    }


def upright(rows: list[list[float]], orientation: int) -> list[list[float]]:
    """The coarse grid of a coded picture, turned as this EXIF orientation says."""
    grid = np.asarray(rows, np.float32)
    if grid.ndim != 2:
        return rows
    turned = {
        2: grid[:, ::-1],
        3: grid[::-1, ::-1],
        4: grid[::-1],
        5: grid.T,
        6: np.rot90(grid, -1),
        7: grid[::-1, ::-1].T,
        8: np.rot90(grid),
    }.get(orientation, grid)
    return [[round(float(value), 3) for value in row] for row in turned]


def _measured(shape: tuple[int, ...], orientation: int) -> Box:
    """Where the whole blocks lie in the upright picture: what is left over at two borders has none."""
    height, width = shape
    right, bottom = width // BLOCK * BLOCK / width, height // BLOCK * BLOCK / height
    if orientation in (5, 6, 7, 8):
        right, bottom = bottom, right
    across = (1 - right, 1.0) if orientation in (2, 3, 6, 7) else (0.0, right)
    down = (1 - bottom, 1.0) if orientation in (3, 4, 7, 8) else (0.0, bottom)
    return across[0], down[0], across[1], down[1]


def coarse(grid: Grid) -> list[list[float]]:
    """The grid shrunk to at most MAX_GRID cells a side, as rounded rows. Cells differ by one block at most in either
    direction, so that they lie over all of it where they are drawn as equal ones."""
    step = max(1, -(-max(grid.shape) // MAX_GRID))
    rows, columns = (_begins(side, -(-side // step)) for side in grid.shape)
    sums = np.add.reduceat(np.add.reduceat(grid, rows, axis=0), columns, axis=1)
    counts = np.outer(np.diff([*rows, grid.shape[0]]), np.diff([*columns, grid.shape[1]]))
    return [[round(float(value), 3) for value in row] for row in sums / counts]


def _begins(blocks: int, cells: int) -> list[int]:
    """The first block of each cell."""
    return [cell * blocks // cells for cell in range(cells)]
