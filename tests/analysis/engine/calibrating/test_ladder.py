"""Copies are worse in the way they say, measured on the copies themselves."""

import numpy as np
import pytest

from analysis.engine.calibrating import ladder
from analysis.engine.calibrating.labelled import Labelled
from analysis.engine.media.limits import Limits, Sampling
from analysis.engine.media.reader import open_media
from tests import clips


def described(file):
    with open_media(file.path, limits=Limits(), sampling=Sampling(), wants=frozenset()) as reader:
        return reader.probe, reader.described


def made(path, folder, rungs=ladder.CALIBRATION, told=lambda _name, _why: None):
    file = Labelled(path, path.name, "drawn", False)
    return {copy.rung: described(copy) for copy in ladder.copies(file, folder, Limits(), rungs, told)}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "copies").mkdir()
    return tmp_path / "copies"


def test_copies_of_a_picture(tmp_path, folder):
    found = made(clips.write_image(tmp_path / "one.png", width=320, height=240), folder)

    assert {rung: said["jpeg_quality"] for rung, (_, said) in found.items()} == {
        "JPEG 90": 90,
        "JPEG 70": 70,
        "JPEG 50": 50,
        "half size, JPEG 95": 95,
    }
    assert found["half size, JPEG 95"][0].width == 160
    assert list(folder.iterdir()) == []


def test_copies_of_a_video_are_quantised_more_from_rung_to_rung(tmp_path, folder):
    rng = np.random.default_rng(0)
    grain = [
        (clips.scene(at, 160, 120) + rng.integers(0, 20, (120, 160, 3))).clip(0, 255).astype(np.uint8)
        for at in range(13)
    ]

    found = made(clips.write_video(tmp_path / "one.mp4", frames=grain, width=160, height=120), folder)

    assert found["H.264 CRF 23"][1]["quantiser"] == pytest.approx(23, abs=5)
    assert found["H.264 CRF 32"][1]["quantiser"] == pytest.approx(32, abs=5)
    assert found["H.264 CRF 40"][1]["quantiser"] == pytest.approx(40, abs=5)
    assert found["half size, H.264 CRF 18"][0].height == 60


def test_copies_of_sound_have_less_in_them(tmp_path, folder):
    tone = clips.write_sound(tmp_path / "tone.wav", seconds=1.0)

    found = made(tone, folder, ladder.EVALUATION)

    told = {rung: (probe.audio_codec, probe.sample_rate_hz) for rung, (probe, _) in found.items()}
    assert told == {
        "16 kHz mono": ("pcm_s16le", 16_000),
        "MP3 64 kbit/s": ("mp3", 16_000),
        "MP3 32 kbit/s": ("mp3", 16_000),
        "8 kHz": ("pcm_s16le", 8_000),
    }


def test_what_cannot_be_copied_is_told(tmp_path, folder):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    told = []

    found = made(
        tmp_path / "broken.png", folder, ladder.EVALUATION, told=lambda name, _why: told.append(name)
    )

    assert (found, told) == ({}, ["broken.png"])


def test_a_calibration_has_no_copies_of_sound(tmp_path, folder):
    assert made(clips.write_sound(tmp_path / "tone.wav", seconds=1.0), folder) == {}
