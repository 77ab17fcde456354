"""What is shown of steps of movement: the curve of all of them, and where in the frame the largest leaps."""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from analysis.engine.detectors import map_sheet
from analysis.engine.detectors.curves import draw
from analysis.engine.plots import Curves, Map, Panel
from analysis.engine.signals.leaps import (
    COLUMNS,
    LEAST_ALIKE,
    LEAST_REACH,
    LEAST_SPEED,
    LEAST_TIMES,
    ROWS,
    Judged,
    Reals,
    Step,
    around,
    small,
)
from analysis.engine.types import Box, EvidenceMade, Pixels

DETECTOR = "dropped-frames"
HIGHEST, HIGHEST_TIMES = 0.8, 12.0
MOST_SHOWN = 16  # pictures kept for the evidence


@dataclass(frozen=True)
class Leap:
    """The step to the picture of that number: how many times the largest other around it, and where in the frame."""

    at: int
    times: float
    box: Box

    @property
    def score(self) -> float:
        """0.5 at the least that counts, up to HIGHEST from HIGHEST_TIMES on: an honest cut leaves the same."""
        share = np.log2(self.times / LEAST_TIMES) / np.log2(HIGHEST_TIMES / LEAST_TIMES)
        return float(0.5 + (HIGHEST - 0.5) * min(1.0, max(0.0, share)))


@dataclass
class Shown:
    """Small copies of the pictures after the steps that stand out most from those before them, for the evidence."""

    recent: deque[float] = field(default_factory=lambda: deque(maxlen=LEAST_REACH))
    kept: dict[int, tuple[float, Pixels]] = field(default_factory=dict)

    def offer(self, number: int, step: Step | None, rgb: Pixels) -> None:
        if step is None or step.alike < LEAST_ALIKE:
            return
        speed = float(step.speeds.max())
        ratio = speed / max(float(np.median(self.recent)) if self.recent else speed, LEAST_SPEED)
        self.recent.append(speed)
        if len(self.kept) == MOST_SHOWN and ratio <= min(self.kept.values(), key=lambda one: one[0])[0]:
            return
        self.kept[number] = (ratio, np.repeat(small(rgb)[..., None], 3, axis=2))
        if len(self.kept) > MOST_SHOWN:
            del self.kept[min(self.kept, key=lambda one: self.kept[one][0])]

    def picture(self, number: int) -> Pixels | None:
        return self.kept[number][1] if number in self.kept else None


def curve(film: Judged, times: list[float], leaps: list[Leap]) -> EvidenceMade:
    first, last = _window(times, leaps)
    across = times[first:last]  # 1,200 at 60 a second: thinned, a single step could be lost
    curves = {
        name: [float(one) if np.isfinite(one) else None for one in values[first:last]]
        for name, values in (("speed", film.speed), ("largest around", film.most))
    }
    marks = [(times[leap.at], f"{leap.times:.1f} times") for leap in leaps]
    panel = Panel(
        "how far things move in each step (px of 160), over seconds", across, curves,
        across_name="media time", across_unit="s", up_name="speed", up_unit="px a step",
        marks=[one for one in marks if across[0] <= one[0] <= across[-1]],
    )  # fmt: skip
    caption = (
        "How far the quarter of the frame that moves most went in each step, and the largest other step within "
        f"half a second. Marked: steps of {LEAST_TIMES:g} times that or more. Pictures are missing there, or "
        "the camera was knocked; an honest cut within a shot looks the same."
    )
    return EvidenceMade(
        DETECTOR, "curve", "Steps of movement", caption, "image/png", draw([panel]), Curves((panel,))
    )


def _window(times: list[float], leaps: list[Leap]) -> tuple[int, int]:
    """The 20 s about the largest leap, so that one step can be seen; the beginning where there is none."""
    middle = leaps[0].at if leaps else 0
    reach = round(10 / float(np.median(np.diff(times))))
    first = max(0, min(middle - reach, len(times) - 2 * reach))
    return first, min(len(times), first + 2 * reach)


def place(film: Judged, leap: Leap, at: float, picture: Pixels) -> EvidenceMade:
    ratios = ratios_of(film, leap.at)
    title = "step against those around it (times)"
    mark = map_sheet.Mark(leap.box, f"{leap.times:.1f} times")
    sheet = map_sheet.draw(picture, ratios, [mark], title=title)
    rows = [[round(float(one), 2) if np.isfinite(one) else None for one in row] for row in ratios]
    plot = Map(title, rows, unit="times", pts_seconds=at, marks=[(leap.box, mark.label)])
    caption = (
        f"The step to the picture at {at:.2f} s: how many times as far as usual each place moved. Places that "
        "hardly move have no value. It shows where things leap, not what was there in between."
    )
    return EvidenceMade(DETECTOR, "map", "The largest leap", caption, "image/png", sheet, plot)


def leaps_of(film: Judged) -> list[Leap]:
    """In order of time."""
    return [
        Leap(int(at), round(float(film.times[at]), 3), _box(ratios_of(film, int(at))))
        for at in np.flatnonzero(film.leaps)
    ]


def ratios_of(film: Judged, at: int) -> Reals:
    """How many times as far as usual each cell moves in that step; NaN where it hardly does."""
    beside = np.nanmedian(film.cells[around(len(film.cells), at, LEAST_REACH)], axis=0)
    ratios = film.cells[at] / np.maximum(beside, LEAST_SPEED)
    shown: Reals = np.where(film.cells[at] >= LEAST_SPEED, ratios, np.nan).astype(np.float32)
    return shown


def _box(ratios: Reals) -> Box:
    rows, columns = np.nonzero(ratios >= LEAST_TIMES / 2)
    if not len(rows):
        return (0.0, 0.0, 1.0, 1.0)
    left, right = int(columns.min()) / COLUMNS, int(columns.max() + 1) / COLUMNS
    return (left, int(rows.min()) / ROWS, right, int(rows.max() + 1) / ROWS)
