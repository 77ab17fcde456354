"""A region that brings another grid of JPEG blocks along is found; a picture with one grid, or none, shows nothing."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from analysis.engine.detectors import jpeg_grid
from analysis.engine.types import NotAssessed, Reason, Verdict
from tests.analysis.engine.detectors.scenes import (
    as_jpeg,
    examined,
    noisy,
    overlap,
    photo,
    region,
    resized,
    scene,
)
from tests.analysis.engine.plugins import NO_WEIGHTS

PASTED = region(200, 120, 360, 280)
SEEDS = (1, 2, 3)


@pytest.fixture
def detector():
    return jpeg_grid.make("jpeg-grid", NO_WEIGHTS, "cpu")


def with_a_paste(rgb, seed):
    """A part of another JPEG, cut out 3 and 5 px beside its blocks."""
    edited = rgb.copy()
    edited[PASTED] = as_jpeg(photo(seed=seed + 50), 80)[123:283, 205:365]
    return edited


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("quality", [70, 90])
def test_a_paste_with_another_grid_is_boxed(detector, seed, quality):
    rgb = with_a_paste(as_jpeg(photo(seed=seed), quality), seed)

    _, points, verdict = examined(detector, rgb)

    assert verdict.score > 0.9
    assert overlap(points[0].box, PASTED, rgb) > 0.7
    assert verdict.facts["grid_origin"] == [0, 0]
    assert verdict.facts["regions"][0]["what"] == "grid from (3, 5)"


def test_it_is_found_after_the_whole_was_saved_once_more_at_a_high_quality(detector):
    rgb = as_jpeg(with_a_paste(as_jpeg(photo(), 85), 1), 98)

    _, points, verdict = examined(detector, rgb)

    assert verdict.score > 0.9
    assert overlap(points[0].box, PASTED, rgb) > 0.7


def test_a_paste_from_a_jpeg_into_a_picture_that_never_was_one_is_found(detector):
    rgb = with_a_paste(photo(), 1)

    _, points, verdict = examined(detector, rgb)

    assert verdict.score > 0.9
    assert overlap(points[0].box, PASTED, rgb) > 0.6
    assert verdict.facts["grid_origin"] is None


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("quality", [60, 80, 95])
def test_a_picture_with_one_grid_is_below_the_mark(detector, seed, quality):
    _, _, verdict = examined(detector, as_jpeg(photo(seed=seed), quality))

    assert verdict.score < 0.5


def under_a_smooth_sky(share, *, noise):
    """Rich ground, and above it an evenly lit sky of which hard compression leaves constant blocks."""
    rows = np.mgrid[:384, :512][0]
    light = scene(512, 384).copy()
    horizon = int(384 * share)
    sky = (140 + 120 * rows / 384)[..., None] * np.array([0.8, 0.9, 1.0])
    light[:horizon] = sky[:horizon]
    ground = np.random.default_rng(8).normal(0, 28, (384 - horizon, 512, 1))
    light[horizon:] += ground
    return noisy(light, sigma=noise)


@pytest.mark.parametrize(("share", "noise"), [(0.3, 0.7), (0.3, 2.5), (0.5, 0.7), (0.8, 0.7)])
@pytest.mark.parametrize("quality", [45, 60])
def test_a_smooth_sky_over_a_rich_ground_saved_once_is_below_the_mark(detector, share, noise, quality):
    _, _, verdict = examined(detector, as_jpeg(under_a_smooth_sky(share, noise=noise), quality))

    assert verdict.score < 0.5
    assert verdict.facts["grid_origin"] == [0, 0]


def test_cutting_a_picture_moves_its_grid_and_is_no_sign(detector):
    _, _, verdict = examined(detector, as_jpeg(photo(), 80)[3:, 5:])

    assert verdict.facts["grid_origin"] == [3, 5]
    assert verdict.score < 0.5


def test_a_picture_that_was_scaled_after_it_was_a_jpeg_is_not_flagged(detector):
    _, _, assessment = examined(detector, resized(as_jpeg(photo(), 60), 660, 495))

    assert isinstance(assessment, NotAssessed) or assessment.score < 0.5


@pytest.mark.parametrize(
    ("rgb", "words"),
    [
        (photo(60, 200), "60 x 200 px"),
        (np.full((300, 300, 3), 128, np.uint8), "too flat"),
        (np.zeros((1, 1, 3), np.uint8), "1 x 1 px"),
        (np.random.default_rng(1).integers(0, 256, (300, 300, 3), np.uint8), "no grid"),
    ],
)
def test_pictures_that_have_no_grid_are_not_assessed(detector, rgb, words):
    _, points, assessment = examined(detector, rgb)

    assert isinstance(assessment, NotAssessed)
    assert (assessment.reason, points[0].score) == (Reason.OUTSIDE_DOMAIN, None)
    assert words in assessment.detail


def test_a_huge_picture_is_looked_at_in_few_rows(detector):
    tall = np.broadcast_to(np.uint8(0), (20_000, 2_000, 3))

    bands = sum(1 for _ in jpeg_grid.examine(tall))

    assert bands <= jpeg_grid.MOST_PIXELS / 2_000 / 9 + 1


def test_the_evidence_is_a_sheet_and_a_bounded_map(detector):
    session, _, verdict = examined(detector, with_a_paste(as_jpeg(photo(), 85), 1))

    (evidence,) = session.evidence()

    assert isinstance(verdict, Verdict)
    assert json.loads(json.dumps(verdict.facts, allow_nan=False))["log10_false_alarms"] < -100
    assert max(len(verdict.facts["map"]), len(verdict.facts["map"][0])) <= 64
    assert Image.open(io.BytesIO(evidence.content)).format == "PNG"


def test_photographs_are_not_flagged(detector, media_dir):
    names = ["deepface_img27_real.jpg", "silentface_T1_live.jpg", "cnndet_real.png", "trufor_pristine1.jpg"]
    photos = [np.asarray(Image.open(media_dir / "image" / name).convert("RGB")) for name in names]

    scores = [a.score for a in (examined(detector, rgb)[2] for rgb in photos) if isinstance(a, Verdict)]

    assert len(scores) >= 3
    assert max(scores) < 0.5


@pytest.mark.parametrize("phase", [4, 32, 36])
def test_a_region_half_a_block_beside_the_grid_is_no_sign(phase):
    votes = np.zeros((60, 60), np.int16)
    votes[10:30, 10:30] = phase

    main, share = jpeg_grid.main_grid(votes)

    assert (main, share) == (0, 1.0)
    assert jpeg_grid.foreign(votes, main) == []
