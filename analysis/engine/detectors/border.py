"""Whether a face flickers where it meets the picture, more than inside and around it.

Measured by analysis/engine/signals/border.py on passages at the full rate, over windows of one second. The score
says how far the ring around the inner face exceeds both its sides: 0.5 where it changes twice as much (one octave), in
what motion does not explain or in its flow. That scale was set beforehand, and planted flicker is what it was tried on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import numpy as np

from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.curves import draw
from analysis.engine.detectors.passages import Followed, WindowedSession, resting_on
from analysis.engine.detectors.weightless import Weightless
from analysis.engine.marks import UNCALIBRATED_MARK
from analysis.engine.plots import Curves, Panel, Span, thinned
from analysis.engine.signals.border import SIDE, SPAN, BorderFlow, Change, Reals, excess
from analysis.engine.signals.oval import aligned
from analysis.engine.types import (
    Assessment,
    Consumes,
    EvidenceMade,
    FaceCrop,
    MediaKind,
    NotAssessed,
    Reason,
    ScorePoint,
    Verdict,
)
from analysis.engine.weights import WeightStore

NAME = "border"
WINDOW_SECONDS = 1.0
MIN_CHANGES, MIN_WINDOWS = 10, 3
MIN_EYES_PX = 24.0
OCTAVES_AT_ONE = 2.0
ZONES = ("inside", "border", "around")


def cards() -> list[Card]:
    """The card of the border detector."""
    return [
        Card(
            name=NAME,
            title="Flicker at the face border",
            version="1.0",
            family="temporal",
            subject="face",
            consumes=Consumes.FACES,
            dense=True,
            kinds=frozenset({MediaKind.VIDEO}),
            unit="windows",
            looks_at="Whether the border of the face changes more from frame to frame, beyond its motion, than the "
            "face and the picture on either side of it.",
            cannot_see="Blends that are steady over time (those of the last years), swaps of the whole head, faces "
            "with eyes less than 24 px apart, fewer than 12 frames a second, clips under 3 s, pictures. Of "
            "recordings over two minutes it looks at twelve passages of 10 s, spread evenly. Known mistakes: hair, a "
            "veil or glasses that move on a still head.",
            paper="After Amerini et al., Deepfake video detection through optical flow based CNN, ICCV Workshops "
            "2019; flow: Kroeger et al., Fast optical flow using dense inverse search, ECCV 2016",
            licence="Apache-2.0 (our own code)",
            accuracy="The paper measures a net and not this. Own first look, 4 manipulated and 9 genuine videos "
            "(N = 13): none of either scored more than 0.07, so it told nobody apart and raised no false alarm. "
            "Planted flicker is found. No calibration yet.",
            preprocessing="Luma, aligned by the eyes to 128 x 128 px, DIS flow between frames, medians over 1 s.",
            # reads passages at the full rate, and shows none of the swaps tried: whoever asks pays for it
            by_default=False,
            links=("https://arxiv.org/abs/1603.03590",),
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    return Weightless(cards()[0], BorderSession)


@dataclass
class _Track(Followed):
    """A face, its flow, and the changes of the window it is in."""

    flow: BorderFlow = field(default_factory=BorderFlow)
    changes: list[Change] = field(default_factory=list)

    def forget(self) -> None:
        self.flow.forget()


@dataclass(frozen=True)
class Window:
    """Medians over one second, as in Change; what the score rests on is the larger excess of the two."""

    middle_seconds: float
    residual: Reals
    jerk: Reals

    @property
    def octaves(self) -> float:
        return max(excess(self.residual), excess(self.jerk))

    @property
    def score(self) -> float:
        return min(max(self.octaves / OCTAVES_AT_ONE, 0.0), 1.0)


@dataclass
class BorderSession(WindowedSession[_Track, Window]):
    """Windows of one run, per face track."""

    name = NAME
    window_seconds = WINDOW_SECONDS
    min_eyes_px = MIN_EYES_PX

    def met(self) -> _Track:
        return _Track()

    def follow(self, followed: _Track, face: FaceCrop, eyes: tuple[Reals, Reals]) -> tuple[ScorePoint, ...]:
        points: tuple[ScorePoint, ...] = ()
        if face.pts_seconds - followed.began >= WINDOW_SECONDS:
            points = self.close(face.track, followed)
            followed.began = face.pts_seconds
        followed.last_seconds = face.pts_seconds
        change = followed.flow.take(aligned(face, *eyes, side=SIDE, span=SPAN))
        followed.changes += [change] if change else []
        return points

    def close(self, track: int, followed: _Track) -> tuple[ScorePoint, ...]:
        changes, followed.changes = followed.changes, []
        if len(changes) < MIN_CHANGES:
            return ()
        window = Window(
            (followed.began + followed.last_seconds) / 2,
            np.median([change.residual for change in changes], axis=0),
            np.median([change.jerk for change in changes], axis=0),
        )
        self.windows[track].append(window)
        return (ScorePoint(window.middle_seconds, window.score, track),)

    def finish(self) -> Assessment:
        lasting = self._lasting()
        if not lasting:
            if not self.usable:
                return self.seen.absence()
            detail = f"no face is seen for {MIN_WINDOWS} s at 12 frames a second or more"
            return NotAssessed(Reason.TOO_SHORT, detail)
        best = max(lasting, key=lambda number: _verdict(lasting[number]))
        count = sum(map(len, self.windows.values()))
        coverage = resting_on(len(lasting[best]), count, count)
        return Verdict(_verdict(lasting[best]), coverage, facts=self._facts(best))

    def _lasting(self) -> dict[int, list[Window]]:
        return {number: windows for number, windows in self.windows.items() if len(windows) >= MIN_WINDOWS}

    def _facts(self, best: int) -> dict[str, Any]:
        return {
            "verdict_of_track": best,
            "frames_looked_at": self.seen.frames,
            "seconds_of_faces": round(sum(map(len, self.windows.values())) * WINDOW_SECONDS, 1),
            "plot": _plot(self.windows[best]),
        }

    def evidence(self) -> Iterable[EvidenceMade]:
        lasting = self._lasting()
        if not lasting:
            return
        best = max(lasting, key=lambda number: _verdict(lasting[number]))
        plot = _plot(lasting[best])
        caption = (
            f"Face {best}, second by second: what changes beyond its motion per texture, and how much its flow "
            "changes. A border above both other curves is what the score measures."
        )
        panels = _panels(plot, lasting[best])
        title = "Flicker inside, at and around the border"
        yield EvidenceMade(NAME, "border", title, caption, "image/png", draw(panels), Curves(panels))


def _verdict(windows: list[Window]) -> float:
    """The mean of the highest third: flicker comes and goes."""
    scores = sorted((window.score for window in windows), reverse=True)
    return fmean(scores[: max(1, len(scores) // 3)])


def _panels(plot: Mapping[str, Any], windows: list[Window]) -> tuple[Panel, Panel]:
    high = [window for window in windows if window.score >= UNCALIBRATED_MARK]
    spans = [
        Span(
            window.middle_seconds - WINDOW_SECONDS / 2,
            window.middle_seconds + WINDOW_SECONDS / 2,
            f"detector score {window.score:.2f}",
        )
        for window in high
    ]
    seconds = thinned(plot["seconds"])
    residual, flow = ({zone: thinned(plot[what][zone]) for zone in ZONES} for what in ("residual", "flow"))
    return (
        Panel(
            "change beyond motion, over seconds", seconds, residual,
            across_name="media time", across_unit="s", up_name="change per texture", spans=spans,
        ),
        Panel(
            "change of the flow in px, over seconds", seconds, flow,
            across_name="media time", across_unit="s", up_name="change of the flow", up_unit="px", spans=spans,
        ),
    )  # fmt: skip


def _plot(windows: list[Window]) -> dict[str, Any]:
    """Plot data over the middles of the windows."""
    return {
        "seconds": [round(window.middle_seconds, 2) for window in windows],
        "residual": {
            zone: [round(float(window.residual[at]), 4) for window in windows]
            for at, zone in enumerate(ZONES)
        },
        "flow": {
            zone: [round(float(window.jerk[at]), 4) for window in windows] for at, zone in enumerate(ZONES)
        },
    }
