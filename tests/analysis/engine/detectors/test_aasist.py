"""AASIST-L scores windows of the sound track and abstains where there is nothing like speech."""

import numpy as np
import pytest

from analysis.engine.detectors import aasist
from analysis.engine.types import Coverage, MediaKind, NotAssessed, Probe, Reason, SoundBatch, Source, Verdict
from analysis.engine.weights import WeightStore

SOURCE = Source(Probe(MediaKind.AUDIO, "wav"), sample_fps=0.0, expected_samples=None)
RATE = 16_000


@pytest.fixture(scope="module")
def detector(weights_dir):
    return aasist.make("aasist-l", WeightStore(weights_dir), "cpu")


def voice_like(seconds):
    t = np.arange(int(seconds * RATE)) / RATE
    buzz = sum(np.sin(2 * np.pi * 110 * h * t) / h for h in range(1, 9)) * (
        0.5 + 0.5 * np.sin(2 * np.pi * 3 * t)
    )
    return (0.1 * buzz).astype(np.float32)


def examine(detector, samples, *, block=RATE):
    session = detector.open(SOURCE)
    points = []
    for start in range(0, len(samples), block):
        for measured in session.feed(SoundBatch(start / RATE, samples[start : start + block])):
            points += measured.points
    points += [point for measured in session.drain() for point in measured.points]
    return session, points, session.finish()


def test_windows_cover_the_track_and_the_last_is_aligned_to_its_end(detector):
    _, points, verdict = examine(detector, voice_like(10))

    assert [round(point.pts_seconds, 3) for point in points] == [2.019, 6.056, 7.981]
    assert verdict.coverage == Coverage(3, 3, "windows")


def test_the_block_size_does_not_change_the_score(detector):
    samples = voice_like(9)

    first = examine(detector, samples, block=RATE)[2]
    second = examine(detector, samples, block=7001)[2]

    assert first.score == pytest.approx(second.score, abs=1e-6)


def test_a_short_clip_is_repeated(detector):
    session, points, verdict = examine(detector, voice_like(1.2))

    assert isinstance(verdict, Verdict)
    assert [point.pts_seconds for point in points] == [pytest.approx(0.6)]
    (picture,) = session.evidence()
    assert "Only its first 1.20 s were recorded; the rest is that, repeated." in picture.caption


def test_the_last_bit_of_the_track_is_heard_however_short(detector):
    session, points, verdict = examine(detector, voice_like(4.95))

    assert [round(point.pts_seconds, 3) for point in points] == [2.019, 2.931]  # 4.95 - 4.0375 / 2
    assert verdict.coverage == Coverage(2, 2, "windows")
    assert "repeated" not in next(iter(session.evidence())).caption


def test_under_a_second_is_too_short(detector):
    _, points, assessment = examine(detector, voice_like(0.9))

    assert assessment.reason == Reason.TOO_SHORT
    assert points == []


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(5 * RATE, np.float32), Reason.SILENCE),
        (0.1 * np.random.default_rng(3).standard_normal(5 * RATE).astype(np.float32), Reason.NOISE),
    ],
)
def test_silence_and_noise_are_gaps_without_a_score(detector, samples, reason):
    session, points, assessment = examine(detector, samples)

    assert isinstance(assessment, NotAssessed)
    assert assessment.reason == reason
    assert {(point.score, point.reason) for point in points} == {(None, reason)}
    assert list(session.evidence()) == []


def test_the_evidence_is_a_picture_of_the_highest_window(detector):
    session, _, _ = examine(detector, voice_like(6))

    (picture,) = session.evidence()

    assert picture.content.startswith(b"\x89PNG")
    assert "not where an edit is" in picture.caption
