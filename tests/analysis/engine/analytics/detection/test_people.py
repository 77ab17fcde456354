"""Without any weights, upright people are found where they were drawn, and hardly anything else."""

import numpy as np
import pytest

from analysis.engine.analytics.detection import best_finder
from analysis.engine.analytics.detection.people import confidence
from analysis.engine.media.tracks import iou
from analysis.engine.weights import WeightStore
from tests.analysis.engine.analytics.detection.silhouettes import HEIGHT, WIDTH, filmed, scenery, stand


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    return best_finder(WeightStore(tmp_path_factory.mktemp("nothing")), name="opencv-people")


def shares(box):
    return box[0] / WIDTH, box[1] / HEIGHT, box[2] / WIDTH, box[3] / HEIGHT


@pytest.mark.parametrize("high", [100, 130, 180])
def test_most_drawn_people_are_surely_found_where_they_stand(people, high):
    found = 0

    for seed in range(8):
        rgb, random = scenery(seed), np.random.default_rng(seed)
        tone = random.integers(0, 40, 3) if seed % 2 else random.integers(215, 255, 3)
        box = shares(stand(rgb, random.uniform(60, 580), random.uniform(high + 8, 352), high, tone))
        seen = people.find(filmed(rgb, seed))
        found += any(one.confidence >= 0.6 and iou(one.box, box) >= 0.5 for one in seen)

    assert found >= 6


def test_two_people_are_two(people):
    rgb = scenery(7)
    boxes = [shares(stand(rgb, x, 330, 130, (25, 25, 25))) for x in (180, 420)]

    found = [one for one in people.find(filmed(rgb, 7)) if one.confidence >= 0.6]

    assert len(found) == 2
    assert all(max(iou(one.box, box) for one in found) >= 0.5 for box in boxes)


def test_clutter_hardly_ever_is_a_person(people):
    pictures = [scenery(seed, clutter=seed % 2 == 0) for seed in range(20)]

    crowded = [rgb for rgb in pictures if any(one.confidence >= 0.6 for one in people.find(rgb))]

    assert len(crowded) <= 1


def test_large_frames_are_looked_at_in_a_smaller_copy(people):
    rgb = scenery(5)
    box = shares(stand(rgb, 300, 340, 180, (20, 20, 30)))

    found = people.find(np.repeat(np.repeat(filmed(rgb, 5), 3, axis=0), 3, axis=1))

    assert iou(found[0].box, box) >= 0.5


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 3000), (3000, 1), (16, 16), (127, 63), (128, 64), (40, 640), (2000, 30)]
)
def test_pictures_too_small_for_a_person_hold_none(people, shape):
    assert people.find(np.full((*shape, 3), 128, np.uint8)) == ()


def test_margins_become_confidences_in_order():
    told = confidence(np.array([-1e30, 0, 0.25, 0.5, 2, 1e30], np.float32))

    assert told.tolist() == pytest.approx([0, 0.1, 0.28989, 0.6, 0.99972, 1], abs=1e-4)
    assert (np.diff(told) >= 0).all()
