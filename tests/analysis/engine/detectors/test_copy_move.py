"""A region copied within the picture is found with both of its places; things that only look alike are not."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from analysis.engine.detectors import copy_move
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

HERE = region(60, 60, 180, 180)
THERE = region(400, 300, 520, 420)
LARGER = region(400, 280, 556, 436)
SEEDS = (1, 2, 3)


@pytest.fixture
def detector():
    return copy_move.make("copy-move", NO_WEIGHTS, "cpu")


def scene_with_a_thing(seed):
    """A scene, and in it one thing rich in detail."""
    rgb = photo(seed=seed)
    rgb[HERE] = resized(photo(seed=seed + 20, sigma=0), 120, 120)
    return rgb


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("quality", [None, 85])
def test_both_places_of_a_copy_are_boxed(detector, seed, quality):
    rgb = scene_with_a_thing(seed)
    rgb[THERE] = rgb[HERE]
    rgb = as_jpeg(rgb, quality) if quality else rgb

    session, points, verdict = examined(detector, rgb)

    boxes = [mark.box for mark in session.finding.marks]
    assert verdict.score > 0.9
    assert points[0].score == verdict.score
    assert max(overlap(box, HERE, rgb) for box in boxes) > 0.6
    assert max(overlap(box, THERE, rgb) for box in boxes) > 0.6


@pytest.mark.parametrize("seed", SEEDS)
def test_an_enlarged_copy_is_found(detector, seed):
    rgb = scene_with_a_thing(seed)
    rgb[LARGER] = resized(rgb[HERE], 156, 156)

    session, _, verdict = examined(detector, rgb)

    boxes = [mark.box for mark in session.finding.marks]
    assert verdict.score > 0.9
    assert max(overlap(box, LARGER, rgb) for box in boxes) > 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_a_scene_without_a_copy_scores_nothing(detector, seed):
    _, _, verdict = examined(detector, scene_with_a_thing(seed))

    assert verdict.score == 0.0
    assert verdict.facts["copies"] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_pattern_that_goes_on_is_no_copy(detector, seed):
    rgb = photo(seed=seed)
    tile = resized(photo(seed=seed + 20, sigma=0), 80, 80)
    rgb[300:380, 20:580] = np.tile(tile, (1, 7, 1))

    _, _, verdict = examined(detector, rgb)

    assert verdict.score < 0.5
    assert verdict.facts["repeated_patterns"] > 0


def test_things_that_look_alike_but_were_taken_twice_are_no_copy(detector):
    rgb = photo()
    thing = resized(photo(seed=21, sigma=0), 120, 120).astype(float)
    rng = np.random.default_rng(5)
    for place in (HERE, THERE):
        rgb[place] = (0.6 * thing + 60 + rng.normal(0, 9, thing.shape)).clip(0, 255)

    _, _, verdict = examined(detector, rgb)

    assert verdict.score < 0.5


def number_plate(text, *, noise):
    """Dark characters on a bright plate, through a lens, as a sensor sees them."""
    light = np.ascontiguousarray(scene(), np.float32)
    light[180:300, 60:600] = 225
    cv2.putText(light, text, (70, 270), cv2.FONT_HERSHEY_DUPLEX, 2.6, (25, 25, 25), 9, cv2.LINE_AA)
    return noisy(ndimage.gaussian_filter(light, (0.8, 0.8, 0)), sigma=noise)


@pytest.mark.parametrize("noise", [1.0, 3.0])
@pytest.mark.parametrize("quality", [None, 85])
def test_characters_printed_twice_are_no_copy(detector, noise, quality):
    rgb = number_plate("B 88 KK 88", noise=noise)
    rgb = as_jpeg(rgb, quality) if quality else rgb

    _, _, verdict = examined(detector, rgb)

    assert verdict.score < 0.5
    assert verdict.facts["printed_alike"] > 0


def test_a_character_that_was_copied_with_its_noise_is_found(detector):
    rgb = number_plate("B 18 KX 36", noise=3.0)
    rgb[40:160, 300:420] = rgb[180:300, 100:220]

    _, _, verdict = examined(detector, rgb)

    assert verdict.score > 0.9


@pytest.mark.parametrize(
    ("rgb", "words"),
    [(photo(90, 200), "90 x 200 px"), (np.full((300, 300, 3), 128, np.uint8), "too little detail")],
)
def test_small_and_flat_pictures_are_not_assessed(detector, rgb, words):
    session, points, assessment = examined(detector, rgb)

    assert isinstance(assessment, NotAssessed)
    assert (assessment.reason, points[0].score) == (Reason.OUTSIDE_DOMAIN, None)
    assert words in assessment.detail
    assert list(session.evidence()) == []


def test_the_evidence_is_a_sheet_and_a_bounded_map(detector):
    rgb = scene_with_a_thing(1)
    rgb[THERE] = rgb[HERE]
    session, _, verdict = examined(detector, rgb)

    (evidence,) = session.evidence()

    assert isinstance(verdict, Verdict)
    assert max(len(verdict.facts["map"]), len(verdict.facts["map"][0])) <= 64
    assert Image.open(io.BytesIO(evidence.content)).format == "PNG"
