"""The silence detector scores exact zeros beside room tone, and reports a gate's as a fact."""

import numpy as np
import pytest

from analysis.engine.detectors import silence
from analysis.engine.types import NotAssessed, Reason
from tests import speech
from tests.analysis.engine.detectors.listen import RATE_HZ, listen


def muted(sound, start, end):
    sound = sound.copy()
    sound[round(start * RATE_HZ) : round(end * RATE_HZ)] = 0
    return sound


def gated(sound):
    """Every 10 ms below -40 dBFS made silent, as a hard gate does."""
    frames = sound[: len(sound) // 160 * 160].reshape(-1, 160).copy()
    frames[np.sqrt(np.square(frames).mean(axis=1)) < 0.01] = 0
    return frames.ravel()


def test_room_tone_throughout_is_no_sign():
    heard = listen(silence, speech.speech(8, seed=1))

    assert heard.assessment.score < 0.5
    assert heard.facts["digital_silence"] == []
    assert heard.facts["room_tone_dbfs"] == pytest.approx(-60, abs=3)


def test_digital_silence_beside_room_tone_is_a_sign_and_its_place_is_named():
    heard = listen(silence, muted(speech.speech(25, seed=1), 9.5, 10.5))

    assert heard.assessment.score > 0.5
    ((start, end),) = heard.facts["digital_silence"]
    assert (start, end) == (pytest.approx(9.5, abs=0.02), pytest.approx(10.5, abs=0.02))


def test_an_offset_hides_no_digital_silence():
    sound = muted(speech.speech(25, seed=1), 9.5, 10.5) + np.float32(0.05)

    heard = listen(silence, sound)

    assert heard.assessment.score > 0.5
    ((start, end),) = heard.facts["digital_silence"]
    assert (start, end) == (pytest.approx(9.5, abs=0.02), pytest.approx(10.5, abs=0.02))


def test_a_gate_that_silences_every_pause_is_told_and_not_scored():
    heard = listen(silence, gated(speech.speech(8, seed=2)))

    assert isinstance(heard.assessment, NotAssessed)
    assert heard.assessment.reason is Reason.OUTSIDE_DOMAIN
    assert "noise gates" in heard.assessment.detail
    assert heard.facts["digital_silence_seconds"] > 0.5


def test_padding_at_both_ends_is_no_sign():
    sound = muted(muted(speech.speech(8, seed=3), 0, 0.2), 7.8, 8)

    assert listen(silence, sound).assessment.score < 0.5


def test_a_track_of_zeros_is_silence():
    assert listen(silence, np.zeros(5 * RATE_HZ)).assessment.reason is Reason.SILENCE


def test_the_evidence_frames_the_silence():
    (picture,) = listen(silence, muted(speech.speech(8, seed=4), 3, 4)).evidence

    assert picture.content.startswith(b"\x89PNG")
    assert listen(silence, speech.speech(8, seed=4)).evidence == []
