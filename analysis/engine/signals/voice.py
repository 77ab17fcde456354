"""The loudness of the band that voices fill, over a sound of any length, and whether it rises and falls like speech.

Speech comes in syllables, four or so a second, and music seldom does: the modulation of loudness at 2 to 8 Hz tells
them apart (Scheirer and Slaney, ICASSP 1997, "4 Hz modulation energy"). Ours differs: one band instead of 40, and no
other feature.
"""

from array import array
from dataclasses import dataclass, field

import numpy as np

from analysis.engine.signals.oval import Reals
from analysis.engine.types import Samples

RATE_HZ = 16_000
LEVELS_HZ = 50.0
BAND_HZ = (300.0, 3400.0)  # of a telephone
SYLLABLES_HZ = (2.0, 8.0)
_HOP = round(RATE_HZ / LEVELS_HZ)
_INSIDE = slice(round(BAND_HZ[0] / LEVELS_HZ), round(BAND_HZ[1] / LEVELS_HZ) + 1)
_PIECE = 128  # levels of one spectrum of them, 2.56 s
# Drawn speech (tests/speech.py, four seeds) has 0.73 to 0.94, drawn notes at 120 a minute 0.23 to 0.25, chords and
# noise less: the geometric mean of the nearest two is 0.42. Drums alone have 0.94 and are taken for speech.
MIN_MODULATION = 0.4


@dataclass
class Loudness:
    """Root mean squares of 20 ms each of the band from 300 to 3400 Hz, one after another: 720 kB an hour."""

    levels: "array[float]" = field(default_factory=lambda: array("f"))
    _left: Samples = field(default_factory=lambda: np.zeros(0, np.float32))

    def take(self, samples: Samples) -> None:
        whole = np.concatenate([self._left, samples])
        count = len(whole) // _HOP
        self._left = whole[count * _HOP :].copy()
        # a spectrum of each 20 ms instead of a filter with a memory: the same in batches of any length
        spectra = np.fft.rfft(whole[: count * _HOP].reshape(count, _HOP) * np.hanning(_HOP))
        power = (
            np.square(np.abs(spectra[:, _INSIDE])).sum(axis=1)
            * 2
            / (np.square(np.hanning(_HOP)).sum() * _HOP)
        )
        self.levels.extend(np.sqrt(power).tolist())

    def between(self, start_seconds: float, end_seconds: float) -> Reals:
        """The levels of that time, as far as there are any."""
        first, last = (max(0, round(at * LEVELS_HZ)) for at in (start_seconds, end_seconds))
        return np.array(self.levels[first:last], np.float64)

    @property
    def seconds(self) -> float:
        return len(self.levels) / LEVELS_HZ


def modulation(levels: Reals) -> float:
    """How deeply they rise and fall at the rate of syllables: root mean square over their mean; 0 for silence."""
    mean = float(levels.mean()) if len(levels) else 0.0
    if mean <= 0 or len(levels) < _PIECE:
        return 0.0
    pieces = np.lib.stride_tricks.sliding_window_view(levels / mean, _PIECE)[:: _PIECE // 2]
    window = np.hanning(_PIECE)
    spectra = np.fft.rfft((pieces - pieces.mean(axis=1, keepdims=True)) * window)
    power = np.square(np.abs(spectra)).mean(axis=0) * 2 / (np.square(window).sum() * _PIECE)
    hz = np.fft.rfftfreq(_PIECE, 1 / LEVELS_HZ)
    return float(np.sqrt(power[(hz >= SYLLABLES_HZ[0]) & (hz <= SYLLABLES_HZ[1])].sum()))
