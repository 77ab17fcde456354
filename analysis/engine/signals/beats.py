"""The pulse in the parts of one face over one stretch of time, and whether the parts beat alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean, median

import numpy as np

from analysis.engine.signals.pulse import Reals, Spectrum, chrom, evenly, pos, spectrum
from analysis.engine.signals.traces import MIN_FPS, is_full_rate

PARTS = {
    "forehead": (-0.45, -0.75, 0.45, -0.35),
    "right cheek": (-0.7, 0.35, -0.3, 0.8),
    "left cheek": (0.3, 0.35, 0.7, 0.8),
}
WINDOW_SECONDS = 8.0
MAX_FPS = 60.0  # as dense as passages are read
# one in fifty traces of Brownian noise reaches it, and hardly a white one: 600 drawn of each
MIN_SNR_DB = 5.0
ALIKE_HZ = 0.15  # 9 beats a minute; the main lobe of an 8-second window is wider


@dataclass(frozen=True)
class Window:
    """One stretch of one face: the pulse and its spectrum by part, and which parts have one that stands out."""

    track: int
    start_seconds: float
    fps: float
    pulses: Mapping[str, Reals]
    spectra: Mapping[str, Spectrum]
    clear: tuple[str, ...]

    @property
    def score(self) -> float | None:
        """Share of the pairs of clear parts that beat at different rates; None with fewer than two."""
        pairs = [
            _alike(self.spectra[one].peak_hz, self.spectra[two].peak_hz)
            for one, two in combinations(self.clear, 2)
        ]
        return 1 - fmean(pairs) if pairs else None


def _alike(one: float, two: float) -> bool:
    """The same rate, or one is the other's first harmonic, which may outgrow it."""
    low, high = sorted((one, two))
    return min(high - low, abs(high - 2 * low)) <= ALIKE_HZ


def measured(track: int, rows: Reals) -> Window | None:
    """None when there are fewer frames a second than a pulse needs."""
    seconds = rows[:, 0]
    # bounded: frames in pairs have a tiny median distance, and what follows costs its inverse square
    fps = min(MAX_FPS, float(1 / max(median(np.diff(seconds).tolist()), 1e-6)))
    if fps < 0.99 * MIN_FPS or not is_full_rate(seconds):
        return None
    pulses, spectra, clear = {}, {}, []
    for number, part in enumerate(PARTS):
        colours = evenly(seconds, rows[:, 1 + 3 * number : 4 + 3 * number], fps)
        pulses[part] = pos(colours, fps)
        spectra[part] = spectrum(pulses[part], fps)
        if _is_clear(spectra[part], spectrum(chrom(colours, fps), fps)):
            clear.append(part)
    return Window(track, float(seconds[0]), fps, pulses, spectra, tuple(clear))


def _is_clear(by_pos: Spectrum, by_chrom: Spectrum) -> bool:
    stands_out = min(by_pos.snr_db, by_chrom.snr_db) >= MIN_SNR_DB
    return stands_out and abs(by_pos.peak_hz - by_chrom.peak_hz) <= ALIKE_HZ
