"""Sound in stretches of equal length, cut from batches of any length in bounded memory."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from analysis.engine.types import Samples

RATE_HZ = 16_000
SILENCE_RMS = 1e-4  # -80 dBFS: under the room tone of any recording we know, over the dither of 16 bits

Decibels = NDArray[np.float32]


class Stretches:
    """Stretches of `size_samples`, each `hop_samples` after the one before.

    What is shorter than one stretch comes whole, from `rest`; a remainder comes as a last stretch that is
    aligned to the end of the sound.
    """

    def __init__(self, size_samples: int, hop_samples: int) -> None:
        self._size, self._hop = size_samples, hop_samples
        # a ring that is made whole at once, so that memory is the same from the first second on
        self._ring = np.zeros(size_samples, np.float32)
        self._next_end = size_samples
        self.total_samples = 0

    def take(self, samples: Samples) -> Iterator[tuple[int, Samples]]:
        """The stretches that are full now, with the sample each begins at."""
        while len(samples):
            missing = self._next_end - self.total_samples
            self._write(samples[:missing])
            samples = samples[missing:]
            if self.total_samples == self._next_end:
                self._next_end += self._hop
                yield self.total_samples - self._size, self._latest()

    def rest(self) -> Iterator[tuple[int, Samples]]:
        """What no stretch has held yet."""
        if 0 < self.total_samples < self._size:
            yield 0, self._ring[: self.total_samples].copy()
        elif self.total_samples > self._next_end - self._hop:
            yield self.total_samples - self._size, self._latest()

    def _write(self, samples: Samples) -> None:
        self._ring[(self.total_samples + np.arange(len(samples))) % self._size] = samples
        self.total_samples += len(samples)

    def _latest(self) -> Samples:
        """The last `size_samples`, in order."""
        return np.roll(self._ring, -(self.total_samples % self._size))

    @property
    def seconds(self) -> float:
        return self.total_samples / RATE_HZ


def power_spectra(samples: Samples, *, size: int, hop: int) -> Decibels:
    """Power of Hann windows in dB (0 dB: a full-scale sine), (windows, size / 2 + 1)."""
    window = np.hanning(size).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop] * window
    power = np.square(np.abs(np.fft.rfft(frames)) / (window.sum() / 2))
    return np.asarray(10 * np.log10(power + 1e-14), np.float32)


def rms(samples: Samples) -> float:
    """About the mean: a constant offset is nothing that could be heard."""
    return float(np.std(samples, dtype=np.float64)) if len(samples) else 0.0


def marked(statistic: float, at_half: float, steepness: float = 4.0) -> float:
    """A score in 0..1 that rises with the statistic and is 0.5 where it reaches its constant."""
    return float(1 / (1 + np.exp(-steepness * (min(statistic / at_half, 10.0) - 1))))
