"""Whether the pulse in the skin beats alike in the parts of a face.

The pulse is read with POS and CHROM (analysis/engine/signals/pulse.py) from forehead and both cheeks, over windows
of 8 s. That a face which was put together frame by frame holds no pulse, or not the same one everywhere, is the
observation of Ciftci et al. (FakeCatcher, 2020, section 3). Ours differs: nothing is learnt, and a missing pulse is
no sign, because compression, light and motion hide it in most genuine videos. Only parts whose pulse stands out in
both methods are compared, and the score is the share of pairs of them that beat at different rates.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import numpy as np

from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.curves import draw
from analysis.engine.detectors.passages import TraceSession, resting_on, too_short, too_slow
from analysis.engine.detectors.sightings import width_px
from analysis.engine.detectors.weightless import Weightless
from analysis.engine.plots import Curves, Panel
from analysis.engine.signals.beats import PARTS, WINDOW_SECONDS, Window, measured
from analysis.engine.signals.oval import mean_colour
from analysis.engine.signals.pulse import Reals
from analysis.engine.signals.traces import stretches
from analysis.engine.types import (
    Assessment,
    Consumes,
    EvidenceMade,
    FaceCrop,
    MediaKind,
    NotAssessed,
    Reason,
    ScorePoint,
    ScoresMeasured,
    Verdict,
)
from analysis.engine.weights import WeightStore

NAME = "pulse"
CUT_OFF = "the forehead or a cheek of the faces lies outside the picture"
MIN_FACE_PX = 100
STEP_SECONDS = 2.0
SHOWN_BINS = 128


def cards() -> list[Card]:
    """The card of the pulse detector."""
    return [
        Card(
            name=NAME,
            title="Pulse in parts of the face",
            version="1.0",
            family="physiology",
            subject="face",
            consumes=Consumes.FACES,
            dense=True,
            kinds=frozenset({MediaKind.VIDEO}),
            unit="windows",
            looks_at="Whether the pulse in the colour of forehead and cheeks beats at one rate, in passages of the "
            "video at its full rate.",
            cannot_see="Faces under 100 px, videos under 8 s or 20 frames a second, faces whose pulse compression, "
            "light, make-up or motion hide (most videos from the web: it abstains), swaps that let the pulse of the "
            "person below through, pictures. Of recordings over two minutes it looks at twelve passages of 10 s, "
            "spread evenly. Known mistake: motion or light in a steady rhythm of its own on one side of the face.",
            paper="Wang et al., Algorithmic principles of remote PPG, IEEE TBME 2017; de Haan & Jeanne, Robust pulse "
            "rate from chrominance-based rPPG, IEEE TBME 2013; Ciftci et al., FakeCatcher, IEEE TPAMI 2020",
            licence="Apache-2.0 (our own code)",
            accuracy="No own measurement that says anything: in none of the 28 videos used in development "
            "did a pulse stand out in two parts of a face, so it abstained in all of them. Drawn pulses are found. "
            "No calibration yet.",
            preprocessing="Mean RGB of three rectangles placed by the eyes, read evenly, POS and CHROM over 8 s every "
            "2 s, 0.7 to 4 Hz; a part counts when both agree and stand out by 5 dB.",
            # reads passages at the full rate, and abstains in most videos: whoever asks pays for it
            by_default=False,
            links=("https://doi.org/10.1109/TBME.2016.2609282", "https://doi.org/10.1109/TBME.2013.2266196"),
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    return Weightless(cards()[0], PulseSession)


@dataclass
class PulseSession(TraceSession):
    """Colour traces of one run: the mean RGB of each part."""

    name = NAME
    numbers = 3 * len(PARTS)
    windows: list[tuple[int, float | None, dict[str, Any]]] = field(default_factory=list)
    shown: Window | None = None
    too_slow: bool = False

    def note(self, face: FaceCrop) -> None:
        if width_px(face) < MIN_FACE_PX:
            self.seen.too_small()
            return
        eyes = self.seen.eyes(face)
        if eyes is None:
            return
        colours = [mean_colour(face, *eyes, part) for part in PARTS.values()]
        shown = [colour for colour in colours if colour is not None]
        if len(shown) == len(PARTS):
            self.keep(face, *np.concatenate(shown).tolist())
        else:
            self.seen.outside[CUT_OFF] += 1

    def drain(self) -> Iterator[ScoresMeasured]:
        for track, rows in self.rows():
            for stretch in stretches(rows):
                yield from self._measured(track, stretch)

    def _measured(self, track: int, stretch: Reals) -> Iterator[ScoresMeasured]:
        seconds = stretch[:, 0]
        for start in np.arange(seconds[0], seconds[-1] - WINDOW_SECONDS + 0.05, STEP_SECONDS):
            part = stretch[(seconds >= start) & (seconds < start + WINDOW_SECONDS)]
            window = measured(track, part)
            if window is None:
                self.too_slow = True
                continue
            self._keep(window)
            middle, reason = float(start) + WINDOW_SECONDS / 2, Reason.OUTSIDE_DOMAIN
            score = window.score
            yield ScoresMeasured(NAME, (ScorePoint(middle, score, track, reason if score is None else None),))

    def _keep(self, window: Window) -> None:
        self.windows.append((window.track, window.score, _described(window)))
        if self.shown is None or _telling(window) > _telling(self.shown):
            self.shown = window

    def finish(self) -> Assessment:
        if not self.windows:
            return self._abstain()
        scored = defaultdict(list)
        for track, score, _ in self.windows:
            if score is not None:
                scored[track].append(score)
        if not scored:
            detail = "no pulse stands out in two parts of a face; compression, light and motion often hide it"
            return NotAssessed(Reason.OUTSIDE_DOMAIN, detail, self._facts(None))
        means = {track: fmean(scores) for track, scores in scored.items()}
        best = max(means, key=means.__getitem__)
        count = sum(map(len, scored.values()))
        coverage = resting_on(len(scored[best]), count, len(self.windows))
        return Verdict(means[best], coverage, facts=self._facts(best))

    def _abstain(self) -> NotAssessed:
        if self.too_slow:
            return too_slow()
        if self.traces:
            return too_short(WINDOW_SECONDS)
        return self.seen.absence()

    def _facts(self, best: int | None) -> dict[str, Any]:
        return {
            "verdict_of_track": best,
            "frames_looked_at": self.seen.frames,
            "windows": [described for _, _, described in self.windows][:100],
            "plot": _plot(self.shown) if self.shown else None,
        }

    def evidence(self) -> Iterable[EvidenceMade]:
        if self.shown is None:
            return
        plot = _plot(self.shown)
        caption = (
            f"The 8 seconds from {self.shown.start_seconds:.1f} s in which a pulse stands out most: by POS in "
            "each part of the face, and its spectrum. In a face of one piece the clear peaks lie at one rate."
        )
        panels = _panels(plot)
        title = "Pulse by part of the face"
        yield EvidenceMade(NAME, "pulse", title, caption, "image/png", draw(panels), Curves(panels))


def _panels(plot: Mapping[str, Any]) -> tuple[Panel, Panel]:
    pulse = Panel(
        "pulse, no unit, over seconds", plot["seconds"], plot["pulse"],
        across_name="media time", across_unit="s", up_name="pulse",
    )  # fmt: skip
    power = Panel(
        "power over beats a minute", plot["bpm"], plot["power"],
        across_name="rate", across_unit="beats/min", up_name="power, highest = 1",
    )  # fmt: skip
    return pulse, power


def _telling(window: Window) -> tuple[int, float]:
    return len(window.clear), sum(found.snr_db for found in window.spectra.values())


def _described(window: Window) -> dict[str, Any]:
    parts = {
        part: {
            "bpm": round(60 * found.peak_hz, 1),
            "snr_db": round(found.snr_db, 1),
            "clear": part in window.clear,
        }
        for part, found in window.spectra.items()
    }
    return {"track": window.track, "start_seconds": round(window.start_seconds, 2), "parts": parts}


def _plot(window: Window) -> dict[str, Any]:
    """Plot data: pulses over seconds, and power over beats a minute, each spectrum's highest point 1."""
    at = np.arange(len(next(iter(window.pulses.values())))) / window.fps + window.start_seconds
    hz = next(iter(window.spectra.values())).hz
    bins = np.linspace(hz[0], hz[-1], SHOWN_BINS)
    power = {
        part: np.interp(bins, found.hz, found.power / max(float(found.power.max()), 1e-30))
        for part, found in window.spectra.items()
    }
    return {
        "seconds": at.round(3).tolist(),
        "pulse": {part: pulse.round(6).tolist() for part, pulse in window.pulses.items()},
        "bpm": (60 * bins).round(1).tolist(),
        "power": {part: values.round(4).tolist() for part, values in power.items()},
    }
