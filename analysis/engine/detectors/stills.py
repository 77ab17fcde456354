"""What detectors of single still pictures share: the session, tiles of luma, coarse maps and the sheet.

A picture is looked at in tiles with a yield after each, so that memory does not grow with it (the reader's limit
is 100 million pixels) and a run can be cancelled soon.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.engine.detectors.base import Card
from analysis.engine.detectors.map_sheet import SHOWN_SIDE, Mark, draw
from analysis.engine.plots import Map
from analysis.engine.types import (
    Assessment,
    Batch,
    Box,
    EvidenceMade,
    FrameBatch,
    NotAssessed,
    Pixels,
    Reason,
    ScorePoint,
    ScoresMeasured,
    Source,
    Verdict,
)

Grid = NDArray[np.float32]
MAP_SIDE = 64
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Finding:
    """What was found in one picture. `grid` is what the map shows (rows, columns), NaN where nothing was measured;
    `marks` are boxes to draw, the first of them the one the score speaks of."""

    assessment: Assessment
    grid: Grid | None = None
    marks: tuple[Mark, ...] = ()


Examine = Callable[[Pixels], Generator[None, None, Finding]]


@dataclass
class StillDetector:
    """Looks at one picture with `examine`; `map_title` and `caption` stand with its evidence."""

    card: Card
    examine: Examine
    map_title: str
    caption: str

    def open(self, source: Source) -> "StillSession":
        return StillSession(self)


@dataclass
class StillSession:
    """The one picture of a run: its finding and a small copy to draw on."""

    detector: StillDetector
    finding: Finding | None = None
    shown: Pixels | None = field(default=None, repr=False)

    def feed(self, batch: Batch) -> Iterator[ScoresMeasured]:
        if not isinstance(batch, FrameBatch) or self.finding is not None:
            return
        frame, name = batch.frames[0], self.detector.card.name
        steps = self.detector.examine(frame.rgb)
        while self.finding is None:
            try:
                next(steps)
            except StopIteration as end:
                self.finding = end.value
            else:
                yield ScoresMeasured(name, ())
        self.shown = shrunk(frame.rgb, SHOWN_SIDE)
        yield ScoresMeasured(name, (self._point(self.finding, frame.pts_seconds),))

    def _point(self, finding: Finding, pts_seconds: float) -> ScorePoint:
        if isinstance(finding.assessment, NotAssessed):
            return ScorePoint(pts_seconds, None, reason=finding.assessment.reason)
        box = finding.marks[0].box if finding.marks else None
        return ScorePoint(pts_seconds, finding.assessment.score, box=box)

    def drain(self) -> tuple[ScoresMeasured, ...]:
        return ()

    def finish(self) -> Assessment:
        if self.finding is None:
            return NotAssessed(Reason.NO_PICTURE, "no picture was given")
        return self.finding.assessment

    def evidence(self) -> Iterable[EvidenceMade]:
        if self.finding is None or self.finding.grid is None or self.shown is None:
            return []
        assessment = self.finding.assessment
        said = f", score {assessment.score:.3f}" if isinstance(assessment, Verdict) else ""
        sheet = draw(self.shown, self.finding.grid, self.finding.marks, title=self.detector.map_title + said)
        card = self.detector.card
        marks = [(mark.box, mark.label) for mark in self.finding.marks]
        plot = Map(self.detector.map_title, rows_of(self.finding.grid), marks=marks)
        return [EvidenceMade(card.name, "map", card.title, self.detector.caption, "image/png", sheet, plot)]


def outside(detail: str) -> Finding:
    """The finding of a picture that this detector cannot measure."""
    return Finding(NotAssessed(Reason.OUTSIDE_DOMAIN, detail))


def too_small(rgb: Pixels, least: int) -> Finding | None:
    """Why a picture under `least` px a side is not looked at; None for others."""
    height, width = rgb.shape[:2]
    if min(height, width) >= least:
        return None
    return outside(f"the picture is {width} x {height} px; at least {least} are needed")


def luma(rgb: Pixels) -> Grid:
    """Float luma 0..255 of uint8 RGB."""
    return np.asarray(rgb.astype(np.float32) @ LUMA, np.float32)


def shrunk(rgb: Pixels, side: int) -> Pixels:
    """A copy of at most `side` px; every n-th pixel is taken first, so that a huge picture costs no second one."""
    import cv2

    height, width = rgb.shape[:2]
    scale = side / max(height, width)
    step = max(1, int(0.5 / scale))
    if scale >= 1:
        return rgb.copy()
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(
        cv2.resize(np.ascontiguousarray(rgb[::step, ::step]), size, interpolation=cv2.INTER_AREA), np.uint8
    )


def block_means(values: Grid, block: int) -> Grid:
    """Mean over each whole block of `block` px a side; (rows, columns)."""
    rows, columns = values.shape[0] // block, values.shape[1] // block
    cut = values[: rows * block, : columns * block].reshape(rows, block, columns, block)
    return cut.mean(axis=(1, 3), dtype=np.float32)


def coarse(grid: Grid) -> Grid:
    """The grid shrunk to at most 64 cells a side: means, leaving NaN out."""
    step = max(1, -(-max(grid.shape) // MAP_SIDE))
    rows, columns = -(-grid.shape[0] // step), -(-grid.shape[1] // step)
    padded = np.full((rows * step, columns * step), np.nan, np.float32)
    padded[: grid.shape[0], : grid.shape[1]] = grid
    cells = padded.reshape(rows, step, columns, step).swapaxes(1, 2).reshape(rows, columns, -1)
    known = np.isfinite(cells).sum(axis=2)
    total = np.where(np.isfinite(cells), cells, 0).sum(axis=2)
    return np.where(known > 0, total / np.maximum(known, 1), np.nan).astype(np.float32)


def rows_of(grid: Grid) -> list[list[float | None]]:
    """The coarse map as data: rounded rows, None where nothing was measured."""
    return [[round(float(value), 3) if np.isfinite(value) else None for value in row] for row in coarse(grid)]


def box_of(rows: slice, columns: slice, cell: tuple[int, int], rgb: Pixels) -> Box:
    """Cells of (height, width) px as a box in 0–1 of the picture, ending where it ends."""
    height, width = rgb.shape[0] / cell[0], rgb.shape[1] / cell[1]
    return (
        columns.start / width,
        rows.start / height,
        min(1.0, columns.stop / width),
        min(1.0, rows.stop / height),
    )


def rounded(box: Box) -> list[float]:
    return [round(edge, 4) for edge in box]


def score_of_nfa(log10_nfa: float) -> float:
    """The score of a finding of which 10 ** log10_nfa are expected by chance: 0 at one, 0.5 at one in a hundred."""
    return float(1 - 2 ** (min(log10_nfa, 0.0) / 2))


def described(marks: Iterable[Mark]) -> list[dict[str, Any]]:
    return [{"box": rounded(mark.box), "what": mark.label} for mark in marks]
