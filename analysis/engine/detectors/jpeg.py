"""Compression traces of a JPEG picture: a region that was once saved at another quality.

Reads what analysis/engine/media/jpeg.py measured in the sandbox (ghosts after Farid 2009, section 2). The
score is the depth of the clearest ghost, 0..1, scaled down while it covers less than 2 % of the textured
blocks; a picture saved again as a whole is a fact, not a sign.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.evidence import png
from analysis.engine.detectors.weightless import Weightless
from analysis.engine.plots import Map
from analysis.engine.types import (
    Assessment,
    Batch,
    Consumes,
    Coverage,
    EvidenceMade,
    FileFacts,
    MediaKind,
    NotAssessed,
    Observation,
    Reason,
    ScorePoint,
    ScoresMeasured,
    Verdict,
)
from analysis.engine.weights import WeightStore

NAME = "jpeg"
FULL_SHARE = 0.02
MIN_TEXTURED_BLOCKS = 200
SHOWN_SIDE = 640


def cards() -> list[Card]:
    """The card of the JPEG detector."""
    return [
        Card(
            name=NAME,
            title="JPEG compression traces",
            version="1.1",
            family="compression",
            subject="picture",
            consumes=Consumes.FILE,
            kinds=frozenset({MediaKind.IMAGE}),
            unit="images",
            looks_at="Quantisation tables, and blocks that change least when saved again at a lower quality "
            "(JPEG ghosts).",
            cannot_see="Edits saved at the same or a higher quality than before, pictures that were scaled "
            "or saved again below that quality afterwards, pictures saved at quality 50 or below, any file that is not "
            "a JPEG, flat areas.",
            paper="Farid, Exposing digital forgeries from JPEG ghosts, IEEE TIFS 2009",
            licence="Apache-2.0 (our own code)",
            accuracy="The paper gives examples and no rate. Own first look, 3 manipulated and 11 genuine files "
            "(N = 14): AUC 0.50, which says nothing at that size. On 74 JPEG pictures without a known local edit, the "
            "highest score was 0.045 (no false alarm above 0.5; 95 % interval of that rate: 0 to 4.9 %). Our pictures "
            "hold no known local JPEG forgery but those we draw ourselves, so misses in the wild are unmeasured. No "
            "calibration yet.",
            preprocessing="Luma, 8 x 8 blocks smoothed over 3 x 3, qualities 40 to 95 in steps of 5.",
            stressed=False,
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    return Weightless(cards()[0], JpegSession)


@dataclass
class JpegSession:
    """The traces of one picture."""

    traces: dict[str, Any] | None = field(default=None)

    def feed(self, batch: Batch) -> Iterable[Observation]:
        if isinstance(batch, FileFacts):
            self.traces = batch.facts.get("jpeg")
            assessment = self.finish()
            if isinstance(assessment, Verdict):
                yield ScoresMeasured(NAME, (ScorePoint(0.0, assessment.score),))

    def drain(self) -> Iterable[Observation]:
        return ()

    def finish(self) -> Assessment:
        if not self.traces:
            return NotAssessed(Reason.OUTSIDE_DOMAIN, "the file is not a JPEG picture")
        if "error" in self.traces:
            return NotAssessed(Reason.DECODE_ERROR, f"the picture could not be read: {self.traces['error']}")
        facts = {key: self.traces[key] for key in ("quality", "standard_tables", "progressive", "markers")}
        ghosts = self.traces["ghosts"]
        if ghosts is None:
            return NotAssessed(
                Reason.OUTSIDE_DOMAIN, "the picture is too small or too large for block statistics", facts
            )
        if not ghosts["asked"]:
            return NotAssessed(
                Reason.OUTSIDE_DOMAIN, "it is saved at so low a quality that no lower one can be asked", facts
            )
        if ghosts["textured_blocks"] < MIN_TEXTURED_BLOCKS:
            return NotAssessed(Reason.OUTSIDE_DOMAIN, "the picture is too flat to compare its blocks", facts)
        facts |= {key: ghosts[key] for key in ("share", "depth", "earlier_quality")}
        facts["ghost_quality"] = ghosts["quality"]
        score = float(ghosts["depth"] * min(1.0, ghosts["share"] / FULL_SHARE))
        return Verdict(score, Coverage(ghosts["textured_blocks"], ghosts["blocks"], "blocks"), facts=facts)

    def evidence(self) -> Iterable[EvidenceMade]:
        ghosts = self.traces.get("ghosts") if self.traces else None
        if not ghosts or not ghosts["map"]:
            return
        caption = (
            f"Blocks that change least at quality {ghosts['quality']}, unlike the rest of the picture: they may have "
            "been saved at that quality before."
        )
        picture = _grid_picture(ghosts["map"], tint=(255, 176, 64))
        name = f"how little a block changes at quality {ghosts['quality']}"
        left, top, right, bottom = ghosts["region"]
        plot = Map(name, ghosts["map"], region=(left, top, right, bottom))
        yield EvidenceMade(NAME, "ghost", "JPEG ghost", caption, "image/png", picture, plot)


def _grid_picture(rows: list[list[float]], *, tint: tuple[int, int, int]) -> bytes:
    grid = np.asarray(rows, np.float32)
    bright = np.clip(grid / max(float(np.percentile(grid, 99)), 1e-6), 0, 1)
    pixels = (bright[..., None] * np.array(tint)).astype(np.uint8)
    height, width = (max(1, round(SHOWN_SIDE * side / max(grid.shape))) for side in grid.shape)
    return png(Image.fromarray(pixels).resize((width, height), Image.Resampling.NEAREST))
