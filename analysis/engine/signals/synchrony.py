"""Whether a mouth and a voice move together, and how far apart: their correlation at every lag up to a second.

A voice follows its mouth by 100 to 300 ms (Chandrasekaran et al., PLoS Computational Biology 2009), or by anything
between -50 and 200 ms, by what is said (Schwartz and Savariaux, PLoS Computational Biology 2014). A lag is positive
where the sound comes later than the picture.
How sure: the highest correlation against that of surrogates, the same mouth with the phases of its spectrum drawn
anew (Theiler et al., Physica D 1992), which moves as much, as fast and as smoothly and knows nothing of the voice.
Circular shifts, the simpler surrogate, are too few: ten seconds hold four that do not overlap.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.engine.signals.oval import Reals
from analysis.engine.signals.voice import LEVELS_HZ, Loudness

MAX_LAG = round(LEVELS_HZ)
LAGS_MS = np.arange(-MAX_LAG, MAX_LAG + 1) / LEVELS_HZ * 1000
BAND_HZ = (0.7, 7.0)  # in which mouths and voices move together: Chandrasekaran et al., figure 5 (2 to 7 Hz)
SURROGATES = 999
_AT_ONCE = 111  # two minutes of them take some 0.1 s


@dataclass(frozen=True)
class Pair:
    """A mouth and the voice around it, both at 50 Hz, within the band and of unit variance.

    voices: one row for each lag, zero where there is no sound; `heard` is 1 where there is.
    """

    start_seconds: float
    mouth: Reals
    voices: Reals
    heard: Reals

    @property
    def seconds(self) -> float:
        return len(self.mouth) / LEVELS_HZ

    def part(self, start_seconds: float, seconds: float) -> "Pair":
        first = round(start_seconds * LEVELS_HZ)
        last = first + round(seconds * LEVELS_HZ)
        start = self.start_seconds + first / LEVELS_HZ
        return Pair(start, self.mouth[first:last], self.voices[:, first:last], self.heard[:, first:last])


@dataclass(frozen=True)
class Match:
    """The correlation at each lag, its peak, and the share of surrogates whose peak is as high.

    chance: the height that one surrogate in a hundred reaches.
    """

    correlation: Reals
    peak: float
    offset_ms: float
    p_value: float
    chance: float


def paired(seconds: Reals, openings: Reals, loudness: Loudness) -> Pair | None:
    """One stretch of a mouth with its sound; None where either hardly lasts or does not change."""
    first = int(np.ceil(seconds[0] * LEVELS_HZ - 0.5))
    grid = (np.arange(first, int(min(seconds[-1], loudness.seconds) * LEVELS_HZ)) + 0.5) / LEVELS_HZ
    if len(grid) < 2 * MAX_LAG:
        return None
    levels = np.array(loudness.levels[max(0, first - MAX_LAG) : first + len(grid) + MAX_LAG], np.float64)
    mouth, voice = _banded(np.interp(grid, seconds, openings)), _banded(levels)
    if mouth is None or voice is None:
        return None
    before = max(0, MAX_LAG - first)
    padded, there = np.zeros((2, len(grid) + 2 * MAX_LAG))
    padded[before : before + len(voice)], there[before : before + len(voice)] = voice, 1
    # copied: products with overlapping rows would take ten times as long
    voices, heard = (
        np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(one, len(grid)))
        for one in (padded, there)
    )
    return Pair(float(grid[0]), mouth, voices, heard)


def _banded(values: Reals) -> Reals | None:
    """Within the band, by a gain without any shift in time (that of Butterworth's second order, there and back)."""
    ends = min(len(values) - 1, 2 * MAX_LAG)
    # turned over at both ends, so that a slope does not become a step
    whole = np.pad(values, ends, mode="reflect", reflect_type="odd")
    hz = np.fft.rfftfreq(len(whole), 1 / LEVELS_HZ)
    gain = 1 / (1 + (BAND_HZ[0] / np.maximum(hz, 1e-9)) ** 4) / (1 + (hz / BAND_HZ[1]) ** 4)
    inside = np.fft.irfft(np.fft.rfft(whole) * gain, len(whole))[ends : ends + len(values)]
    deviation = float(inside.std())
    return np.asarray(inside / deviation, np.float64) if deviation > 1e-9 else None


def match(pairs: Sequence[Pair], *, seed: int = 0) -> Iterator[Match | None]:
    """The mouths of all pairs against their voices at one common lag: None between portions of work, last the match."""
    correlation = correlated(pairs, [pair.mouth[None] for pair in pairs])[0]
    random = np.random.default_rng(seed)
    peaks: list[float] = []
    for _ in range(0, SURROGATES, _AT_ONCE):
        drawn = []
        for pair in pairs:
            drawn.append(_surrogates(pair.mouth, random))
            yield None
        peaks += correlated(pairs, drawn).max(axis=1).tolist()
        yield None
    peak = float(correlation.max())
    higher = sum(one >= peak for one in peaks)
    chance = float(np.quantile(peaks, 0.99))
    yield Match(correlation, peak, _offset_ms(correlation), (1 + higher) / (1 + len(peaks)), chance)


def correlated(pairs: Sequence[Pair], mouths: Sequence[Reals]) -> Reals:
    """Normalised cross-correlation, (mouths, lags); each of `mouths` holds (mouths, samples) for its pair."""
    shared, moved = np.zeros((2, len(mouths[0]), len(LAGS_MS)))
    spoken = np.zeros(len(LAGS_MS))
    for pair, mouth in zip(pairs, mouths, strict=True):
        shared = shared + mouth @ pair.voices.T
        moved = moved + np.square(mouth) @ pair.heard.T
        spoken = spoken + np.square(pair.voices).sum(axis=1)
    return np.asarray(shared / np.sqrt(moved * spoken + 1e-12), np.float64)


def _surrogates(mouth: Reals, random: np.random.Generator) -> Reals:
    spectrum = np.abs(np.fft.rfft(mouth))
    turned = spectrum * np.exp(2j * np.pi * random.random((_AT_ONCE, len(spectrum))))
    return np.asarray(np.fft.irfft(turned, len(mouth)), np.float64)


def _offset_ms(correlation: Reals) -> float:
    """The lag of the peak, between the steps of 20 ms by a parabola through its neighbours."""
    at = int(correlation.argmax())
    if not 0 < at < len(correlation) - 1:
        return float(LAGS_MS[at])
    before, top, after = correlation[at - 1 : at + 2]
    bend = before - 2 * top + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(LAGS_MS[at] + shift * (LAGS_MS[1] - LAGS_MS[0]))
