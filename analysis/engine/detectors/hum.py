"""Mains hum and the continuity of its phase.

After Rodríguez, Apolinário and Biscainho, Audio authenticity: detecting ENF discontinuity with high precision phase
analysis (IEEE TIFS 5(3), 2010): hum that a recording picked up goes on through it; where
something was cut out or put in, its phase jumps by whatever did not fit.
Ours differs: instead of a high-precision Fourier analysis and a feature of the whole, the phase before and after each
moment is extrapolated with straight lines over 3 s and compared, in units of how well those lines fit.

The score is 0.5 at a jump of 8 errors that is also 0.5 rad at least; a quartz clock and a quiet grid bring less
than 0.05 rad a second of curvature.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.engine.detectors import sound_sheet
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.hearing import HearingSession
from analysis.engine.detectors.listening import RATE_HZ, marked
from analysis.engine.detectors.weightless import Weightless
from analysis.engine.plots import Curves, Panel, thinned
from analysis.engine.types import (
    Assessment,
    Consumes,
    Coverage,
    EvidenceMade,
    MediaKind,
    NotAssessed,
    Reason,
    Samples,
    ScorePoint,
    ScoresMeasured,
    Verdict,
)
from analysis.engine.weights import WeightStore

NAME = "hum"
MAINS_HZ = (50.0, 60.0)
BESIDE_HZ = (-9.0, -7.0, -5.0, 5.0, 7.0, 9.0)
WINDOW, HOP = RATE_HZ, RATE_HZ // 4  # 1 s resolves 2 Hz; four phases a second
LINE_STEPS, GAP = 12, 2  # 3 s, and the windows that hold both sides
APART_SECONDS = 2.0
MARK = 0.5
LEAST_SECONDS = 10.0
LEAST_ABOVE_DB = 12.0  # the middle of all windows; noise reaches 3
FADED_ABOVE_DB = 6.0
ERRORS_AT_HALF, LEAST_JUMP_RAD, LEAST_ERROR_RAD = 8.0, 0.5, 0.05
SHOWN_STEPS = 480  # 2 minutes
KEPT_JUMPS = 50


def cards() -> list[Card]:
    """The card of the hum detector."""
    return [
        Card(
            name=NAME,
            title="Mains hum",
            version="1.0",
            family="hum",
            subject="sound",
            consumes=Consumes.SOUND,
            kinds=frozenset({MediaKind.VIDEO, MediaKind.AUDIO}),
            unit="windows",
            looks_at="Hum of 50 or 60 Hz in the background, and jumps of its phase.",
            cannot_see="Recordings without hum (most from batteries, phones and calls; it abstains), cuts "
            "that happen to "
            "fit, edits in the first and last 4 s. Appliances that switch, a recorder that pauses by itself and "
            "lost packets make the phase jump, too; so does a bass note at the same pitch.",
            paper="Rodriguez, Apolinario and Biscainho, IEEE TIFS 2010",
            licence="Apache-2.0 (own code)",
            accuracy="Published rates are of the paper's own measure and do not carry over. Own first look: no "
            "labelled file of 10 s or more holds such hum, so it is unmeasured on recordings. No calibration yet.",
            preprocessing="16 kHz mono, Hann windows of 1 s every 0.25 s.",
            links=("https://doi.org/10.1109/TIFS.2010.2051270",),
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    return Weightless(cards()[0], HumSession)


def _kernel() -> NDArray[np.complex64]:
    """Rows: for each mains frequency itself and those beside it."""
    hertz = np.array([mains + beside for mains in MAINS_HZ for beside in (0.0, *BESIDE_HZ)])
    at = np.arange(WINDOW) / RATE_HZ
    window = np.hanning(WINDOW)
    return (np.exp(-2j * np.pi * np.outer(hertz, at)) * window / (window.sum() / 2)).astype(np.complex64)


@dataclass(frozen=True)
class Jump:
    """What the phase does at a moment."""

    score: float
    pts_seconds: float
    radians: float


@dataclass
class HumSession(HearingSession):
    """One complex amplitude per quarter second and mains frequency: 1.4 MB for 4 hours."""

    name = NAME
    size_samples = WINDOW
    hop_samples = HOP
    least_seconds = LEAST_SECONDS
    kernel: NDArray[np.complex64] = field(default_factory=_kernel)
    phases: "array[float]" = field(default_factory=lambda: array("f"))
    above: "array[float]" = field(default_factory=lambda: array("f"))
    scored: int = 0
    drowned: int = 0
    highest: Jump | None = None
    jumps: list[Jump] = field(default_factory=list)
    trace: NDArray[np.float64] | None = None
    trace_starts: float = 0.0

    def listen(self, start: int, samples: Samples) -> Iterator[ScoresMeasured]:
        found = (self.kernel @ samples).reshape(len(MAINS_HZ), -1)
        beside = np.sqrt(np.mean(np.square(np.abs(found[:, 1:])), axis=1)) + 1e-9
        self.above.extend((20 * np.log10(np.abs(found[:, 0]) / beside + 1e-9)).tolist())
        self.phases.extend(np.angle(found[:, 0]).tolist())
        yield ScoresMeasured(NAME, ())

    def drain(self) -> Iterator[ScoresMeasured]:
        """The scores: what a phase does can be told only when its hum is known to go on."""
        at = self._mains()
        if at is None:
            return
        phases = self._relative(at)
        jumps, errors = _jumps(phases)
        faded = self._levels()[:, at] < FADED_ABOVE_DB
        self._show(phases, int(np.argmax(errors)))
        for step in range(LINE_STEPS + GAP, len(phases) - LINE_STEPS - GAP):
            yield ScoresMeasured(NAME, (self._point(step, jumps[step], errors[step], faded),))

    def _point(self, step: int, jump: float, errors: float, faded: NDArray[np.bool_]) -> ScorePoint:
        seconds = (step * HOP + WINDOW / 2) / RATE_HZ
        # Where the hum drowns for a moment its phase is that of whatever drowns it. Not so in the gap: hum of
        # opposite phases on either side of a cut cancels there.
        before, after = faded[step - LINE_STEPS - GAP : step - GAP], faded[step + GAP + 1 :][:LINE_STEPS]
        if before.any() or after.any():
            self.drowned += 1
            return ScorePoint(seconds, None, reason=Reason.NOISE)
        self.scored += 1
        score = marked(min(float(errors) / ERRORS_AT_HALF, abs(float(jump)) / LEAST_JUMP_RAD), 1.0)
        self._note(Jump(score, seconds, float(jump)))
        return ScorePoint(seconds, score)

    def _note(self, jump: Jump) -> None:
        """Keeps the highest moment of all, and of each jump at or above the mark."""
        if self.highest is None or jump.score > self.highest.score:
            self.highest = jump
        if jump.score < MARK:
            return
        if self.jumps and jump.pts_seconds - self.jumps[-1].pts_seconds < APART_SECONDS:
            self.jumps[-1] = max(self.jumps[-1], jump, key=lambda one: one.score)
        elif len(self.jumps) < KEPT_JUMPS:
            self.jumps.append(jump)

    def _levels(self) -> NDArray[np.float32]:
        """How far each mains frequency stands above those beside it in each window, in dB."""
        return np.array(self.above, np.float32).reshape(-1, len(MAINS_HZ))

    def _mains(self) -> int | None:
        """Which mains frequency hums throughout; None when neither does, or not long enough."""
        if self.stretches.seconds < LEAST_SECONDS:
            return None
        middle = np.median(self._levels(), axis=0)
        at = int(np.argmax(middle))
        return at if middle[at] >= LEAST_ABOVE_DB else None

    def _relative(self, at: int) -> NDArray[np.float64]:
        """The phase of each window relative to a steady hum of exactly the nominal frequency, unwrapped."""
        phases = np.array(self.phases, np.float64).reshape(-1, len(MAINS_HZ))[:, at]
        turned = 2 * np.pi * MAINS_HZ[at] * HOP / RATE_HZ * np.arange(len(phases))
        return np.unwrap(phases - turned)

    def _show(self, phases: NDArray[np.float64], around: int) -> None:
        first = max(0, min(around - SHOWN_STEPS // 2, len(phases) - SHOWN_STEPS))
        self.trace = phases[first : first + SHOWN_STEPS]
        self.trace_starts = (first * HOP + WINDOW / 2) / RATE_HZ

    def finish(self) -> Assessment:
        if self.stretches.seconds < LEAST_SECONDS:
            return self.too_short()
        middle = np.median(self._levels(), axis=0)
        facts: dict[str, Any] = {
            f"above_noise_db_{mains:.0f}_hz": round(float(level), 1)
            for mains, level in zip(MAINS_HZ, middle, strict=True)
        }
        if self.highest is None:
            return NotAssessed(Reason.OUTSIDE_DOMAIN, "no mains hum goes on through the sound", facts)
        facts |= {
            "mains_hz": MAINS_HZ[int(np.argmax(middle))],
            "largest_jump_rad": round(abs(self.highest.radians), 3),
            "largest_jump_at_seconds": round(self.highest.pts_seconds, 2),
            "jumps": [[round(jump.pts_seconds, 2), round(jump.radians, 2)] for jump in self.jumps],
        }
        coverage = Coverage(self.scored, self.scored + self.drowned, "windows")
        return Verdict(self.highest.score, coverage, facts=facts)

    def evidence(self) -> Iterable[EvidenceMade]:
        if self.trace is None or self.highest is None:
            return
        seconds = self.trace_starts + np.arange(len(self.trace)) * HOP / RATE_HZ
        marks = [one.pts_seconds for one in self.jumps if seconds[0] <= one.pts_seconds <= seconds[-1]]
        caption = (
            "Phase of the mains hum against a steady one, around its largest jump. A slope is the grid's or the "
            "recorder's frequency; a step is a moment that does not follow from the one before."
        )
        label = f"{seconds[0]:.1f} to {seconds[-1]:.1f} s"
        sheet = sound_sheet.curve(seconds, self.trace, label=label, unit="rad", marks=marks)
        panel = Panel(
            "phase against a steady hum, over seconds",
            thinned(seconds.tolist()),
            {"phase": thinned(self.trace.tolist())},
            across_name="media time",
            across_unit="s",
            up_name="phase",
            up_unit="rad",
            marks=[(at, "jump of the phase") for at in marks],
        )
        title = "Phase of the mains hum"
        yield EvidenceMade(NAME, "curve", title, caption, "image/png", sheet, Curves((panel,)))


def _jumps(phases: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each step the jump in radians (wrapped) and the same in errors; 0 where 3 s to a side are missing.

    The GAP windows on either side of a step hold sound of both sides and are left out of the lines.
    """
    jumps, errors = np.zeros(len(phases)), np.zeros(len(phases))
    inner = slice(LINE_STEPS + GAP, len(phases) - LINE_STEPS - GAP)
    count = max(0, inner.stop - inner.start)
    lines = np.lib.stride_tricks.sliding_window_view(phases, LINE_STEPS)
    along = np.arange(LINE_STEPS, dtype=np.float64)
    before, wander = _lines(along - LINE_STEPS - GAP, lines[:count])
    after, other = _lines(along + GAP + 1, lines[LINE_STEPS + 2 * GAP + 1 :][:count])
    jumps[inner] = np.angle(np.exp(1j * (after - before)))
    # where a line of 12 points is extrapolated by 3 its error is about that of one point
    errors[inner] = np.abs(jumps[inner]) / np.maximum(np.hypot(wander, other), LEAST_ERROR_RAD)
    return jumps, errors


def _lines(
    along: NDArray[np.float64], phases: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of the straight line through each row: its value at 0, and the root mean square of what it leaves."""
    design = np.stack((along, np.ones_like(along)), axis=1)
    fitted = phases @ np.linalg.pinv(design).T
    left = phases - fitted @ design.T
    return fitted[:, 1], np.sqrt(np.mean(np.square(left), axis=1))
