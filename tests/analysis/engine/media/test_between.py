"""A face between two samples is cut from its frame where it was on its way."""

import numpy as np
import pytest

from analysis.engine.media.between import FacesBetween
from analysis.engine.media.faces import crop, square
from analysis.engine.types import FaceBatch, FaceCrop, Frame, Reason

MARKS = ((0.2, 0.2), (0.3, 0.2), (0.25, 0.25), (0.2, 0.3), (0.3, 0.3))


def picture(number):
    return np.random.default_rng(number).integers(0, 255, (200, 200, 3), np.uint8)


def sample(number, *, left=None, dense=True, track=0):
    """A sampled frame at number / 10 s, and the face found in it at that left edge."""
    rgb = picture(number)
    frame = Frame(number, number / 10, rgb, dense=dense)
    seen = ((number, number / 10),)
    if left is None:
        return frame, FaceBatch(seen, (), {number: Reason.FACE_TOO_BLURRED})
    box = (left, 0.3, left + 0.3, 0.6)
    x, y, side = square(200, 200, box)
    region = (x / 200, y / 200, (x + side) / 200, (y + side) / 200)
    marks = tuple((px + left, py) for px, py in MARKS)
    face = FaceCrop(number, number / 10, track, box, 0.9, crop(rgb, box), marks, region)
    return frame, FaceBatch(seen, (face,))


def between(number):
    return Frame(0, number / 10, picture(number), sampled=False, dense=True), None


def test_half_way_between_two_sightings_it_is_half_way():
    faces = FacesBetween()
    faces.take(*sample(0, left=0.2))
    faces.take(*between(1))

    batch = faces.take(*sample(2, left=0.3))

    middle, last = batch.faces
    assert middle.box == pytest.approx((0.25, 0.3, 0.55, 0.6))
    assert middle.landmarks[0] == pytest.approx((0.45, 0.2))
    assert (middle.rgb == crop(picture(1), middle.box)).all()
    assert middle.region == pytest.approx((41 / 200, 51 / 200, 119 / 200, 129 / 200), abs=0.01)
    assert (last.index, last.track, batch.sampled) == (2, 0, ((1, 0.1), (2, 0.2)))


@pytest.mark.parametrize(
    "after", [{}, {"left": 0.2, "track": 1}, {"left": 0.65}], ids=["gone", "other", "far"]
)
def test_a_face_that_was_not_followed_is_not_cut_out(after):
    faces = FacesBetween()
    faces.take(*sample(0, left=0.05))
    faces.take(*between(1))

    batch = faces.take(*sample(2, **after))

    assert [face for face in batch.faces if face.index == 1] == []
    assert batch.sampled == ((1, 0.1), (2, 0.2))


def test_why_a_sample_has_no_face_is_told():
    faces = FacesBetween()
    faces.take(*sample(0, left=0.2))
    faces.take(*between(1))

    assert dict(faces.take(*sample(2)).refused) == {2: Reason.FACE_TOO_BLURRED}


def test_a_damaged_frame_is_left_out():
    faces = FacesBetween()
    faces.take(*sample(0, left=0.2))
    faces.take(Frame(0, 0.1, picture(1), damaged=True, sampled=False, dense=True), None)

    assert faces.take(*sample(2, left=0.2)).sampled == ((1, 0.2),)


def test_samples_outside_a_passage_are_not_told():
    faces = FacesBetween()

    assert faces.take(*sample(0, left=0.2, dense=False)) is None


def close_up(number, *, sampled):
    """A face of 1,200 px that stands still; frames are 1/60 s apart."""
    rgb = np.full((2160, 2160, 3), number, np.uint8)
    frame = Frame(0, number / 60, rgb, sampled=sampled, dense=True)
    if not sampled:
        return frame, None
    box = (0.2, 0.2, 0.2 + 1200 / 2160, 0.2 + 1200 / 2160)
    x, y, side = square(2160, 2160, box)
    region = (x / 2160, y / 2160, (x + side) / 2160, (y + side) / 2160)
    face = FaceCrop(0, number / 60, 0, box, 0.9, crop(rgb, box), MARKS, region)
    return frame, FaceBatch(((0, number / 60),), (face,))


def test_a_close_up_in_4k_loses_no_frame():
    faces = FacesBetween()
    faces.take(*close_up(0, sampled=True))
    for number in range(1, 12):
        faces.take(*close_up(number, sampled=False))

    batch = faces.take(*close_up(12, sampled=True))

    assert [face.index for face in batch.faces] == list(range(1, 13))
    assert [face.rgb.mean() for face in batch.faces] == list(range(1, 13))
    # those of samples are no sharper than those between
    assert {face.rgb.shape for face in batch.faces} == {(370, 370, 3)}
    assert np.ptp([face.region for face in batch.faces], axis=0) == pytest.approx(0, abs=0.001)


def test_frames_beyond_what_may_be_held_are_told_and_refused(monkeypatch):
    monkeypatch.setattr("analysis.engine.media.between.HELD_BYTES", 40_000)
    faces = FacesBetween()
    faces.take(*sample(0, left=0.2))
    for number in (1, 2, 3):
        faces.take(*between(number))

    batch = faces.take(*sample(4, left=0.2))

    assert batch.sampled == ((1, 0.1), (2, 0.2), (3, 0.3), (4, 0.4))
    assert [face.index for face in batch.faces] == [1, 2, 4]
    assert dict(batch.refused) == {3: Reason.OUTSIDE_DOMAIN}
    assert batch.left_out == ((3, Reason.OUTSIDE_DOMAIN),)
