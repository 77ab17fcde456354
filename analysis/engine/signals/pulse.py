"""The pulse in the colour of skin: POS after Wang et al. (2017), CHROM after de Haan and Jeanne (2013).

POS: algorithm 1 of the paper, with its window of 1.6 s. CHROM: section III of its paper; ours differs in that the
band is cut by a Fourier transform of the whole stretch instead of a filter. SNR as in CHROM's section IV, in
which the fundamental and its first harmonic count as signal; ours takes 0.2 Hz to either side of both, the width
of the main lobe of an 8-second window.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
LOWEST_HZ, HIGHEST_HZ = 0.7, 4.0
WINDOW_SECONDS = 1.6
LOBE_HZ = 0.2
BINS = 4096
_PLANE = np.array([[0.0, 1.0, -1.0], [-2.0, 1.0, 1.0]])
_CHROMINANCE = np.array([[3.0, -2.0, 0.0], [1.5, 1.0, -1.5]])


@dataclass(frozen=True)
class Spectrum:
    """Power over the band of pulses; `peak_hz` is its highest point, `snr_db` how far that stands out."""

    hz: Reals
    power: Reals
    peak_hz: float
    snr_db: float


def evenly(seconds: Reals, rgb: Reals, fps: float) -> Reals:
    """The trace (n, 3) read at an even rate, by straight lines between its own times."""
    at = np.arange(seconds[0], seconds[-1] + 1e-9, 1 / fps)
    return np.column_stack([np.interp(at, seconds, channel) for channel in rgb.T])


def pos(rgb: Reals, fps: float) -> Reals:
    """The pulse of a trace of mean colours, (n, 3) at an even rate, by the plane orthogonal to the skin tone."""
    length = max(2, round(WINDOW_SECONDS * fps))
    windows = np.lib.stride_tricks.sliding_window_view(rgb, length, axis=0)
    found = _projected(windows, _PLANE, sign=1)
    pulse = np.zeros(len(rgb))
    for into in range(length):
        pulse[into : into + len(found)] += found[:, into]
    return band(pulse, fps)


def chrom(rgb: Reals, fps: float) -> Reals:
    """The same by chrominance: windows of 1.6 s, half overlapping, added under a Hann window."""
    length = max(4, round(WINDOW_SECONDS * fps) // 2 * 2)
    steady = np.column_stack([band(channel / max(channel.mean(), 1e-9), fps) for channel in rgb.T]) + 1
    pulse = np.zeros(len(rgb))
    taper = np.hanning(length)
    windows = np.lib.stride_tricks.sliding_window_view(steady, length, axis=0)[:: length // 2]
    for number, found in enumerate(_projected(windows, _CHROMINANCE, sign=-1)):
        start = number * (length // 2)
        pulse[start : start + length] += taper * found
    return band(pulse, fps)


def _projected(windows: Reals, onto: Reals, *, sign: int) -> Reals:
    """The pulse in each of the windows (n, 3, length): two projections, the second tuned to the spread of the first."""
    colours = windows / np.maximum(windows.mean(axis=2, keepdims=True), 1e-9)
    one, other = np.moveaxis(onto @ colours, 1, 0)
    spread = other.std(axis=1, keepdims=True)
    tuned = np.where(spread > 1e-12, one.std(axis=1, keepdims=True) / np.maximum(spread, 1e-12), 0.0)
    pulse = one + sign * tuned * other
    return np.asarray(pulse - pulse.mean(axis=1, keepdims=True), np.float64)


def band(signal: Reals, fps: float) -> Reals:
    """The signal without a linear trend and without all that no heart does."""
    at = np.arange(len(signal))
    level = signal - np.polyval(np.polyfit(at, signal, 1), at)
    waves = np.fft.rfft(level)
    hz = np.fft.rfftfreq(len(level), 1 / fps)
    waves[(hz < LOWEST_HZ) | (hz > HIGHEST_HZ)] = 0
    return np.asarray(np.fft.irfft(waves, len(level)), np.float64)


def spectrum(pulse: Reals, fps: float) -> Spectrum:
    """Of a pulse at an even rate, under a Hann window."""
    waves = np.fft.rfft(pulse * np.hanning(len(pulse)), max(BINS, len(pulse)))
    power = np.asarray(np.abs(waves) ** 2, np.float64)
    hz = np.asarray(np.fft.rfftfreq(max(BINS, len(pulse)), 1 / fps), np.float64)
    inside = (hz >= LOWEST_HZ) & (hz <= HIGHEST_HZ)
    hz, power = hz[inside], power[inside]
    peak = float(hz[int(np.argmax(power))])
    near = (np.abs(hz - peak) <= LOBE_HZ) | (np.abs(hz - 2 * peak) <= LOBE_HZ)
    signal, noise = float(power[near].sum()), float(power[~near].sum())
    return Spectrum(hz, power, peak, 10 * float(np.log10((signal + 1e-30) / (noise + 1e-30))))
