"""AASIST-L over the sound track, after Jung et al. (2022).

The published net scores windows of 64,600 samples (4.04 s). Ours slides such windows over the whole track
without overlap, the last aligned to the end, repeats clips shorter than a window as the authors do, and
leaves out windows of silence or of noise without any structure, which the net scores but was never trained
on. The score is softmax[spoofed]; the verdict is the mean of the windows' highest third, so that a spoofed
passage in a long recording is not averaged away.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.engine.catalogue import CATALOGUE
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.evidence import spectrogram_sheet
from analysis.engine.types import (
    Assessment,
    Batch,
    Consumes,
    Coverage,
    EvidenceMade,
    MediaKind,
    NotAssessed,
    Reason,
    Samples,
    ScorePoint,
    ScoresMeasured,
    SoundBatch,
    Source,
    Verdict,
)
from analysis.engine.weights import WeightStore

if TYPE_CHECKING:
    from analysis.engine.nets.aasist import AasistNet

SAMPLE_RATE_HZ = 16_000
WINDOW_SAMPLES = 64_600
MIN_SECONDS = 1.0
SILENCE_RMS = 1e-3  # -60 dBFS
NOISE_FLATNESS = 0.6  # white noise has 0.56 per frame before averaging and about 0.9 after; speech under 0.2
HIGHEST_SHARE = 1 / 3
NAME = "aasist-l"


def cards() -> list[Card]:
    """The card of AASIST-L."""
    published = CATALOGUE[NAME]
    return [
        Card(
            name=NAME,
            title="AASIST-L",
            version="1.0",
            family="aasist",
            subject="sound",
            consumes=Consumes.SOUND,
            kinds=frozenset({MediaKind.VIDEO, MediaKind.AUDIO}),
            unit="windows",
            looks_at="The waveform in windows of 4 s, as learnt from the attacks of ASVspoof 2019 LA.",
            cannot_see="Music, silence and noise, voices edited by cutting, replayed recordings, "
            "synthesis newer than 2019 unless it leaves the same traces.",
            paper=published.paper,
            licence=published.licence,
            accuracy="Published: equal error rate 0.99 % on the evaluation set of ASVspoof 2019 LA. Own first look, "
            "15 manipulated and 16 genuine files (N = 31): AUC 0.60, 95 % interval 0.39 to 0.80; 15 of the 16 genuine "
            "ones scored 0.5 or more, so read it beside other witnesses only. No calibration yet.",
            preprocessing="16 kHz mono in -1..1, windows of 64,600 samples, shorter clips repeated.",
            weights=published.file,
            weights_sha256=published.sha256,
            links=("https://arxiv.org/abs/2110.01200",),
        )
    ]


def make(name: str, weights: WeightStore, device: str) -> Detector:
    """The detector, loaded; raises UnverifiedWeights when its file is missing or another."""
    return Aasist(cards()[0], weights.path(name), device)


class Aasist:
    """The loaded net; shared by the runs of a worker."""

    def __init__(self, card: Card, path: Path, device: str) -> None:
        import torch

        from analysis.engine.nets import aasist, precision

        precision.keep_full(device)
        self.card = card
        self.device = device
        self.net: AasistNet = aasist.AasistNet(aasist.AASIST_L)
        self.net.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        self.net.eval().to(device)

    def open(self, source: Source) -> "AasistSession":
        return AasistSession(self)

    def score(self, window: Samples) -> float:
        """Softmax of the spoofed logit of one window of 64,600 samples; 1 means manipulated."""
        import torch

        with torch.inference_mode():
            logits = self.net(torch.from_numpy(window)[None].to(self.device))
        return float(torch.softmax(logits, dim=1)[0, 0])


def unusable(window: Samples) -> Reason | None:
    """Why a window is not speech-like enough to score: silence, noise, or None when it may be scored.

    Noise is a long-term spectrum as flat as white noise's (geometric over arithmetic mean of the power).
    """
    if float(np.sqrt(np.mean(np.square(window, dtype=np.float64)))) < SILENCE_RMS:
        return Reason.SILENCE
    frames = window[: len(window) // 512 * 512].reshape(-1, 512) * np.hanning(512)
    power = np.square(np.abs(np.fft.rfft(frames))).mean(axis=0)[1:] + 1e-12
    flatness = float(np.exp(np.mean(np.log(power))) / np.mean(power))
    return Reason.NOISE if flatness > NOISE_FLATNESS else None


def repeated(samples: Samples) -> Samples:
    """The clip repeated end to end and cut to one window, as the authors do with short clips."""
    return np.tile(samples, -(-WINDOW_SAMPLES // len(samples)))[:WINDOW_SAMPLES]


@dataclass
class AasistSession:
    """The windows of one run."""

    detector: Aasist
    pending: list[Samples] = field(default_factory=list)
    pending_samples: int = 0
    tail: Samples | None = None
    position: int = 0
    total_samples: int = 0
    scores: list[tuple[float, float]] = field(default_factory=list)
    refusals: dict[Reason, int] = field(default_factory=lambda: defaultdict(int))
    loudest: tuple[float, float, Samples] | None = None

    def feed(self, batch: Batch) -> Iterator[ScoresMeasured]:
        if not isinstance(batch, SoundBatch):
            return
        self.pending.append(batch.samples)
        self.pending_samples += len(batch.samples)
        self.total_samples += len(batch.samples)
        while self.pending_samples >= WINDOW_SAMPLES:
            joined = np.concatenate(self.pending)
            window, rest = joined[:WINDOW_SAMPLES], joined[WINDOW_SAMPLES:]
            self.pending, self.pending_samples = [rest], len(rest)
            yield self._measure(window, self.position, WINDOW_SAMPLES)
            self.tail = window
            self.position += WINDOW_SAMPLES

    def _measure(self, window: Samples, start: int, recorded: int) -> ScoresMeasured:
        """The score of a window at the middle of what of it was recorded; the rest repeats that."""
        pts_seconds = (start + recorded / 2) / SAMPLE_RATE_HZ
        reason = unusable(window)
        if reason:
            self.refusals[reason] += 1
            return ScoresMeasured(self.detector.card.name, (ScorePoint(pts_seconds, None, reason=reason),))
        score = self.detector.score(np.ascontiguousarray(window))
        self.scores.append((pts_seconds, score))
        if self.loudest is None or score > self.loudest[0]:
            self.loudest = (score, pts_seconds, window)
        return ScoresMeasured(self.detector.card.name, (ScorePoint(pts_seconds, score),))

    def finish(self) -> Assessment:
        windows = len(self.scores) + sum(self.refusals.values())
        if self.scores:
            return Verdict(
                self._verdict(), Coverage(len(self.scores), windows, "windows"), facts=self._facts()
            )
        seconds = self.total_samples / SAMPLE_RATE_HZ
        if not windows:
            return NotAssessed(
                Reason.TOO_SHORT, f"the sound lasts {seconds:.1f} s; at least {MIN_SECONDS:.0f} s is needed"
            )
        reason = max(self.refusals, key=lambda item: self.refusals[item])
        return NotAssessed(reason, f"the {seconds:.0f} s of sound hold only {reason.value}")

    def drain(self) -> Iterator[ScoresMeasured]:
        """The last window: aligned to the end of the track, or the whole short clip repeated."""
        rest = np.concatenate(self.pending) if self.pending else np.zeros(0, np.float32)
        if self.tail is not None and len(rest):
            start = self.position + len(rest) - WINDOW_SAMPLES
            yield self._measure(np.concatenate([self.tail, rest])[-WINDOW_SAMPLES:], start, WINDOW_SAMPLES)
        elif self.tail is None and len(rest) >= MIN_SECONDS * SAMPLE_RATE_HZ:
            yield self._measure(repeated(rest), 0, len(rest))

    def _verdict(self) -> float:
        highest = sorted((score for _, score in self.scores), reverse=True)
        kept = highest[: max(1, round(len(highest) * HIGHEST_SHARE))]
        return sum(kept) / len(kept)

    def _facts(self) -> dict[str, Any]:
        return {
            "mean_of_all_windows": round(sum(score for _, score in self.scores) / len(self.scores), 6),
            "windows_left_out": {reason.value: count for reason, count in self.refusals.items()},
        }

    def evidence(self) -> Iterable[EvidenceMade]:
        if self.loudest is None:
            return []
        score, pts_seconds, window = self.loudest
        caption = (
            f"Spectrogram (0 to 8 kHz) of the window with the highest detector score, {score:.3f}, "
            f"around {pts_seconds:.1f} s. It shows what the net heard, not where an edit is."
        )
        if self.total_samples < WINDOW_SAMPLES:
            seconds = self.total_samples / SAMPLE_RATE_HZ
            caption += f" Only its first {seconds:.2f} s were recorded; the rest is that, repeated."
        sheet = spectrogram_sheet(window, sample_rate_hz=SAMPLE_RATE_HZ)
        return [
            EvidenceMade(
                self.detector.card.name, "spectrogram", "Highest scoring window", caption, "image/png", sheet
            )
        ]
