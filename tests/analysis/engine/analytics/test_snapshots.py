"""Snapshots of frames: readable, bounded, and never too many."""

import io

import numpy as np
import pytest
from PIL import Image

from analysis.engine.analytics.snapshots import MOST_BYTES, Labelled, Snapshots, Still, snapshot
from analysis.engine.types import SnapshotPolicy

GREY = np.full((90, 160, 3), 128, np.uint8)


def opened(content):
    picture = Image.open(io.BytesIO(content))
    assert picture.format == "JPEG"
    return np.asarray(picture.convert("RGB"), np.int16)


def still(number, at=0.0):
    return Still(number, at, GREY)


def taken(snapshots, times, **how):
    return [snapshots.take(still(n, at), **how) is not None for n, at in enumerate(times)]


def test_the_box_is_drawn_where_it_lies_and_the_clean_one_has_none():
    made = snapshot(GREY, [Labelled((0.25, 0.5, 0.75, 0.9), "car 1")])

    clean, boxed = opened(made.clean), opened(made.boxed)
    assert np.abs(clean - GREY).max() < 6
    changed = np.abs(boxed - GREY).max(axis=2) > 60
    assert changed[45, 60:118].mean() > 0.9
    assert changed[81, 42:118].mean() > 0.9
    assert not changed[55:75, 50:110].any()
    assert not changed[:25].any()


@pytest.mark.parametrize("box", [(0.0, 0.0, 1.0, 1.0), (0.9, 0.0, 1.0, 0.1), (0.0, 0.95, 0.01, 1.0)])
def test_boxes_at_the_border_and_any_label_can_be_drawn(box):
    assert opened(snapshot(GREY, [Labelled(box, "Größe 日本 " + 50 * "x")]).boxed).shape == GREY.shape


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5000, 3), (1600, 4000, 3)])
def test_pictures_of_any_size_are_kept_within_bounds(shape):
    noise = np.random.default_rng(1).integers(0, 256, shape, np.uint8)

    made = snapshot(noise, [Labelled((0.1, 0.1, 0.9, 0.9))])

    assert len(made.clean) <= MOST_BYTES
    assert len(made.boxed) <= MOST_BYTES
    assert max(opened(made.clean).shape) <= 3840


def test_within_a_second_of_media_only_so_many_are_taken():
    times = [n / 8 for n in range(24)]

    beginning = taken(Snapshots(SnapshotPolicy.ALL), times, first=True)
    updates = taken(Snapshots(SnapshotPolicy.ALL), times, routine=True)

    assert [n for n, one in enumerate(beginning) if one] == [0, 1, 2, 8, 9, 10, 16, 17, 18]
    assert [n for n, one in enumerate(updates) if one] == [0, 8, 16]


def test_what_is_updated_takes_no_picture_from_what_begins():
    snapshots = Snapshots(SnapshotPolicy.ALL)
    taken(snapshots, [0.0, 0.1, 0.2, 0.3], routine=True)

    assert snapshots.take(still(9, 0.4), first=True)


def test_all_that_is_told_of_one_frame_shares_a_snapshot():
    snapshots = Snapshots(SnapshotPolicy.ALL)

    assert snapshots.take(still(1), first=True) is snapshots.take(still(1))


@pytest.mark.parametrize(
    ("policy", "beginning", "others"), [("none", False, False), ("first", True, False), ("all", True, True)]
)
def test_the_policy_decides_what_is_pictured(policy, beginning, others):
    snapshots = Snapshots(SnapshotPolicy(policy))

    assert (snapshots.take(still(1)) is not None) is others
    assert (snapshots.take(still(2, 5.0), first=True) is not None) is beginning
