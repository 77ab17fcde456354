"""The bandwidth detector says where the sound ends, at the rate it is stored with, and gives no score."""

import wave
from pathlib import Path

import numpy as np
import pytest

from analysis.engine.media import answers, wire
from analysis.engine.pipeline import examine
from analysis.engine.registry import Registry
from analysis.engine.types import Reason
from tests.analysis.engine.plugins import ending


def noise_up_to(path: Path, hertz: float, *, rate_hz: int = 44_100, seconds: float = 3.0) -> Path:
    """White noise without anything above that frequency, on a floor of -80 dB."""
    rng = np.random.default_rng(5)
    spectrum = np.fft.rfft(rng.standard_normal(round(seconds * rate_hz)))
    at = np.fft.rfftfreq(round(seconds * rate_hz), 1 / rate_hz)
    sound = 0.1 * np.fft.irfft(np.where(at <= hertz, spectrum, spectrum * 1e-3))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.round(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def examined(path: Path):
    registry = Registry.load(Path("/nonexistent"))
    with examine(path, registry=registry, detectors=["bandwidth"]) as going:
        return list(going)


@pytest.mark.parametrize("hertz", [8000, 11_025, 16_000])
def test_a_sharp_end_is_named_at_the_native_rate(tmp_path, hertz):
    told = ending(examined(noise_up_to(tmp_path / "cut.wav", hertz)), "bandwidth").assessment

    assert told.reason is Reason.REPORTS_FACTS
    assert told.facts["cut_off_hz"] == pytest.approx(hertz, rel=0.05)
    assert told.facts["sample_rate_hz"] == 44_100
    assert "no sign of manipulation" in told.detail


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
def test_sound_up_to_half_its_rate_has_no_end_to_name(tmp_path, rate_hz):
    path = noise_up_to(tmp_path / "full.wav", rate_hz / 2, rate_hz=rate_hz)

    told = ending(examined(path), "bandwidth").assessment

    assert told.reason is Reason.REPORTS_FACTS
    assert told.facts["cut_off_hz"] is None


def test_silence_has_no_spectrum(tmp_path):
    path = noise_up_to(tmp_path / "still.wav", -1.0)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 44_100, 0, "NONE", "not compressed"))
        file.writeframes(bytes(2 * 44_100))

    assert ending(examined(path), "bandwidth").assessment.reason is Reason.SILENCE


GOOD = {"rate_hz": 44_100, "seconds": 3.0, "levels_db": [-60.0] * 256}


def test_a_spectrum_that_is_one_is_believed():
    assert answers.facts(wire.dump({"sound": GOOD}))["sound"] == GOOD


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate_hz": -1},
        {"rate_hz": 1e300},
        {"rate_hz": True},
        {"seconds": "3"},
        {"levels_db": [-60.0] * 255},
        {"levels_db": [1e300] * 256},
        {"levels_db": ["loud"] * 256},
        {"levels_db": [True] * 256},
        {"levels_db": None},
    ],
)
def test_numbers_that_are_no_spectrum_are_refused_alone(wrong):
    found = answers.facts(wire.dump({"sound": GOOD | wrong, "embedded": {"make": "Acme"}}))

    assert "makes no sense" in found["sound"]["error"]
    assert found["embedded"] == {"make": "Acme"}
