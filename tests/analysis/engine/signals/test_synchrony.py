"""How far apart a mouth and a voice move is measured, and chance is told from it."""

import numpy as np
import pytest

from analysis.engine.signals.synchrony import match, paired
from analysis.engine.signals.voice import MIN_MODULATION, Loudness, modulation
from tests.analysis.engine.detectors.drawn_talk import openings
from tests.speech import RATE_HZ, speech


def loudness(sound, *, block=RATE_HZ):
    heard = Loudness()
    for start in range(0, len(sound), block):
        heard.take(sound[start : start + block])
    return heard


def matched(opened, sound, *, fps=25.0):
    pair = paired(np.arange(len(opened)) / fps, opened, loudness(sound))
    return next(found for found in match([pair]) if found)


def test_offsets_are_found_within_a_frame():
    offsets = np.array([-400, -130, 0, 210, 400])

    found = [
        matched(openings(sound, sound_late_ms=late, noise=0.3, seed=seed), sound).offset_ms
        for seed, late in enumerate(offsets)
        for sound in [speech(10, seed=seed)]
    ]

    assert found == pytest.approx(offsets, abs=40)  # a frame at 25 a second


def test_voices_from_elsewhere_seldom_pass():
    sounds = [speech(8, seed=seed) for seed in range(6)]
    mouths = [openings(sound, seed=seed) for seed, sound in enumerate(sounds)]

    passed = [
        matched(mouth, sound).p_value <= 0.01
        for one, mouth in enumerate(mouths)
        for other, sound in enumerate(sounds)
        if one != other
    ]

    assert len(passed) == 30
    assert sum(passed) <= 3  # 0.3 are to be expected


def test_stretches_are_weighed_at_one_common_lag():
    sound = speech(12, seed=2)
    opened = openings(sound, sound_late_ms=200)
    seconds, heard = np.arange(len(opened)) / 25, loudness(sound)

    both = [paired(seconds[part], opened[part], heard) for part in (slice(0, 140), slice(160, 300))]
    (found,) = [one for one in match(both) if one]

    assert found.offset_ms == pytest.approx(200, abs=40)
    assert found.p_value == 0.001


def test_loudness_does_not_depend_on_how_the_sound_comes():
    sound = speech(4, seed=1)

    whole, pieces = loudness(sound, block=len(sound)), loudness(sound, block=777)

    assert np.array_equal(whole.levels, pieces.levels)
    assert whole.seconds == 4.0


def notes(seconds):
    """Three tones at once, struck twice a second."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (
        0.1 * sum(np.sin(2 * np.pi * hz * at) for hz in (262, 330, 392)) * np.exp(-(at % 0.5) / 0.4)
    ).astype(np.float32)


def hum(seconds):
    return (0.1 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)).astype(np.float32)


def test_speech_rises_and_falls_in_syllables_and_music_does_not():
    depth = [modulation(np.array(loudness(sound).levels)) for sound in (speech(8, seed=1), notes(8), hum(8))]

    assert depth[0] > MIN_MODULATION > max(depth[1:])
