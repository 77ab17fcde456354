"""A part that was scaled before it was put in is found; a picture scaled as a whole, or not at all, is no sign."""

import io

import numpy as np
import pytest
from PIL import Image

from analysis.engine.detectors import resampling
from analysis.engine.types import NotAssessed, Reason, Verdict
from tests.analysis.engine.detectors.scenes import as_jpeg, examined, overlap, photo, region, resized
from tests.analysis.engine.plugins import NO_WEIGHTS

PASTED = region(200, 100, 460, 360)
SEEDS = (1, 2, 3)


@pytest.fixture
def detector():
    return resampling.make("resampling", NO_WEIGHTS, "cpu")


def with_an_enlarged_part(seed, factor):
    rgb = photo(seed=seed)
    side = round(260 / factor)
    rgb[PASTED] = resized(photo(seed=seed + 20)[:side, :side], 260, 260)
    return rgb


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("factor", [1.3, 1.5])
def test_an_enlarged_part_is_boxed(detector, seed, factor):
    rgb = with_an_enlarged_part(seed, factor)

    _, points, verdict = examined(detector, rgb)

    assert verdict.score > 0.9
    assert overlap(points[0].box, PASTED, rgb) > 0.5


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("quality", [None, 97, 85])
def test_a_picture_that_was_not_scaled_is_below_the_mark(detector, seed, quality):
    rgb = photo(seed=seed)

    _, _, verdict = examined(detector, as_jpeg(rgb, quality) if quality else rgb)

    assert verdict.score < 0.5


def test_scaling_the_whole_picture_is_a_fact_and_no_sign(detector):
    _, _, assessment = examined(detector, resized(photo(), 832, 624))

    assert isinstance(assessment, NotAssessed)
    assert "as a whole" in assessment.detail
    assert [0.0, 0.2344] in [list(one) for one in assessment.facts["whole_picture_frequencies"]]


def test_fabric_is_not_taken_for_interpolation(detector):
    rgb = photo().astype(float)
    rows, columns = np.mgrid[:260, :260]
    weave = np.sin(2 * np.pi * 0.23 * rows) * 30 + np.sin(2 * np.pi * 0.23 * columns) * 30
    rgb[PASTED] += weave[..., None]

    _, _, verdict = examined(detector, rgb.clip(0, 255).astype(np.uint8))

    assert verdict.score < 0.5


@pytest.mark.parametrize(
    ("rgb", "words"),
    [
        (photo(120, 400), "120 x 400 px"),
        (photo(200, 200), "too small to compare"),
        (np.full((400, 400, 3), 128, np.uint8), "too flat"),
    ],
)
def test_small_and_flat_pictures_are_not_assessed(detector, rgb, words):
    session, points, assessment = examined(detector, rgb)

    assert isinstance(assessment, NotAssessed)
    assert (assessment.reason, points[0].score) == (Reason.OUTSIDE_DOMAIN, None)
    assert words in assessment.detail
    assert list(session.evidence()) == []


def test_the_evidence_is_a_sheet_and_a_bounded_map(detector):
    session, _, verdict = examined(detector, with_an_enlarged_part(1, 1.3))

    (evidence,) = session.evidence()

    assert isinstance(verdict, Verdict)
    assert max(len(verdict.facts["map"]), len(verdict.facts["map"][0])) <= 64
    assert Image.open(io.BytesIO(evidence.content)).format == "PNG"


def test_photographs_are_not_flagged(detector, media_dir):
    names = ["deepface_img2_real.jpg", "exif_gps_nikon_DSCN0010.jpg", "grip_real_progan.png"]
    photos = [np.asarray(Image.open(media_dir / "image" / name).convert("RGB")) for name in names]

    scores = [examined(detector, rgb)[2].score for rgb in photos]

    assert max(scores) < 0.5
