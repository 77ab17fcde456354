"""The picture this detector leaves, and the pair of sounds that shows which way its score goes."""

import wave
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from analysis.engine.detectors.evidence import INK, PAPER, png
from analysis.engine.types import Samples

RATE_HZ = 16_000
WIDTH, HEIGHT = 480, 160


def waveform(second: Samples) -> bytes:
    """A PNG of the 480 samples around the loudest one."""
    peak = int(np.argmax(np.abs(second)))
    shown = second[max(0, peak - WIDTH // 2) :][:WIDTH]
    levels = HEIGHT / 2 - shown / max(float(np.abs(shown).max()), 1e-6) * (HEIGHT / 2 - 8)
    picture = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    ImageDraw.Draw(picture).line([(x, float(y)) for x, y in enumerate(levels)], fill=INK)
    return png(picture)


def write_pair(folder: Path) -> tuple[Path, Path]:
    """Three seconds of two tones, and the same amplified by half beyond the range and cut off."""
    time = np.arange(3 * RATE_HZ) / RATE_HZ
    tones = 0.5 * np.sin(2 * np.pi * 220 * time) + 0.4 * np.sin(2 * np.pi * 331 * time)
    return (
        _write(folder / "tones.wav", tones),
        _write(folder / "tones-cut-off.wav", np.clip(tones * 1.6, -0.95, 0.95)),
    )


def _write(path: Path, samples: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path
