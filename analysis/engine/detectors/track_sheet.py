"""The evidence picture of a whole sound track: its spectrogram, the windows that were scored, and their scores."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from analysis.engine.detectors.evidence import INK, LABEL_HEIGHT, PAPER, png
from analysis.engine.plots import Span, Spectrogram
from analysis.engine.types import Samples

WIDTH, HEIGHT, STRIP, MARGIN = 960, 256, 64, 8
FRAME_SAMPLES, BANDS = 1024, 128
RANGE_DB = 80.0
MARK = 0.5
ACCENT, QUIET = (255, 176, 64), (96, 102, 112)

Power = NDArray[np.float32]


@dataclass(frozen=True)
class Heard:
    """One scored stretch of sound, in seconds of media time."""

    begins_seconds: float
    ends_seconds: float
    score: float

    @property
    def middle(self) -> float:
        return (self.begins_seconds + self.ends_seconds) / 2


class Track:
    """A spectrogram of sound of any length in bounded memory.

    Its columns become coarser as the sound grows: at most 1,920 are kept, each the mean power of equally many
    frames of 1,024 samples.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self.total_samples = 0
        self._rate = sample_rate_hz
        self._rest = np.zeros(0, np.float32)
        self._frames = np.zeros((0, BANDS), np.float32)
        self._columns = np.zeros((0, BANDS), np.float32)
        self._frames_per_column = 1

    @property
    def seconds(self) -> float:
        return self.total_samples / self._rate

    def add(self, samples: Samples) -> None:
        self.total_samples += len(samples)
        joined = np.concatenate((self._rest, samples))
        whole = len(joined) // FRAME_SAMPLES * FRAME_SAMPLES
        self._rest = joined[whole:].copy()
        self._frames = np.concatenate((self._frames, _power(joined[:whole])))
        self._group()
        while len(self._columns) >= 2 * WIDTH:
            self._halve()

    def _group(self) -> None:
        full = len(self._frames) // self._frames_per_column * self._frames_per_column
        means = self._frames[:full].reshape(-1, self._frames_per_column, BANDS).mean(axis=1)
        self._columns = np.concatenate((self._columns, means))
        self._frames = self._frames[full:].copy()

    def _halve(self) -> None:
        pairs = len(self._columns) // 2
        odd = np.repeat(self._columns[2 * pairs :], self._frames_per_column, axis=0)
        self._columns = self._columns[: 2 * pairs].reshape(pairs, 2, BANDS).mean(axis=1)
        self._frames = np.concatenate((odd, self._frames))
        self._frames_per_column *= 2
        self._group()

    @staticmethod
    def marked(windows: Sequence[Heard]) -> list[Heard]:
        """The windows that are framed in the picture."""
        return [heard for heard in windows if heard.score >= MARK]

    def sheet(self, windows: Sequence[Heard]) -> bytes:
        """A PNG: time to the right, 0 to half the sample rate upwards; the scores of `windows` as bars below."""
        sheet = Image.new("RGB", (WIDTH + 2 * MARGIN, HEIGHT + STRIP + LABEL_HEIGHT + 3 * MARGIN), PAPER)
        sheet.paste(self._spectrogram(), (MARGIN, MARGIN))
        pen = ImageDraw.Draw(sheet)
        base = 2 * MARGIN + HEIGHT + STRIP
        for heard in windows:
            left, right = self._x(heard.begins_seconds), self._x(heard.ends_seconds)
            colour = ACCENT if heard.score >= MARK else QUIET
            pen.rectangle((left, base - heard.score * STRIP, max(right - 1, left), base), fill=colour)
        for left_seconds, right_seconds in _joined(self.marked(windows)):
            box = (self._x(left_seconds), MARGIN, self._x(right_seconds), MARGIN + HEIGHT - 1)
            pen.rectangle(box, outline=ACCENT, width=2)
        pen.line((MARGIN, base - MARK * STRIP, MARGIN + WIDTH, base - MARK * STRIP), fill=INK)
        label = f"0 to {self.seconds:.2f} s, {self._rate // 2} Hz at the top, 80 dB from black to white; scores 0 to 1"
        pen.text((MARGIN, base + 2), label, fill=INK)
        return png(sheet)

    def plot(self, windows: Sequence[Heard]) -> Spectrogram:
        """What `sheet` draws, as data."""
        wide, high = WIDTH + 2 * MARGIN, HEIGHT + STRIP + LABEL_HEIGHT + 3 * MARGIN
        plane = (MARGIN / wide, MARGIN / high, (MARGIN + WIDTH - 1) / wide, (MARGIN + HEIGHT) / high)
        spans = [
            Span(begins, ends, f"scored {MARK} or more") for begins, ends in _joined(self.marked(windows))
        ]
        scores = [(heard.begins_seconds, heard.ends_seconds, heard.score) for heard in windows]
        return Spectrogram(0.0, self.seconds, self._rate / 2, plane, spans, scores)

    def _x(self, seconds: float) -> float:
        return MARGIN + min(seconds / max(self.seconds, 1e-9), 1.0) * (WIDTH - 1)

    def _spectrogram(self) -> Image.Image:
        columns = self._columns
        if len(self._frames):
            columns = np.concatenate((columns, self._frames.mean(axis=0, keepdims=True)))
        decibel = 10 * np.log10(columns + 1e-12)
        top = float(decibel.max())
        grey = np.clip((decibel - (top - RANGE_DB)) / RANGE_DB * 255, 0, 255).astype(np.uint8).T[::-1]
        return Image.fromarray(np.ascontiguousarray(grey)).resize((WIDTH, HEIGHT)).convert("RGB")


def _power(samples: Samples) -> Power:
    """Mean power per band of each frame, (frames, 128)."""
    frames = samples.reshape(-1, FRAME_SAMPLES) * np.hanning(FRAME_SAMPLES).astype(np.float32)
    spectrum = np.square(np.abs(np.fft.rfft(frames)))[:, 1:]
    return spectrum.reshape(-1, BANDS, FRAME_SAMPLES // 2 // BANDS).mean(axis=2).astype(np.float32)


def _joined(windows: Sequence[Heard]) -> list[tuple[float, float]]:
    """The spans of windows that touch or overlap, so that neighbours share one frame."""
    spans: list[tuple[float, float]] = []
    for heard in windows:
        if spans and heard.begins_seconds <= spans[-1][1] + 1e-3:
            spans[-1] = (spans[-1][0], max(spans[-1][1], heard.ends_seconds))
        else:
            spans.append((heard.begins_seconds, heard.ends_seconds))
    return spans
