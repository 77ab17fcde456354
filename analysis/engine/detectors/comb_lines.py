"""Lines at multiples of a vocoder's frame rate, which its upsampling layers leave in the sound.

After Pons et al., Upsampling artifacts in neural audio synthesis (ICASSP 2021): transposed
convolutions leave tones at multiples of the rates they upsample from, the lowest of which is the rate of the
mel frames. A voice's own harmonics move with its pitch and do not stay on such a comb.

The frame rates are those of published vocoders: sample rate over hop length. Rectified or dimmed mains buzz at
multiples of its own frequency just as steadily, one of which is a frame rate, too.
"""

import numpy as np
from numpy.typing import NDArray

from analysis.engine.detectors.listening import RATE_HZ, Decibels, power_spectra
from analysis.engine.types import Samples

SIZE, HOP = 2048, 512
LOW_HZ, HIGH_HZ = 2000.0, 7900.0  # below, the harmonics of a steady vowel stand as firm as lines
_NEIGHBOURS = 7  # bins to each side, 55 Hz: less than the distance of two teeth
FRAME_RATES_HZ: tuple[float, ...] = tuple(
    sorted(
        {
            rate / hop
            for rate in (16_000, 22_050, 24_000, 44_100, 48_000)
            for hop in (200, 240, 256, 275, 300, 320, 480, 512)
            if 58 < rate / hop < 105
        }
    )
)
_BINS = np.arange(SIZE // 2 + 1) * RATE_HZ / SIZE
_BAND = np.flatnonzero((_BINS >= LOW_HZ) & (_BINS <= HIGH_HZ))
MAINS_HZ = (50.0, 60.0, 100.0, 120.0)


def _teeth(spacing_hz: float) -> NDArray[np.intp]:
    multiples = np.arange(int(LOW_HZ / spacing_hz) + 1, int(HIGH_HZ / spacing_hz) + 1)
    return np.round(multiples * spacing_hz * SIZE / RATE_HZ).astype(np.intp)


TEETH = tuple(_teeth(rate) for rate in FRAME_RATES_HZ)
MAINS_TEETH = tuple(_teeth(rate) for rate in MAINS_HZ)
Teeth = tuple[NDArray[np.intp], ...]


def excess(samples: Samples) -> Decibels:
    """How far each bin stands above the mean of its neighbours, in dB, (windows, bins)."""
    levels = power_spectra(samples, size=SIZE, hop=HOP)
    width = 2 * _NEIGHBOURS + 1
    padded = np.pad(levels, ((0, 0), (_NEIGHBOURS, _NEIGHBOURS)), mode="edge")
    sums = np.cumsum(np.pad(padded, ((0, 0), (1, 0))), axis=1, dtype=np.float64)
    around = (sums[:, width:] - sums[:, :-width]) / width
    return np.asarray(levels - around, np.float32)


def tracks(above: Decibels, combs: Teeth = TEETH) -> Decibels:
    """For each window and comb the mean excess of the comb's teeth over that of the band, in dB."""
    ground = above[:, _BAND].mean(axis=1)
    return np.stack([above[:, teeth].mean(axis=1) - ground for teeth in combs], axis=1)


def strengths(above: Decibels, combs: Teeth = TEETH) -> NDArray[np.float64]:
    """For each comb how far it stands out of all bins of the band, in standard errors.

    The error is that of a mean over as many bins picked at random, so it grows with every other line there is.
    """
    mean = above.mean(axis=0, dtype=np.float64)
    ground, spread = mean[_BAND].mean(), mean[_BAND].std() + 1e-9
    return np.array([(mean[teeth].mean() - ground) * np.sqrt(len(teeth)) / spread for teeth in combs])
