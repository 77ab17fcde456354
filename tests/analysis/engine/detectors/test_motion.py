"""Motion in drawn footage of known truth, through whole examinations."""

import io

import numpy as np
import pytest
from PIL import Image

from analysis.engine.analytics.zones import Polygon, Zone
from analysis.engine.types import DetectorEnded, OutcomeName, Reason, SnapshotPolicy
from tests import clips
from tests.analysis.engine.footage import HEIGHT, WIDTH, Mover, film, motions, pictures, watch
from tests.analysis.engine.plugins import ending, of

# a frame of footage is a tenth of a second, and a thing is seen once some of it is in the picture
ABOUT = 0.25
# one goes from beyond the left edge to beyond the right one in 4 s, the other back in 2 s
PASSING = Mover("car", (-0.07, 0.3), (0.285, 0.0), enters=3.0)
AGAIN = Mover("person", (1.07, 0.7), (-0.57, 0.0), enters=10.0)
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return film(tmp_path_factory.mktemp("clips") / "clip.mp4", 14.0, PASSING, AGAIN)


@pytest.fixture(scope="module")
def seen(clip):
    return seen_in(clip)


def seen_in(path, **settings):
    return watch(path, detectors=("motion",), **settings)


def spells(seen):
    told = motions(seen)
    return [
        (began.pts_seconds, ended.pts_seconds) for began, ended in zip(told[::2], told[1::2], strict=True)
    ]


def test_motion_is_told_when_it_begins_and_when_it_has_ended(seen):
    assert spells(seen) == [
        pytest.approx((3.05, 6.95), abs=ABOUT),
        pytest.approx((10.05, 11.95), abs=ABOUT),
    ]
    assert [one.ended for one in motions(seen)] == [False, True, False, True]
    first, last = motions(seen)[:2]
    assert last.duration_seconds == pytest.approx(last.pts_seconds - first.pts_seconds)
    assert first.duration_seconds is None
    # 40 × 30 px of 320 × 180
    assert last.area == pytest.approx(1200 / 57_600, rel=0.25)
    assert 0 < first.intensity < last.intensity < 1


def test_what_is_told_names_the_frame_and_what_moved_in_it(seen):
    for one in motions(seen):
        assert one.frame == round(one.pts_seconds * 25)

    began, ended, *_ = motions(seen)
    assert (began.box[0], ended.box[2]) == (pytest.approx(0.0, abs=0.02), pytest.approx(1.0, abs=0.02))


def test_the_ending_says_for_how_long_something_moved(seen):
    assessment = ending(seen, "motion").assessment

    assert assessment.reason is Reason.REPORTS_FACTS
    facts = assessment.facts
    assert (facts["motion_count"], facts["frames"]) == (2, 140)
    assert facts["motion_seconds"] == pytest.approx(5.8, abs=2 * ABOUT)
    assert assessment.detail == f"Motion 2 times, for {facts['motion_seconds']:.1f} of 13.9 s."
    assert [one["from_seconds"] for one in facts["motion"]] == [
        pytest.approx(3.05, abs=ABOUT),
        pytest.approx(10.05, abs=ABOUT),
    ]


def test_where_nothing_moves_nothing_is_told(tmp_path):
    seen = seen_in(film(tmp_path / "still.mp4", 4.0))

    assert motions(seen) == []
    assert ending(seen, "motion").assessment.detail == "No motion in 3.9 s."


def test_motion_that_goes_on_to_the_end_ends_there(tmp_path):
    told = motions(seen_in(film(tmp_path / "cut.mp4", 5.0, PASSING)))

    assert [one.ended for one in told] == [False, True]
    assert told[1].pts_seconds == pytest.approx(4.92)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"zones": (Zone("left", Polygon(LEFT_HALF)),)}, (3.05, 5.1)),
        ({"masks": (LEFT_HALF,)}, (4.9, 6.95)),
    ],
)
def test_motion_counts_inside_zones_and_outside_masks(clip, where, expected):
    assert spells(seen_in(clip, **where))[0] == pytest.approx(expected, abs=ABOUT)


@pytest.mark.parametrize("rate", [{"max_fps": 25.0}, {"max_fps": 4.0}, {"max_fps": 12.5, "frame_skip": 2}])
def test_motion_is_found_at_any_rate(clip, rate):
    found = spells(seen_in(clip, **rate))

    assert found == [pytest.approx((3.05, 6.95), abs=0.5), pytest.approx((10.05, 11.95), abs=0.5)]


def test_what_is_smaller_than_the_least_area_is_no_motion(clip):
    assert motions(seen_in(clip, least_area_percentage=5.0)) == []


def opened(content):
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), np.int16)


def test_a_snapshot_shows_the_very_frame_clean_and_with_its_box(clip):
    began, ended, *_ = motions(seen_in(clip, snapshots=SnapshotPolicy.ALL))
    truth = list(pictures(14.0, PASSING, AGAIN))

    for one in (began, ended):
        clean, boxed = opened(one.snapshot.clean), opened(one.snapshot.boxed)
        apart = [float(np.abs(clean - frame).mean()) for frame in truth[: 8 * 25]]
        assert clean.shape == (HEIGHT, WIDTH, 3)
        assert int(np.argmin(apart)) == one.frame
        assert (np.abs(clean - boxed).max(axis=2) > 80).sum() > 20


@pytest.mark.parametrize(
    ("policy", "pictured"),
    [
        (SnapshotPolicy.NONE, [False, False]),
        (SnapshotPolicy.FIRST, [True, False]),
        (SnapshotPolicy.ALL, [True, True]),
    ],
)
def test_snapshots_are_taken_as_they_are_wanted(clip, policy, pictured):
    told = motions(seen_in(clip, snapshots=policy))

    assert [one.snapshot is not None for one in told[:2]] == pictured


def test_a_still_picture_lies_outside_the_domain(tmp_path):
    seen = seen_in(clips.write_image(tmp_path / "still.png"))

    assert ending(seen, "motion").assessment.reason is Reason.OUTSIDE_DOMAIN


def test_sound_alone_lies_outside_the_domain(tmp_path):
    seen = seen_in(clips.write_sound(tmp_path / "tone.wav"))

    assert ending(seen, "motion").assessment.reason is Reason.NO_PICTURE
    assert seen[-1].outcome.sentence == "Not assessable: the file has no picture."


def test_a_clip_in_which_the_place_cannot_be_learnt_is_too_short(tmp_path):
    seen = seen_in(film(tmp_path / "short.mp4", 0.6, PASSING))

    assert [one.assessment.reason for one in of(DetectorEnded, seen)] == [Reason.TOO_SHORT]
    assert seen[-1].outcome.name is OutcomeName.NOT_ASSESSABLE


def test_cars_on_a_road_move_when_they_drive_by(media_dir):
    """Seen by eye: three cars, at about 4 to 8, 14 to 18 and 25 to 27 s."""
    found = spells(seen_in(media_dir / "video" / "intel_car.mp4"))

    def moves(at):
        return any(began <= at <= ended for began, ended in found)

    assert [moves(at) for at in (2.0, 5.0, 7.0, 11.0, 15.0, 17.0, 21.0, 26.0)] == [
        False, True, True, False, True, True, False, True,
    ]  # fmt: skip
