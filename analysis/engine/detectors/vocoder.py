"""Lines of a vocoder's upsampling layers in the sound track; see comb_lines for the method and its source.

Ours differs from the paper, which describes the lines and detects nothing: the score rises with the standard
errors by which one comb stands out, and is 0.5 at 6. Windows of 4 s times thirteen frame rates make some 50,000
comparisons in 4 hours, of which chance alone would bring one to 4.3. The verdict is the mean of the windows'
highest third, so that a synthetic passage in a long recording is not averaged away. Windows in which a comb of the
mains is as firm as any, and firmer than chance makes one, are not scored: that is buzz.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analysis.engine.detectors import comb_lines, sound_sheet
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.hearing import ScoringSession, middle
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

NAME = "vocoder"
WINDOW_SECONDS = 4
LEAST_SECONDS = 1.5
ERRORS_AT_HALF = 6.0
ERRORS_OF_CHANCE = 4.3
HIGHEST_SHARE = 1 / 3


def cards() -> list[Card]:
    """The card of the vocoder detector."""
    return [
        Card(
            name=NAME,
            title="Vocoder lines",
            version="1.0",
            family="vocoder",
            subject="sound",
            consumes=Consumes.SOUND,
            kinds=frozenset({MediaKind.VIDEO, MediaKind.AUDIO}),
            unit="windows",
            looks_at="Faint tones from 2 to 8 kHz at multiples of the frame rates of published vocoders, which layers "
            "of transposed convolutions leave in synthetic speech.",
            cannot_see="Synthesis without such layers or with another frame rate (flows, diffusion, codecs, sound "
            "spliced from recordings), sound that was coded hard or resampled to another pitch afterwards. Mains "
            "buzz hides them and is not assessed, nor are lines every 100 Hz, which look like it. Other machines that "
            "hum at such a rate could be taken for one.",
            paper="Pons et al., Upsampling artifacts in neural audio synthesis, ICASSP 2021",
            licence="Apache-2.0 (own code)",
            accuracy="The paper gives no rate. Own first look, 13 synthetic and 17 genuine recordings (N = 30): 9 of "
            "the synthetic and none of the genuine ones reached 0.5. All found come from MelGAN, HiFi-GAN and one "
            "diffusion model at 22.05 kHz. No calibration yet.",
            preprocessing="16 kHz mono, windows of 4 s; spectra of 128 ms, each bin against its neighbours.",
            links=("https://arxiv.org/abs/2010.14356",),
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    return Weightless(cards()[0], VocoderSession)


@dataclass(frozen=True)
class Comb:
    """The firmest comb of one window."""

    pts_seconds: float
    errors: float
    frame_rate_hz: float
    samples: Samples


@dataclass
class VocoderSession(ScoringSession):
    """The windows of one run; keeps the samples of the one with the firmest comb only."""

    name = NAME
    size_samples = hop_samples = WINDOW_SECONDS * RATE_HZ
    least_seconds = LEAST_SECONDS
    scores: list[float] = field(default_factory=list)
    buzzing: int = 0
    firmest: Comb | None = None

    def score(self, start: int, samples: Samples) -> Iterator[ScoresMeasured]:
        yield ScoresMeasured(NAME, (self._point(middle(start, samples), samples),))

    def _point(self, pts_seconds: float, samples: Samples) -> ScorePoint:
        above = comb_lines.excess(samples)
        errors = comb_lines.strengths(above)
        buzz = float(comb_lines.strengths(above, comb_lines.MAINS_TEETH).max())
        if buzz >= max(ERRORS_OF_CHANCE, float(errors.max())):
            self.buzzing += 1
            return ScorePoint(pts_seconds, None, reason=Reason.OUTSIDE_DOMAIN)
        best = int(np.argmax(errors))
        comb = Comb(pts_seconds, float(errors[best]), comb_lines.FRAME_RATES_HZ[best], samples)
        if self.firmest is None or comb.errors > self.firmest.errors:
            self.firmest = comb
        self.scores.append(marked(comb.errors, ERRORS_AT_HALF))
        return ScorePoint(pts_seconds, self.scores[-1])

    def finish(self) -> Assessment:
        if self.scores:
            kept = sorted(self.scores, reverse=True)[: max(1, round(len(self.scores) * HIGHEST_SHARE))]
            coverage = Coverage(len(self.scores), len(self.scores) + self.silent + self.buzzing, "windows")
            return Verdict(sum(kept) / len(kept), coverage, facts=self._facts())
        if self.buzzing:
            return NotAssessed(
                Reason.OUTSIDE_DOMAIN, "mains buzz: lines every 50, 60, 100 or 120 Hz hide any others"
            )
        return self.absence()

    def _facts(self) -> dict[str, Any]:
        assert self.firmest is not None  # noqa: S101  # finish() found scores, so there is one
        return {
            "firmest_at_seconds": round(self.firmest.pts_seconds, 3),
            "standard_errors": round(self.firmest.errors, 2),
            "frame_rate_hz": round(self.firmest.frame_rate_hz, 2),
        }

    def evidence(self) -> Iterable[EvidenceMade]:
        if self.firmest is None:
            return
        comb = self.firmest
        mean = comb_lines.excess(comb.samples).mean(axis=0)
        teeth = comb_lines.TEETH[comb_lines.FRAME_RATES_HZ.index(comb.frame_rate_hz)]
        caption = (
            f"How far each frequency stands above its neighbours around {comb.pts_seconds:.1f} s, with every eighth "
            f"multiple of {comb.frame_rate_hz:.1f} Hz marked: that comb stands out by {comb.errors:.1f} standard "
            "errors. Chance brings some comb to about 2."
        )
        hertz = np.arange(len(mean)) * RATE_HZ / comb_lines.SIZE
        sheet = sound_sheet.curve(
            hertz, mean, label="0 to 8 kHz", unit="dB", marks=[hertz[at] for at in teeth[::8]]
        )
        panel = Panel(
            "excess over the neighbouring frequencies",
            thinned(hertz.tolist()),
            {"excess": thinned(mean.tolist())},
            across_name="frequency",
            across_unit="Hz",
            up_name="excess",
            up_unit="dB",
            marks=[(float(hertz[at]), "every eighth line of the comb") for at in teeth[::8]],
        )
        title = "Firmest comb of lines"
        yield EvidenceMade(NAME, "spectrum", title, caption, "image/png", sheet, Curves((panel,)))
