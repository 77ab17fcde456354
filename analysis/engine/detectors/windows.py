"""Nets that score windows of 64,600 samples, slid over a sound track.

ASVspoof's nets were trained on such windows (4.04 s). Ours slides them over the whole track without overlap,
the last aligned to the end, repeats clips shorter than a window as the authors do, and leaves out windows of
silence or of noise without any structure, which the nets score but were never trained on. The verdict is the
mean of the windows' highest third, so that a spoofed passage in a long recording is not averaged away.

Every window of the first 300 (20 minutes) is scored; then, as often as the time doubles, half as many: a
recording of four hours costs 823 windows, spread over it, and the coverage says so. The rule does not ask
how long the file says it is, which may be a lie.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from analysis.engine.catalogue import Published
from analysis.engine.detectors.base import Attention, Card, Piece
from analysis.engine.detectors.evidence import spectrogram_sheet
from analysis.engine.detectors.explaining import samples_of
from analysis.engine.detectors.track_sheet import Heard, Track
from analysis.engine.plots import Spectrogram
from analysis.engine.types import (
    Assessment,
    Batch,
    Consumes,
    Coverage,
    EvidenceMade,
    Floats,
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

if TYPE_CHECKING:
    from analysis.engine.nets.rates.forward import Forward

SAMPLE_RATE_HZ = 16_000
WINDOW_SAMPLES = 64_600
DENSE_WINDOWS = 300
MIN_SECONDS = 1.0
SILENCE_RMS = 1e-3  # -60 dBFS
NOISE_FLATNESS = 0.6  # white noise has 0.56 per frame before averaging and about 0.9 after; speech under 0.2
HIGHEST_SHARE = 1 / 3
# Trained on the same recordings (of the LCNN's toy set that is assumed), so they may fail on the same file: one voice.
FAMILY = "asvspoof-2019-la"


def windows_card(
    published: Published,
    *,
    title: str,
    looks_at: str,
    cannot_see: str,
    accuracy: str,
    link: str,
    by_default: bool,
    version: str = "1.0",
) -> Card:
    """The card of a net that scores windows; its name is that of its catalogue entry."""
    return Card(
        name=published.key,
        title=title,
        version=version,
        family=FAMILY,
        subject="sound",
        consumes=Consumes.SOUND,
        kinds=frozenset({MediaKind.VIDEO, MediaKind.AUDIO}),
        unit="windows",
        looks_at=looks_at,
        cannot_see=cannot_see,
        paper=published.paper,
        licence=published.licence,
        accuracy=accuracy,
        preprocessing="16 kHz mono in -1..1, windows of 64,600 samples, shorter clips repeated; after 20 minutes "
        "fewer and fewer windows, half as many each time the time doubles.",
        weights=published.file,
        weights_sha256=published.sha256,
        links=(link,),
        by_default=by_default,
        explains=True,
    )


class Scoring(Protocol):
    """What judges windows of its own length; `score` takes one, and 1 means manipulated."""

    @property
    def card(self) -> Card: ...

    @property
    def window_samples(self) -> int: ...

    @property
    def score(self) -> Callable[[Samples], float]: ...


class Looking(Protocol):
    """Scores a window, and says where in it the net looked."""

    def __call__(self, window: Samples) -> float: ...

    def look(self, window: Samples) -> tuple[Floats, str]: ...


@dataclass
class WindowDetector:
    """A loaded net; shared by the runs of a worker."""

    card: Card
    score: Looking
    window_samples: int = WINDOW_SAMPLES
    forwards: tuple["Forward", ...] = ()

    def explain(self, piece: Piece) -> Attention:
        """Of one window; of a shorter clip the first time it is repeated."""
        return listened(self.score.look, samples_of(piece), self.window_samples)

    def open(self, source: Source) -> "WindowSession":
        return WindowSession(self)


def listened(
    look: Callable[[Samples], tuple[Floats, str]], samples: Samples, window_samples: int
) -> Attention:
    """Where in the samples a net looked that takes windows of that length; a shorter clip is repeated for it."""
    window = np.ascontiguousarray(repeated(samples, window_samples))
    values, method = look(window)
    shown = max(1, round(values.shape[1] * min(1.0, len(samples) / window_samples)))
    return Attention(values[:, :shown], None, method)


def passed_over(index: int) -> bool:
    """Whether a window, counted from 0, is left unscored so that long recordings stay affordable."""
    return index % (1 << (index // DENSE_WINDOWS).bit_length()) != 0


def unusable(window: Samples) -> Reason | None:
    """Why a window is not speech-like enough to score: silence, noise, or None when it may be scored.

    Noise is a long-term spectrum as flat as white noise's (geometric over arithmetic mean of the power).
    """
    # a constant offset is nothing that could be heard, and leaks into the lowest bins as if it were a tone
    window = window - window.mean(dtype=np.float64)
    if float(np.sqrt(np.mean(np.square(window)))) < SILENCE_RMS:
        return Reason.SILENCE
    frames = window[: len(window) // 512 * 512].reshape(-1, 512) * np.hanning(512)
    power = np.square(np.abs(np.fft.rfft(frames))).mean(axis=0)[1:] + 1e-12
    flatness = float(np.exp(np.mean(np.log(power))) / np.mean(power))
    return Reason.NOISE if flatness > NOISE_FLATNESS else None


def repeated(samples: Samples, count: int = WINDOW_SAMPLES) -> Samples:
    """The clip repeated end to end and cut to one window, as the authors do with short clips."""
    return np.tile(samples, -(-count // len(samples)))[:count]


@dataclass
class WindowSession:
    """The windows of one run."""

    detector: Scoring
    track: Track = field(default_factory=lambda: Track(SAMPLE_RATE_HZ))
    pending: list[Samples] = field(default_factory=list)
    pending_samples: int = 0
    tail: Samples | None = None
    position: int = 0
    scores: list[Heard] = field(default_factory=list)
    refusals: dict[Reason, int] = field(default_factory=lambda: defaultdict(int))
    passed: int = 0
    loudest: tuple[Heard, Samples] | None = None

    def feed(self, batch: Batch) -> Iterator[ScoresMeasured]:
        if not isinstance(batch, SoundBatch):
            return
        self.track.add(batch.samples)
        self.pending.append(batch.samples)
        self.pending_samples += len(batch.samples)
        while self.pending_samples >= self.detector.window_samples:
            joined = np.concatenate(self.pending)
            # copies, so that a short rest does not keep the whole stretch alive
            self.tail, rest = (
                joined[: self.detector.window_samples].copy(),
                joined[self.detector.window_samples :].copy(),
            )
            self.pending, self.pending_samples = [rest], len(rest)
            start, self.position = self.position, self.position + self.detector.window_samples
            if passed_over(start // self.detector.window_samples):
                self.passed += 1
            else:
                yield self._measure(self.tail, start, self.detector.window_samples)

    def _measure(self, window: Samples, start: int, recorded: int) -> ScoresMeasured:
        """The score of a window at the middle of what of it was recorded; the rest repeats that."""
        begins, ends = start / SAMPLE_RATE_HZ, (start + recorded) / SAMPLE_RATE_HZ
        middle, name = (begins + ends) / 2, self.detector.card.name
        if reason := unusable(window):
            self.refusals[reason] += 1
            return ScoresMeasured(name, (ScorePoint(middle, None, reason=reason),))
        heard = Heard(begins, ends, self.detector.score(np.ascontiguousarray(window)))
        self.scores.append(heard)
        if self.loudest is None or heard.score > self.loudest[0].score:
            self.loudest = (heard, window)
        return ScoresMeasured(name, (ScorePoint(middle, heard.score),))

    def drain(self) -> Iterator[ScoresMeasured]:
        """The last window: aligned to the end of the track, or the whole short clip repeated."""
        rest = np.concatenate(self.pending) if self.pending else np.zeros(0, np.float32)
        if self.tail is not None and len(rest):
            start = self.position + len(rest) - self.detector.window_samples
            yield self._measure(
                np.concatenate([self.tail, rest])[-self.detector.window_samples :],
                start,
                self.detector.window_samples,
            )
        elif self.tail is None and len(rest) >= MIN_SECONDS * SAMPLE_RATE_HZ:
            yield self._measure(repeated(rest, self.detector.window_samples), 0, len(rest))

    def finish(self) -> Assessment:
        windows = len(self.scores) + sum(self.refusals.values()) + self.passed
        if self.scores:
            return Verdict(
                self._verdict(), Coverage(len(self.scores), windows, "windows"), facts=self._facts()
            )
        if not windows:
            return NotAssessed(
                Reason.TOO_SHORT,
                f"the sound lasts {self.track.seconds:.1f} s; at least {MIN_SECONDS:.0f} s is needed",
            )
        reason = max(self.refusals, key=lambda item: self.refusals[item])
        held = " and ".join(sorted(one.value for one in self.refusals))
        return NotAssessed(reason, f"the {self.track.seconds:.0f} s of sound hold only {held}")

    def _verdict(self) -> float:
        highest = sorted((heard.score for heard in self.scores), reverse=True)
        kept = highest[: max(1, round(len(highest) * HIGHEST_SHARE))]
        return sum(kept) / len(kept)

    def _facts(self) -> dict[str, Any]:
        return {
            "mean_of_all_windows": round(sum(heard.score for heard in self.scores) / len(self.scores), 6),
            "windows_left_out": {reason.value: count for reason, count in self.refusals.items()},
            "windows_passed_over": self.passed,
        }

    def evidence(self) -> Iterable[EvidenceMade]:
        if self.loudest is None:
            return []
        return [self._over_the_track(), self._highest(*self.loudest)]

    def _over_the_track(self) -> EvidenceMade:
        marked = self.track.marked(self.scores)
        caption = (
            f"Spectrogram (0 to 8 kHz) of the whole sound, below it the detector score of each window and a line at "
            f"0.5. Framed: the {len(marked)} of {len(self.scores)} scored windows with 0.5 or more. "
            f"They show where the net heard something, not where an edit is."
        )
        sheet, plot = self.track.sheet(self.scores), self.track.plot(self.scores)
        return self._picture("Scored windows", caption, sheet, plot)

    def _highest(self, heard: Heard, window: Samples) -> EvidenceMade:
        caption = (
            f"Spectrogram (0 to 8 kHz) of the window with the highest detector score, {heard.score:.3f}, "
            f"around {heard.middle:.1f} s. It shows what the net heard, not where an edit is."
        )
        if self.track.total_samples < self.detector.window_samples:
            caption += (
                f" Only its first {self.track.seconds:.2f} s were recorded; the rest is that, repeated."
            )
        sheet = spectrogram_sheet(window, sample_rate_hz=SAMPLE_RATE_HZ)
        return self._picture("Highest scoring window", caption, sheet, None)

    def _picture(self, title: str, caption: str, content: bytes, plot: Spectrogram | None) -> EvidenceMade:
        name = self.detector.card.name
        return EvidenceMade(name, "spectrogram", title, caption, "image/png", content, plot)
