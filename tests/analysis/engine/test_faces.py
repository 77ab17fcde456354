"""Faces are found, numbered over time, cropped from the full frame, or refused with the reason."""

import cv2
import numpy as np
import pytest

from analysis.engine.media.faces import Cascade, FaceFinder, YuNet, best_finder, crop, refusal, sharpness
from analysis.engine.media.tracks import FaceTracks, iou
from analysis.engine.types import Frame, FrameBatch, Reason
from analysis.engine.weights import WeightStore
from tests.analysis.engine.plugins import NO_WEIGHTS


@pytest.fixture(params=["yunet", "cascade"])
def finder(request, weights_dir):
    return best_finder(WeightStore(weights_dir) if request.param == "yunet" else NO_WEIGHTS)


@pytest.fixture
def portrait(media_dir):
    """A StyleGAN2 face of about 600 px in a picture of 1024 px."""
    return cv2.cvtColor(cv2.imread(str(media_dir / "image" / "tpdne_0139.jpg")), cv2.COLOR_BGR2RGB)


def look(finder, *pictures, tracks=None):
    faces = FaceFinder(finder, tracks or FaceTracks())
    return faces.feed(FrameBatch(tuple(Frame(n, n / 5, rgb) for n, rgb in enumerate(pictures))))


def on_ground(face, *, side, at=(0, 0), size=(720, 1280)):
    """The picture scaled to `side` px on a grey ground."""
    ground = np.full((*size, 3), 120, np.uint8)
    ground[at[0] : at[0] + side, at[1] : at[1] + side] = cv2.resize(
        face, (side, side), interpolation=cv2.INTER_AREA
    )
    return ground


def test_published_weights_are_used_where_installed(weights_dir):
    assert isinstance(best_finder(WeightStore(weights_dir)), YuNet)
    assert isinstance(best_finder(NO_WEIGHTS), Cascade)


def test_who_looked_is_named_with_its_digest(weights_dir):
    batch = look(best_finder(WeightStore(weights_dir)), np.full((480, 640, 3), 90, np.uint8))

    # sha256sum yunet/yunet_n_640_640.onnx
    digest = "25a606a145a5b6d7271ae138fbd00eba91dad8b83222ae3f2c7ecd0f4a7b0e31"
    assert batch.finder == ("YuNet", digest)


def test_a_face_is_found_where_it_is(finder, portrait):
    batch = look(finder, on_ground(portrait, side=400, at=(100, 700)))

    (face,) = batch.faces
    middle = ((face.box[0] + face.box[2]) / 2 * 1280, (face.box[1] + face.box[3]) / 2 * 720)
    assert middle == (pytest.approx(900, abs=40), pytest.approx(310, abs=60))
    assert batch.refused == {}


def test_the_crop_is_a_square_of_the_full_frame(finder, portrait):
    (face,) = look(finder, portrait).faces

    height, width, _ = face.rgb.shape
    assert height == width
    box_side = max(face.box[2] - face.box[0], face.box[3] - face.box[1]) * 1024
    assert width == pytest.approx(min(1.3 * box_side, 1024), abs=3)


def test_a_picture_without_a_face_says_so(finder):
    batch = look(finder, np.full((480, 640, 3), 90, np.uint8))

    assert (batch.faces, dict(batch.refused), batch.sampled) == ((), {0: Reason.NO_FACE}, ((0, 0.0),))


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (64, 8000), (15, 15)])
def test_a_picture_too_narrow_for_a_face_holds_none(finder, size):
    noise = np.random.default_rng(1).integers(0, 255, (*size, 3), np.uint8)

    assert dict(look(finder, noise).refused) == {0: Reason.NO_FACE}


def test_a_small_face_is_refused(weights_dir, portrait):
    batch = look(best_finder(WeightStore(weights_dir)), on_ground(portrait, side=80, at=(100, 100)))

    assert dict(batch.refused) == {0: Reason.FACE_TOO_SMALL}


def test_a_small_face_beside_a_usable_one_is_named(weights_dir, portrait):
    picture = on_ground(portrait, side=400, at=(100, 700))
    picture[100:180, 100:180] = cv2.resize(portrait, (80, 80), interpolation=cv2.INTER_AREA)

    batch = look(best_finder(WeightStore(weights_dir)), picture)

    assert (len(batch.faces), dict(batch.refused), batch.left_out) == (1, {}, ((0, Reason.FACE_TOO_SMALL),))


def test_a_blurred_face_is_refused(finder, portrait):
    batch = look(finder, cv2.GaussianBlur(portrait, (0, 0), 18))

    assert dict(batch.refused) == {0: Reason.FACE_TOO_BLURRED}


def test_sharpness_does_not_depend_on_the_size_of_the_crop(portrait):
    large, small = portrait, cv2.resize(portrait, (512, 512), interpolation=cv2.INTER_AREA)

    assert sharpness(small) == pytest.approx(sharpness(large), rel=0.05)


def test_looking_twice_finds_the_same(finder, portrait):
    first, second = look(finder, portrait), look(finder, portrait)

    assert [face.box for face in first.faces] == [face.box for face in second.faces]


def test_a_face_that_moves_keeps_its_number(weights_dir, portrait):
    pictures = [on_ground(portrait, side=300, at=(200, 60 * n)) for n in range(10)]

    batch = look(best_finder(WeightStore(weights_dir)), *pictures)

    assert [face.track for face in batch.faces] == [0] * 10


def box(x, *, y=0.3, side=0.1):
    return (x, y, x + side, y + side)


def test_two_faces_that_pass_each_other_keep_their_numbers():
    tracks = FaceTracks()

    numbers = [tracks.assign([box(0.1 + 0.03 * n), box(0.7 - 0.03 * n, y=0.34)], n / 5) for n in range(20)]

    assert numbers == [[0, 1]] * 20


@pytest.mark.parametrize(("gap_seconds", "number"), [(0.8, 0), (1.4, 1)])
def test_a_number_survives_a_gap_of_a_second(gap_seconds, number):
    tracks = FaceTracks()
    tracks.assign([box(0.4)], 0.0)
    tracks.assign([], 0.2)

    assert tracks.assign([box(0.41)], gap_seconds) == [number]


def test_a_face_elsewhere_is_another():
    tracks = FaceTracks()
    tracks.assign([box(0.1)], 0.0)

    assert tracks.assign([box(0.8)], 0.2) == [1]


def test_overlap_is_intersection_over_union():
    assert iou((0, 0, 2, 2), (1, 1, 3, 3)) == pytest.approx(1 / 7)
    assert iou((0, 0, 1, 1), (1, 0, 2, 1)) == 0


def test_a_crop_at_the_border_moves_into_the_frame():
    frame = np.arange(100 * 100 * 3, dtype=np.uint32).astype(np.uint8).reshape(100, 100, 3)

    square = crop(frame, (0.0, 0.0, 0.2, 0.2))

    assert square.shape == (26, 26, 3)
    assert (square == frame[:26, :26]).all()


def test_the_gate_names_the_reason():
    sharp = np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8)

    assert refusal(sharp, (0.1, 0.1, 0.9, 0.9)) is None
    assert refusal(sharp, (0.1, 0.1, 0.4, 0.4)) == Reason.FACE_TOO_SMALL
    assert refusal(np.full_like(sharp, 90), (0.1, 0.1, 0.9, 0.9)) == Reason.FACE_TOO_BLURRED


def test_the_five_landmarks_lie_where_a_face_has_them(weights_dir, portrait):
    (face,) = look(best_finder(WeightStore(weights_dir)), on_ground(portrait, side=400, at=(100, 700))).faces

    right_eye, left_eye, nose, right_mouth, left_mouth = face.landmarks
    assert face.box[0] < right_eye[0] < nose[0] < left_eye[0] < face.box[2]
    assert face.box[1] < right_eye[1] < nose[1] < right_mouth[1] < face.box[3]
    assert right_mouth[0] < left_mouth[0]


def test_the_cascade_gives_no_landmarks(portrait):
    (face,) = look(best_finder(NO_WEIGHTS), on_ground(portrait, side=400, at=(100, 700))).faces

    assert face.landmarks is None


def test_a_crop_says_what_part_of_the_frame_it_shows(finder, portrait):
    (face,) = look(finder, portrait).faces

    left, top, right, bottom = (round(side * 1024) for side in face.region)
    assert (portrait[top:bottom, left:right] == face.rgb).all()
