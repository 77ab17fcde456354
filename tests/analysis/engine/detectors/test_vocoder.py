"""The vocoder detector hears lines at a vocoder's frame rate, and nothing in a voice of its own."""

import numpy as np
import pytest

from analysis.engine.detectors import vocoder
from analysis.engine.types import NotAssessed, Reason, Verdict
from tests import speech
from tests.analysis.engine.detectors.listen import listen

MELGAN_HZ = 22_050 / 256


@pytest.mark.parametrize("seed", range(6))
def test_speech_stays_below_the_mark(seed):
    assert listen(vocoder, speech.speech(9, seed=seed)).assessment.score < 0.5


@pytest.mark.parametrize("spacing_hz", [MELGAN_HZ, 80.0, 93.75])
def test_faint_lines_of_a_known_frame_rate_are_heard(spacing_hz):
    sound = speech.speech(9, seed=1) + speech.comb(9, spacing_hz, level=3e-4)

    heard = listen(vocoder, sound)

    assert heard.assessment.score > 0.5
    assert heard.facts["frame_rate_hz"] == pytest.approx(spacing_hz, abs=0.1)


def test_a_synthetic_passage_in_a_long_recording_is_not_averaged_away():
    sound = speech.speech(24, seed=2)
    sound[8 * 16_000 : 16 * 16_000] += speech.comb(8, MELGAN_HZ, level=3e-4)

    heard = listen(vocoder, sound)

    assert heard.assessment.score > 0.5
    assert 8 <= heard.facts["firmest_at_seconds"] <= 16


def buzz(seconds, mains_hz):
    at = np.arange(round(seconds * 16_000)) / 16_000
    return (2e-2 * (2 * (mains_hz * at % 1) - 1)).astype(np.float32)


@pytest.mark.parametrize("mains_hz", [50, 60, 100, 120])
def test_mains_buzz_is_named_and_not_assessed(mains_hz):
    heard = listen(vocoder, speech.speech(9, seed=1) + buzz(9, mains_hz))

    assert isinstance(heard.assessment, NotAssessed)
    assert heard.assessment.reason is Reason.OUTSIDE_DOMAIN
    assert "mains buzz" in heard.assessment.detail


def test_the_block_size_does_not_change_the_score():
    sound = speech.speech(9, seed=3)

    assert listen(vocoder, sound).assessment == listen(vocoder, sound, block=7001).assessment


def test_the_evidence_names_the_comb():
    sound = speech.speech(5, seed=4) + speech.comb(5, MELGAN_HZ, level=1e-3)

    (picture,) = listen(vocoder, sound).evidence

    assert picture.content.startswith(b"\x89PNG")
    assert "86.1 Hz" in picture.caption


@pytest.mark.parametrize(
    ("sound", "reason"),
    [(np.zeros(5 * 16_000), Reason.SILENCE), (speech.speech(1, seed=5), Reason.TOO_SHORT)],
)
def test_it_abstains_from_silence_and_snatches(sound, reason):
    heard = listen(vocoder, sound)

    assert isinstance(heard.assessment, NotAssessed)
    assert heard.assessment.reason is reason
    assert heard.evidence == []


def test_copies_of_two_vocoders_are_told_from_their_original(media_dir):
    from tests.analysis.engine.detectors.recordings import sound_of

    original, melgan, hifigan = (
        listen(vocoder, sound_of(media_dir / "audio" / f"wavefake_LJ008-0217_{name}.wav")).assessment
        for name in ("real", "melgan_fake", "hifigan_fake")
    )

    assert isinstance(original, Verdict)
    assert original.score < 0.5 < min(melgan.score, hifigan.score)
