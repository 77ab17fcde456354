"""Sound nobody expects is examined by every detector: each scores or says why not, and none fails."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.engine.conformance import drawing
from analysis.engine.types import Consumes, OutcomeName, Reason
from tests.analysis.engine.hostile.sweep import SOUND, UNREAD, others, sweep
from tests.analysis.engine.hostile.waves import FLOAT, write_wave

SECONDS = 2.4
NETS = {"aasist", "aasist-l", "rawgat-st", "lfcc-lcnn"}
Write = Callable[[Path], Path]


def voice(rate_hz: int, seconds: float = SECONDS) -> np.ndarray:
    """The sung scale of the kit, at another rate."""
    sung = drawing.voice(seconds)
    at = np.arange(round(seconds * rate_hz)) * drawing.SOUND_RATE_HZ / rate_hz
    return np.interp(at, np.arange(len(sung)), sung).astype(np.float32)


def wave(samples: np.ndarray, *, channels: int = 1, rate_hz: int = 16_000, **header: Any) -> Write:
    pcm = (np.clip(samples, -1, 1) * 32767).astype("<i2")
    content = np.repeat(pcm, channels).tobytes()
    return partial(write_wave, content=content, channels=channels, rate_hz=rate_hz, **header)


def floats(samples: np.ndarray, *, bits: int = 32) -> Write:
    return partial(write_wave, content=samples.astype(f"<f{bits // 8}").tobytes(), bits=bits, coding=FLOAT)


def poisoned(value: float, every: int = 997) -> np.ndarray:
    samples = drawing.voice(SECONDS).copy()
    samples[::every] = value
    return samples


def square_wave() -> np.ndarray:
    return np.sign(np.sin(2 * np.pi * 220 * np.arange(round(SECONDS * 16_000)) / 16_000))


VOICE = drawing.voice(SECONDS)
ODD: dict[str, Write] = {
    "8 channels": wave(voice(48_000, 2.0), channels=8, rate_hz=48_000),
    "8 kHz": wave(voice(8_000), rate_hz=8_000),
    "192 kHz": wave(voice(192_000, 2.0), rate_hz=192_000),
    "8 bits": partial(write_wave, content=(VOICE * 127 + 128).astype(np.uint8).tobytes(), bits=8),
    "24 bits": partial(
        write_wave,
        content=(VOICE * (2**23 - 1)).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes(),
        bits=24,
    ),
    "64 bits of floating point": floats(VOICE, bits=64),
    "floating point with NaN": floats(poisoned(np.nan)),
    "floating point with infinity": floats(poisoned(np.inf)),
    "floating point of every second NaN": floats(poisoned(np.nan, every=2)),
    "floating point far over full scale": floats(VOICE * 1e30),
    "a tenth of a second": wave(drawing.voice(0.1)),
    "clipped": wave(np.clip(VOICE * 40, -1, 1)),
    "a square wave of full scale": wave(square_wave()),
    "a click": wave(np.eye(1, round(SECONDS * 16_000), 30_000)[0]),
    "noise": wave(np.random.default_rng(4).normal(0, 0.3, round(SECONDS * 16_000))),
    "phases that cancel each other": partial(
        write_wave, content=np.stack([VOICE, -VOICE], 1).astype("<f4").tobytes(), channels=2, bits=32, coding=FLOAT
    ),
    "a header that claims 4 GB": wave(VOICE, claimed_bytes=0xFFFFFFFF),
    "a header that claims nothing": wave(VOICE, claimed_bytes=0),
}  # fmt: skip
SILENT: dict[str, Write] = {
    "zeroes": wave(np.zeros(round(SECONDS * 16_000))),
    "a constant": wave(np.full(round(SECONDS * 16_000), 0.25)),
    "nothing but NaN": floats(np.full(round(SECONDS * 16_000), np.nan)),
    "the least bit": wave(np.tile([0, 1 / 32767], round(SECONDS * 8_000))),
}
SHORT: dict[str, Write] = {
    "one sample": wave(np.full(1, 0.5)),
    "100 samples": wave(drawing.voice(0.1)[400:500]),
    "a tenth of a second": ODD["a tenth of a second"],
}


@pytest.mark.parametrize("name", ODD)
def test_every_detector_without_a_net_scores_or_says_why_not(name, without_weights, tmp_path):
    swept = sweep(ODD[name](tmp_path / "odd.wav"), without_weights)

    assert others(swept, SOUND | {Reason.SILENCE, Reason.NOISE}) == {}


# All sound reaches a net as 16 kHz mono in -1..1, whatever it was: these differ there, and each costs the nets seconds.
@pytest.mark.parametrize("name", ["floating point with NaN", "a square wave of full scale"])
def test_every_net_scores_or_says_why_not(name, registry, tmp_path):
    swept = sweep(ODD[name](tmp_path / "odd.wav"), registry)

    assert others(swept, SOUND | {Reason.SILENCE, Reason.NOISE}) == {}


@pytest.mark.parametrize("name", SILENT)
def test_silence_is_told_as_silence_and_scored_by_nobody(name, registry, tmp_path):
    swept = sweep(SILENT[name](tmp_path / "odd.wav"), registry)

    assert swept.scores == {}
    assert swept.outcome.name is OutcomeName.NOT_ASSESSABLE
    assert {swept.reasons.get(net, Reason.SILENCE) for net in NETS} == {Reason.SILENCE}
    assert Reason.SILENCE in swept.reasons.values()


@pytest.mark.parametrize("name", SHORT)
def test_what_is_too_short_is_scored_by_nobody(name, registry, tmp_path):
    swept = sweep(SHORT[name](tmp_path / "odd.wav"), registry)

    heard = {card.name for card in registry.cards() if card.consumes is Consumes.SOUND}
    assert swept.scores == {}
    assert {swept.reasons.get(name, Reason.TOO_SHORT) for name in heard} <= {
        Reason.TOO_SHORT,
        Reason.SILENCE,
        Reason.OUTSIDE_DOMAIN,
    }


@pytest.mark.parametrize(
    ("content", "header"),
    [
        (b"", {}),
        (b"\0", {}),
        (bytes(20_000), {"rate_hz": 0}),
        (bytes(20_000), {"rate_hz": 0xFFFFFFFF}),
        (bytes(600), {"rate_hz": 1}),
        (bytes(20_000), {"channels": 0}),
        (bytes(20_000), {"channels": 0xFFFF}),
        (bytes(20_000), {"bits": 0}),
        (bytes(20_000), {"bits": 255}),
        (bytes(20_000), {"coding": 0xABCD}),
    ],
    ids=lambda given: str(given)[:24],
)
def test_a_header_that_makes_no_sense_costs_a_score_and_nothing_else(
    content, header, without_weights, tmp_path
):
    swept = sweep(write_wave(tmp_path / "odd.wav", content, **header), without_weights)

    assert swept.scores == {}
    assert others(swept, SOUND | UNREAD | {Reason.SILENCE, Reason.UNSUPPORTED_CODEC, Reason.NO_SOUND}) == {}


def test_sound_that_breaks_off_is_judged_by_what_there_is(without_weights, tmp_path):
    path = wave(drawing.voice(9.0))(tmp_path / "odd.wav")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    swept = sweep(path, without_weights)

    assert others(swept, SOUND) == {}
