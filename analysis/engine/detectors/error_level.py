"""Error level: how much each place changes when the picture is saved once more as a JPEG.

After Krawetz, A Picture's Worth: Digital Image Analysis and Forensics (2007), section "Error level analysis". A
picture to look at and never a score: texture, contrast and colour change the level more than edits do, and no cut
is known that tells them apart. Ours differs: the largest change over red, green and blue, averaged over 8 x 8 px.
"""

from collections.abc import Generator
from typing import Any

import numpy as np

from analysis.engine.detectors import stills
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.stills import Finding, Grid, StillDetector
from analysis.engine.types import Consumes, MediaKind, NotAssessed, Pixels, Reason
from analysis.engine.weights import WeightStore

NAME = "error-level"
QUALITY = 90
BLOCK = 8
TILE = 512
LEAST_SIDE = 16


def cards() -> list[Card]:
    """The card of the error level."""
    return [
        Card(
            name=NAME,
            title="Error level",
            version="1.0",
            family="compression",
            subject="picture",
            consumes=Consumes.FRAMES,
            kinds=frozenset({MediaKind.IMAGE}),
            unit="images",
            looks_at="How much each place of the picture changes when it is saved once more as a JPEG of quality 90. "
            "A map to look at; it gives no score.",
            cannot_see="Anything by itself: textured, contrasty and colourful places change more whether they were "
            "edited or not, and a picture saved again as a whole after the edit shows nothing of it.",
            paper="Krawetz, A Picture's Worth: Digital Image Analysis and Forensics, 2007",
            licence="Apache-2.0 (own code)",
            accuracy="Published without figures, and none can be given: it judges nothing.",
            preprocessing="RGB at full size in tiles of 512 px, saved by us, mean over 8 x 8 px.",
            stressed=False,
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    caption = (
        f"Mean change of each place when the picture is saved again at quality {QUALITY}; brighter changed more. "
        "Texture changes more than smooth areas, so brightness alone says nothing: compare places of like texture."
    )
    return StillDetector(cards()[0], examine, f"change at quality {QUALITY}", caption)


def examine(rgb: Pixels) -> Generator[None, None, Finding]:
    """The change of every block, tile by tile."""
    if small := stills.too_small(rgb, LEAST_SIDE):
        return small
    height, width = rgb.shape[:2]
    change = np.zeros((height // BLOCK, width // BLOCK), np.float32)
    for top in range(0, height - BLOCK + 1, TILE):
        for left in range(0, width - BLOCK + 1, TILE):
            part = changed(rgb[top : top + TILE, left : left + TILE])
            change[top // BLOCK :, left // BLOCK :][: part.shape[0], : part.shape[1]] = part
            yield
    facts: dict[str, Any] = {
        "quality": QUALITY,
        "mean_change": round(float(change.mean()), 3),
        "highest_change": round(float(change.max()), 3),
        "map": stills.rows_of(change),
    }
    detail = "the error level is a map to look at and gives no score"
    return Finding(NotAssessed(Reason.REPORTS_FACTS, detail, facts), stills.coarse(change))


def changed(rgb: Pixels) -> Grid:
    """Mean change of each whole 8 x 8 block in levels, of the channel that changes most."""
    again = saved(rgb)
    return stills.block_means(np.abs(again.astype(np.int16) - rgb).max(axis=2).astype(np.float32), BLOCK)


def saved(rgb: Pixels) -> Pixels:
    """The pixels after they were written as a JPEG and read again; what is read is what we wrote."""
    import cv2

    _, encoded = cv2.imencode(".jpg", rgb[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)[:, :, ::-1]
