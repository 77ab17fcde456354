"""POS and CHROM read a pulse out of colours, and noise seldom looks like one."""

import numpy as np
import pytest

from analysis.engine.signals.beats import ALIKE_HZ, MIN_SNR_DB, measured
from analysis.engine.signals.pulse import chrom, evenly, pos, spectrum

FPS = 25.0
SKIN, BLOOD = np.array([150.0, 110.0, 90.0]), np.array([0.33, 0.77, 0.53])


def colours(bpm, *, seconds=8.0, strength=0.005, light=0.0):
    """Mean colours of skin with a pulse; `light` is how much the brightness sways at 150 a minute."""
    at = np.arange(round(seconds * FPS)) / FPS
    noise = np.random.default_rng(2).normal(0, 0.05, (len(at), 3))
    beat = np.sin(2 * np.pi * bpm / 60 * at)[:, None] * BLOOD * strength
    sway = (1 + light * np.sin(2 * np.pi * 2.5 * at))[:, None]
    return SKIN * sway * (1 + beat) + noise


@pytest.mark.parametrize("method", [pos, chrom])
@pytest.mark.parametrize("bpm", [48, 72, 130, 200])
def test_the_rate_is_read(method, bpm):
    found = spectrum(method(colours(bpm), FPS), FPS)

    assert 60 * found.peak_hz == pytest.approx(bpm, abs=2)
    assert found.snr_db > MIN_SNR_DB


@pytest.mark.parametrize("method", [pos, chrom])
def test_light_that_sways_ten_times_as_strongly_does_not_hide_it(method):
    found = spectrum(method(colours(72, light=0.05), FPS), FPS)

    assert 60 * found.peak_hz == pytest.approx(72, abs=2)


def test_frames_at_uneven_times_are_read_evenly():
    even = colours(72, seconds=10)
    kept = np.random.default_rng(3).random(len(even)) > 0.2
    kept[[0, -1]] = True

    trace = evenly(np.flatnonzero(kept) / FPS, even[kept], FPS)

    assert trace.shape == even.shape
    assert 60 * spectrum(pos(trace, FPS), FPS).peak_hz == pytest.approx(72, abs=2)


@pytest.mark.parametrize("wandering", [False, True], ids=["white", "brownian"])
def test_noise_seldom_stands_out_like_a_pulse(wandering):
    random = np.random.default_rng(4)
    rows = np.arange(200)[:, None] / FPS
    clear = 0
    for _ in range(40):
        noise = random.normal(0, 0.1, (200, 9))
        noise = np.cumsum(noise, axis=0) if wandering else noise
        clear += len(measured(0, np.hstack([rows, np.tile(SKIN, 3) + noise])).clear)

    assert clear / 120 <= 0.05


def test_rates_differ_by_more_than_the_window_tells_apart():
    assert ALIKE_HZ > 1 / 8.0


def test_frames_in_pairs_make_no_rate_of_their_own():
    pairs = np.sort(np.concatenate([np.arange(240) / 30, np.arange(240) / 30 + 2e-4]))
    rows = np.column_stack([pairs, np.tile(SKIN, (len(pairs), 3))])

    window = measured(1, rows)

    assert window is not None
    assert window.fps <= 60
