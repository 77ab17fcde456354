"""Speech-like sound drawn with a known truth: syllables of a moving voice, hiss, pauses with room tone."""

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
Samples = NDArray[np.float32]


def speech(seconds: float, *, seed: int, room_db: float = -60.0, tilt: float = 0.0) -> Samples:
    """Mono sound at 16 kHz, about -20 dBFS in its syllables, on room tone of `room_db` dBFS.

    tilt: how much of the room tone is rumble, 0 (white) to below 1.
    """
    rng = np.random.default_rng(seed)
    sound = np.zeros(round(seconds * RATE_HZ))
    at = round(rng.uniform(0.05, 0.2) * RATE_HZ)
    while at < len(sound):
        syllable = _voiced(rng) if rng.random() < 0.7 else _hiss(rng)
        end = min(at + len(syllable), len(sound))
        sound[at:end] += syllable[: end - at]
        at = end + round(rng.choice([0.02, 0.06, 0.35], p=[0.5, 0.35, 0.15]) * RATE_HZ)
    return (sound + room(len(sound), rng, room_db=room_db, tilt=tilt)).astype(np.float32)


def room(count: int, rng: np.random.Generator, *, room_db: float, tilt: float = 0.0) -> NDArray[np.float64]:
    """Room tone of that level."""
    noise = rng.standard_normal(count)
    if tilt:
        # a one-pole low pass as a convolution: its answer has died away after 200 samples
        noise = np.convolve(noise, tilt ** np.arange(200), mode="same")
    return np.asarray(noise / noise.std() * 10 ** (room_db / 20))


def comb(seconds: float, spacing_hz: float, *, level: float) -> Samples:
    """Tones at every multiple of the spacing up to 8 kHz, as upsampling layers leave them."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    tones = [np.sin(2 * np.pi * spacing_hz * k * at + k * k) for k in range(1, int(7990 / spacing_hz) + 1)]
    return (level * np.sum(tones, axis=0)).astype(np.float32)


def _voiced(rng: np.random.Generator) -> NDArray[np.float64]:
    """Harmonics of an unsteady pitch under three formants up to 4 kHz, breath above."""
    count = round(rng.uniform(0.12, 0.3) * RATE_HZ)
    drift = np.cumsum(rng.standard_normal(count)) * 2e-4
    pitch = np.linspace(rng.uniform(90, 220), rng.uniform(90, 220), count) * (1 + drift)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
    formants = rng.uniform([300, 900, 2200], [800, 2000, 3000])
    voice = 0.02 * np.diff(rng.standard_normal(count + 1)) * (1 + np.sin(phase))
    for harmonic in range(1, 40):
        near = sum(np.exp(-(((harmonic * pitch - formant) / 350) ** 2)) for formant in formants)
        voice += (near + 0.03 / harmonic) * np.sin(harmonic * phase) * (harmonic * pitch < 4000)
    return np.asarray(0.05 * voice * np.sin(np.pi * np.linspace(0, 1, count)) ** 0.7)


def _hiss(rng: np.random.Generator) -> NDArray[np.float64]:
    count = round(rng.uniform(0.06, 0.15) * RATE_HZ)
    noise = np.diff(rng.standard_normal(count + 2), 2)
    return np.asarray(0.008 * noise * np.sin(np.pi * np.linspace(0, 1, count)))
