"""Whether the landmarks of a face tremble against each other more than faces and their recordings do.

Measured by analysis/engine/signals/jitter.py on passages at the full rate, over windows of two seconds. A swap that is
placed frame by frame inherits the error of the landmarks it was placed by, which for published finders is 3 to 5 % of
the eye distance (normalised mean error on 300-W, Sagonas et al. 2016). So the score is 0.5 at 2 % and rises to 0.75 at
3 %, where it stays: it is uncalibrated. That scale was set beforehand and tried on drawn faces.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np

from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.curves import draw
from analysis.engine.detectors.passages import Followed, WindowedSession, resting_on, too_short, too_slow
from analysis.engine.detectors.weightless import Weightless
from analysis.engine.plots import Curves, Panel
from analysis.engine.signals.jitter import Placed, Tremor, placed, steps, tremor
from analysis.engine.signals.oval import Reals
from analysis.engine.signals.traces import MIN_FPS
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

NAME = "landmark-jitter"
WINDOW_SECONDS = 2.0
MIN_EYES_PX = 30.0  # each patch is then 6 px wide
MOST_LOST = 0.1
AT_HALF, CAP = 0.02, 0.75
MOST_NOISE = AT_HALF / 2
LANDMARKS = ("right eye", "left eye", "nose", "right mouth", "left mouth")
STILL = np.zeros((2, len(LANDMARKS), 2))


def cards() -> list[Card]:
    """The card of the landmark jitter detector."""
    return [
        Card(
            name=NAME,
            title="Jitter of face landmarks",
            version="1.0",
            family="temporal",
            subject="face",
            consumes=Consumes.FACES,
            dense=True,
            kinds=frozenset({MediaKind.VIDEO}),
            unit="windows",
            looks_at="Whether eyes, nose and corners of the mouth tremble against each other from frame to frame, "
            "above 4 Hz and beyond the motion of the whole face.",
            cannot_see="Swaps that move as one piece, however much they tremble against the head; fakes that are "
            "smoothed over time (those of the last years); slow or rare jumps. No score for faces with eyes less than "
            "30 px apart, fewer than 20 frames a second, under 2 s without a gap, where blur and compression hide 1 % "
            "of the eye distance, or for pictures. Of recordings over two minutes it looks at twelve passages of 10 s, "
            "spread evenly. Known mistakes: strong compression that moves in blocks, fast speech, shivering.",
            paper="After Sun et al., Improving the efficiency and robustness of deepfakes detection through precise "
            "geometric features (LRNet), CVPR 2021; Yang, Li & Lyu, Exposing deep fakes using inconsistent head poses, "
            "ICASSP 2019",
            licence="Apache-2.0 (our own code)",
            accuracy="Jitter planted in drawn faces is measured to a quarter of itself. Own first look, 3 manipulated "
            "and 9 genuine videos (N = 12): none of either scored more than 0.11, an autoencoder swap 0.09 and its "
            "genuine source 0.05; it told nobody apart and raised no false alarm. No calibration yet.",
            preprocessing="Luma, aligned by the eyes to 160 x 160 px; two patches at each landmark followed by Lucas "
            "and Kanade's flow; a similarity transform taken off; what both patches show above 4 Hz, over 2 s.",
            # reads passages at the full rate, and shows none of the swaps tried: whoever asks pays for it
            by_default=False,
            links=("https://arxiv.org/abs/2104.04480", "https://arxiv.org/abs/1811.00661"),
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    return Weightless(cards()[0], JitterSession)


@dataclass
class _Track(Followed):
    """A face, where it was last, and the steps of the window it is in; None for one that was lost."""

    last: Placed | None = None
    moved: list[Reals | None] = field(default_factory=list)

    def forget(self) -> None:
        self.last = None


@dataclass(frozen=True)
class Window:
    """Two seconds of one face; the score rests on the landmark in the middle of the five, so that no two decide."""

    middle_seconds: float
    tremor: Tremor

    @property
    def amplitude(self) -> float:
        return float(np.median(self.tremor.amplitude))

    @property
    def noise(self) -> float:
        return float(np.median(self.tremor.noise))

    @property
    def score(self) -> float | None:
        """None where the noise of following would hide a sign."""
        return min(self.amplitude / AT_HALF / 2, CAP) if self.noise <= MOST_NOISE else None


@dataclass
class JitterSession(WindowedSession[_Track, Window]):
    """Windows of one run, per face track."""

    name = NAME
    window_seconds = WINDOW_SECONDS
    min_eyes_px = MIN_EYES_PX
    too_slow: bool = False
    slipped: bool = False

    def met(self) -> _Track:
        return _Track()

    def follow(self, followed: _Track, face: FaceCrop, eyes: tuple[Reals, Reals]) -> tuple[ScorePoint, ...]:
        now = placed(face, *eyes)
        if followed.last is not None:
            followed.moved.append(steps(followed.last, now))
        followed.last, followed.last_seconds = now, face.pts_seconds
        # a hundredth below: times are rounded
        if face.pts_seconds - followed.began < 0.99 * WINDOW_SECONDS:
            return ()
        points = self.close(face.track, followed)
        followed.began = face.pts_seconds
        return points

    def close(self, track: int, followed: _Track) -> tuple[ScorePoint, ...]:
        moved, followed.moved = followed.moved, []
        lasted = followed.last_seconds - followed.began
        if lasted < 0.99 * WINDOW_SECONDS:
            return ()
        fps = len(moved) / lasted
        if fps < 0.99 * MIN_FPS:
            self.too_slow = True
            return ()
        if sum(step is None for step in moved) > MOST_LOST * len(moved):
            self.slipped = True
            return ()
        found = tremor(np.array([STILL if step is None else step for step in moved]), fps)
        window = Window((followed.began + followed.last_seconds) / 2, found)
        self.windows[track].append(window)
        reason = Reason.OUTSIDE_DOMAIN if window.score is None else None
        return (ScorePoint(window.middle_seconds, window.score, track, reason),)

    def finish(self) -> Assessment:
        scored = self._scored()
        if not scored:
            return self._abstain()
        best = max(scored, key=lambda track: median(scored[track]))
        count, windows = (sum(map(len, of.values())) for of in (scored, self.windows))
        coverage = resting_on(len(scored[best]), count, windows)
        return Verdict(median(scored[best]), coverage, facts=self._facts(best))

    def _scored(self) -> dict[int, list[float]]:
        given = {
            track: [window.score for window in windows if window.score is not None]
            for track, windows in self.windows.items()
        }
        return {track: scores for track, scores in given.items() if scores}

    def _abstain(self) -> NotAssessed:
        if self.windows:
            detail = "blur, noise or compression hide as much as a sign would be"
            return NotAssessed(Reason.OUTSIDE_DOMAIN, detail, self._facts(self._shown()))
        if self.too_slow:
            return too_slow()
        if self.slipped:
            return NotAssessed(Reason.OUTSIDE_DOMAIN, "the landmarks cannot be followed from frame to frame")
        if self.usable:
            return too_short(WINDOW_SECONDS)
        return self.seen.absence()

    def _shown(self) -> int:
        """The face that decides, or the one seen longest."""
        scored = self._scored()
        if scored:
            return max(scored, key=lambda track: median(scored[track]))
        return max(self.windows, key=lambda track: len(self.windows[track]))

    def _facts(self, shown: int) -> dict[str, Any]:
        return {
            "verdict_of_track": shown,
            "frames_looked_at": self.seen.frames,
            "faces": [_told(track, windows) for track, windows in sorted(self.windows.items())][:50],
            "plot": _plot(self.windows[shown]),
        }

    def evidence(self) -> Iterable[EvidenceMade]:
        if not self.windows:
            return
        shown = self._shown()
        plot = _plot(self.windows[shown])
        caption = (
            f"How much the landmarks of face {shown} tremble above 4 Hz against each other, in percent of the eye "
            "distance. The score is 0.5 where the middle one of the five reaches 2 %; noise is what following adds."
        )
        tremor = Panel(
            "tremor by landmark, % of the eye distance, over seconds", plot["seconds"], plot["percent"],
            across_name="media time", across_unit="s", up_name="tremor", up_unit="% of the eye distance",
        )  # fmt: skip
        judged = Panel(
            "the middle one, and the noise of following", plot["seconds"], plot["judged"],
            across_name="media time", across_unit="s", up_name="tremor", up_unit="% of the eye distance",
        )  # fmt: skip
        panels = (tremor, judged)
        title = "Jitter of the landmarks"
        yield EvidenceMade(NAME, "jitter", title, caption, "image/png", draw(panels), Curves(panels))


def _told(track: int, windows: list[Window]) -> dict[str, Any]:
    return {
        "track": track,
        "windows": len(windows),
        "percent": round(100 * median(window.amplitude for window in windows), 3),
        "noise_percent": round(100 * median(window.noise for window in windows), 3),
    }


def _plot(windows: list[Window]) -> dict[str, Any]:
    """Plot data over the middles of the windows, with None where more than one window is missing between two."""
    rows: list[tuple[float, Window | None]] = []
    for window in windows:
        if rows and window.middle_seconds - rows[-1][0] > 1.5 * WINDOW_SECONDS:
            rows.append((window.middle_seconds, None))
        rows.append((window.middle_seconds, window))
    return {
        "seconds": [round(at, 2) for at, _ in rows],
        "percent": {
            name: [_percent(window and window.tremor.amplitude[number]) for _, window in rows]
            for number, name in enumerate(LANDMARKS)
        },
        "judged": {
            "middle": [_percent(window and window.amplitude) for _, window in rows],
            "noise": [_percent(window and window.noise) for _, window in rows],
        },
    }


def _percent(share: Any) -> float | None:
    return None if share is None else round(100 * float(share), 4)
