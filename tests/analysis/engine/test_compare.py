"""A comparison orders a recording relative to a reference, says so, and makes no outcome of it."""

import wave
from pathlib import Path

import numpy as np
import pytest

from analysis.engine.compare import compare
from analysis.engine.detectors import hum, silence, vocoder
from analysis.engine.registry import Registry
from analysis.engine.types import Consumes
from tests import speech
from tests.analysis.engine.plugins import NO_WEIGHTS, Failing, Plain, card, registry

# Two of the ten pairs in docs/detectors.md: one that only the net tells, one that both do.
PAIRS = [
    ("wavefake_LJ008-0217_waveglow_fake.wav", "wavefake_LJ008-0217_real.wav"),
    ("fs2_LJSpeech_LJ042-0094_fake.wav", "fs2_LJSpeech_LJ042-0094_real.wav"),
]


def written(path: Path, sound: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.round(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture
def original(tmp_path: Path) -> Path:
    return written(tmp_path / "original.wav", speech.speech(6, seed=1))


@pytest.fixture
def vocoded(tmp_path: Path) -> Path:
    lines = speech.comb(6, 22_050 / 256, level=1e-3)
    return written(tmp_path / "copy.wav", speech.speech(6, seed=1) + lines)


def of_sound() -> Registry:
    return Registry.of([vocoder, hum], NO_WEIGHTS)


def test_a_vocoded_copy_lies_above_its_original(original, vocoded):
    found = compare(vocoded, original, registry=of_sound())

    assert found.total > 1
    assert "above its reference" in found.sentence
    assert "no outcome" in found.sentence


def test_the_other_way_round_it_lies_below_by_as_much(original, vocoded):
    above = compare(vocoded, original, registry=of_sound())
    below = compare(original, vocoded, registry=of_sound())

    assert below.total == pytest.approx(-above.total)
    assert "below its reference" in below.sentence


def test_a_detector_that_abstains_is_named_with_its_reason_and_not_counted(original, vocoded):
    differences = {one.detector: one for one in compare(vocoded, original, registry=of_sound()).differences}

    assert differences["hum"].log_odds is None
    assert "at least 10 s" in differences["hum"].why
    assert differences["vocoder"].counted


def test_a_detector_that_scores_a_file_as_a_whole_is_shown_and_not_counted(original, tmp_path):
    sound = speech.speech(6, seed=1)
    sound[48_000:56_000] = 0
    muted = written(tmp_path / "muted.wav", sound)

    found = compare(muted, original, registry=Registry.of([silence], NO_WEIGHTS))

    (one,) = found.differences
    assert one.reference_score < one.file_score
    assert (one.log_odds, one.counted, found.total) == (None, False, None)
    assert "as a whole" in one.why


def test_detectors_of_one_family_are_one_voice(original, vocoded):
    twins = [
        Plain(card(name, family="twins", subject="sound", consumes=Consumes.SOUND)) for name in ("one", "two")
    ]

    found = compare(vocoded, original, registry=Registry.of([vocoder, *twins], NO_WEIGHTS))

    alone = compare(vocoded, original, registry=Registry.of([vocoder], NO_WEIGHTS))
    assert found.total == pytest.approx(alone.total)


def test_nothing_is_compared_where_nobody_scored_both(original, tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF\x10\0\0\0WAVEfmt " + b"\0" * 8)

    found = compare(broken, original, registry=of_sound())

    assert found.total is None
    assert found.sentence.startswith("Nothing was compared")
    assert all(one.why.startswith("file: ") for one in found.differences)


def test_a_detector_that_fails_costs_the_others_nothing(original, vocoded):
    failing = Failing("feed", RuntimeError("broke"))
    failing.card = card("failing", subject="sound", consumes=Consumes.SOUND)

    found = compare(vocoded, original, registry=Registry.of([vocoder, failing], NO_WEIGHTS))

    assert found.total > 1


def test_pictures_are_no_part_of_it(original):
    assert compare(original, original, registry=registry(Plain())).differences == ()


@pytest.mark.parametrize(("copy", "reference"), PAIRS)
def test_each_copy_lies_above_its_own_original(media_dir, weights_dir, copy, reference):
    detectors = Registry.load(weights_dir, only=["aasist-l", "vocoder"])

    found = compare(media_dir / "audio" / copy, media_dir / "audio" / reference, registry=detectors)

    assert found.total > 0
