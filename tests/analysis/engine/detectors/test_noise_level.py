"""A region with other noise than the rest is found; even noise, and noise that grows with light, is no sign."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from analysis.engine.detectors import noise_level
from analysis.engine.types import NotAssessed, Reason, Verdict
from tests.analysis.engine.detectors.scenes import as_jpeg, examined, noisy, overlap, photo, region
from tests.analysis.engine.plugins import NO_WEIGHTS

PASTED = region(200, 120, 360, 280)
SEEDS = (1, 2, 3)


@pytest.fixture
def detector():
    return noise_level.make("noise-level", NO_WEIGHTS, "cpu")


def soft(seed):
    """A scene that is mostly smooth, as a portrait or a sky."""
    rough = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((480, 640)), 25)
    plane = 120 + rough / rough.std() * 30
    plane[300:420, 420:600] += ndimage.gaussian_filter(
        np.random.default_rng(seed).normal(0, 90, (120, 180)), 1.5
    )
    return np.repeat(plane.clip(10, 245)[..., None], 3, axis=2)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("sigma", [1.2, 12.0])
def test_a_part_with_other_noise_is_boxed(detector, seed, sigma):
    rgb = noisy(soft(seed), sigma=4.0, seed=seed)
    rgb[PASTED] = noisy(soft(seed + 30), sigma=sigma, seed=seed)[PASTED]

    _, points, verdict = examined(detector, rgb)

    assert verdict.score > 0.6
    assert overlap(points[0].box, PASTED, rgb) > 0.7


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("sigma", [3.0, 4.0, 8.0])
def test_even_noise_is_no_sign(detector, seed, sigma):
    for light in (soft(seed), photo(seed=seed, sigma=0).astype(float)):
        _, _, assessment = examined(detector, noisy(light, sigma=sigma, seed=seed))

        assert isinstance(assessment, NotAssessed) or assessment.score < 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_noise_that_grows_with_light_is_no_sign(detector, seed):
    light = soft(seed)
    noise = np.random.default_rng(seed).normal(0, 1, light.shape) * np.sqrt(4 + light / 5)

    _, _, verdict = examined(detector, (light + noise).clip(0, 255).round().astype(np.uint8))

    assert verdict.score < 0.5


def test_a_picture_whose_noise_compression_took_is_not_assessed(detector):
    _, _, assessment = examined(detector, as_jpeg(noisy(soft(1), sigma=3.0), 50))

    assert isinstance(assessment, NotAssessed)
    assert "compression or denoising" in assessment.detail


@pytest.mark.parametrize(
    ("rgb", "words"),
    [
        (photo(100, 400), "100 x 400 px"),
        (np.full((400, 400, 3), 255, np.uint8), "0 blocks are smooth"),
        (np.zeros((1, 1, 3), np.uint8), "1 x 1 px"),
    ],
)
def test_small_and_clipped_pictures_are_not_assessed(detector, rgb, words):
    _, points, assessment = examined(detector, rgb)

    assert isinstance(assessment, NotAssessed)
    assert (assessment.reason, points[0].score) == (Reason.OUTSIDE_DOMAIN, None)
    assert words in assessment.detail


def test_the_evidence_is_a_sheet_and_a_bounded_map(detector):
    rgb = noisy(soft(1), sigma=4.0)
    rgb[PASTED] = noisy(soft(31), sigma=12.0)[PASTED]
    session, _, verdict = examined(detector, rgb)

    (evidence,) = session.evidence()

    assert isinstance(verdict, Verdict)
    assert max(len(verdict.facts["map"]), len(verdict.facts["map"][0])) <= 64
    assert Image.open(io.BytesIO(evidence.content)).format == "PNG"
