"""The spectrum detector finds the traces of upsampling and leaves alone what it cannot measure."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from analysis.engine.detectors import spectrum
from analysis.engine.types import (
    Frame,
    FrameBatch,
    MediaKind,
    NotAssessed,
    Probe,
    Reason,
    Source,
    Verdict,
)
from tests.analysis.engine.plugins import NO_WEIGHTS

SOURCE = Source(Probe(MediaKind.IMAGE, "png"), sample_fps=5.0, expected_samples=1)


@pytest.fixture
def detector():
    return spectrum.make("spectrum", NO_WEIGHTS, "cpu")


def grain(height=256, width=384, *, seed=1):
    """Film grain, a little blurred: a spectrum that falls evenly."""
    noise = np.random.default_rng(seed).normal(0, 40, (height, width))
    blurred = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1) + np.roll(noise, (1, 1), (0, 1))) / 4
    return np.repeat(np.clip(128 + blurred, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def enlarged(height=256, width=384, *, seed=1):
    """A quarter-size picture enlarged by zero insertion and a kernel that leaves its grid, on grain."""
    noise = np.random.default_rng(seed).normal(30, 8, (height // 4, width // 4))
    spread = np.kron(noise, np.outer([1, 0.2, 0, 0.2], [1, 0.2, 0, 0.2]))
    return np.clip(grain(height, width, seed=seed) + spread[..., None], 0, 255).astype(np.uint8)


def scored(detector, *pictures):
    session = detector.open(SOURCE)
    frames = tuple(Frame(n, n / 5, rgb) for n, rgb in enumerate(pictures))
    measured = list(session.feed(FrameBatch(frames)))
    return session, [point for observation in measured for point in observation.points]


def test_one_means_manipulated(detector):
    _, points = scored(detector, enlarged(), grain())

    assert points[0].score > 0.9
    assert points[1].score < 0.1


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (grain(100, 400), "400 x 100 px"),
        (np.full((256, 256, 3), 120, np.uint8), "too flat"),
    ],
)
def test_too_small_and_too_flat_pictures_are_not_scored(detector, picture, words):
    session, points = scored(detector, picture)

    assessment = session.finish()
    assert (points[0].score, points[0].reason) == (None, Reason.OUTSIDE_DOMAIN)
    assert isinstance(assessment, NotAssessed)
    assert words in assessment.detail
    assert list(session.evidence()) == []


def test_a_batch_scores_like_its_pictures_alone(detector):
    pictures = [grain(seed=1), enlarged(seed=2), grain(seed=3)]

    _, together = scored(detector, *pictures)

    alone = [scored(detector, picture)[1][0].score for picture in pictures]
    assert [point.score for point in together] == alone


def test_a_short_enlarged_passage_is_not_averaged_away(detector):
    session, _ = scored(detector, *[grain(seed=n) for n in range(6)], *[enlarged(seed=n) for n in range(3)])

    verdict = session.finish()

    assert isinstance(verdict, Verdict)
    assert verdict.score > 0.9
    assert (verdict.coverage.scored, verdict.coverage.sampled) == (9, 9)


@given(st.floats(-20, 20), st.floats(-20, 20), st.floats(0, 20))
def test_the_score_rises_with_its_statistic(peaks, rise_db, more):
    score = spectrum.score_of(peaks, rise_db)

    assert 0 <= score <= 1
    assert spectrum.score_of(peaks + more, rise_db) >= score
    assert spectrum.score_of(peaks, rise_db + more) >= score


def test_the_azimuthal_average_of_white_noise_is_flat():
    white = np.random.default_rng(1).normal(0, 1, (64, 128, 128))
    power = np.abs(np.fft.fftshift(np.fft.fft2(white), axes=(1, 2))) ** 2
    decibel = (10 * np.log10(power)).mean(axis=0).astype(np.float32)

    profile = spectrum.radial_profile(decibel)

    assert np.ptp(profile[4:]) < 1.0  # 5.6 dB of one bin, over 64 tiles and at least 25 bins


def test_the_evidence_is_a_picture_of_the_highest_frame(detector):
    session, _ = scored(detector, grain(), enlarged())
    session.finish()

    (evidence,) = session.evidence()

    assert Image.open(io.BytesIO(evidence.content)).format == "PNG"
    assert "0.20 s" in evidence.caption


def test_photographs_are_not_flagged(detector, media_dir):
    names = ["deepface_img2_real.jpg", "prnu_camera_real.jpg", "trufor_pristine1.jpg", "grip_real_biggan.png"]
    photos = [np.asarray(Image.open(media_dir / "image" / name).convert("RGB")) for name in names]

    _, points = scored(detector, *photos)

    assert max(point.score for point in points) < 0.5
