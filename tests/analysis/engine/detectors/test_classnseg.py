"""ClassNSeg says 1 for altered faces, and shows where it takes them for altered, only where it does."""

import io

import numpy as np
import pytest
from PIL import Image

from analysis.engine.detectors import classnseg
from analysis.engine.types import FaceBatch, FaceCrop, MediaKind, NotAssessed, Probe, Reason, Source
from analysis.engine.weights import WeightStore

SOURCE = Source(Probe(MediaKind.IMAGE, "jpeg"), sample_fps=5.0, expected_samples=1)


@pytest.fixture(scope="module", params=["classnseg", "classnseg-finetune"])
def detector(request, weights_dir):
    return classnseg.make(request.param, WeightStore(weights_dir), "cpu")


def left_half(media_dir, name):
    """The photo of the authors' test pictures, which are photo and truth mask side by side."""
    return np.asarray(Image.open(media_dir / "image" / name).convert("RGB"))[:, :256]


def right_half(media_dir, name):
    return np.asarray(Image.open(media_dir / "image" / name).convert("L"))[:, 256:] > 127


def looked(detector, *faces):
    session = detector.open(SOURCE)
    crops = tuple(FaceCrop(0, 0.0, track, (0.1, 0.1, 0.9, 0.9), 0.9, rgb) for track, rgb in enumerate(faces))
    list(session.feed(FaceBatch(((0, 0.0),), crops)))
    return session


def test_one_means_altered(detector, media_dir):
    altered = left_half(media_dir, "classnseg_fake_with_mask.jpg")
    untouched = left_half(media_dir, "classnseg_real.jpg")

    scores = detector.score([altered, untouched])

    # GOLDEN.json, softmax_of_the_two at index 0: 0.729 and 0.232; fine-tuned 0.582 and 0.450
    assert scores[0] > 0.55
    assert scores[1] < 0.46


def test_a_batch_scores_like_its_faces_alone(detector):
    faces = [np.random.default_rng(n).integers(0, 255, (64 + n, 80, 3), np.uint8) for n in range(5)]

    together = detector.score(faces)

    assert together == pytest.approx([detector.score([face])[0] for face in faces], abs=1e-5)


def test_the_mask_lies_where_the_authors_say(detector, media_dir):
    (mask,) = detector.masks([left_half(media_dir, "classnseg_fake_with_mask.jpg")])

    truth, found = right_half(media_dir, "classnseg_fake_with_mask.jpg"), mask >= 0.5
    assert (truth & found).sum() / (truth | found).sum() > 0.6


def test_the_record_holds_the_mask_of_the_highest_face(detector, media_dir):
    altered = left_half(media_dir, "classnseg_fake_with_mask.jpg")
    untouched = left_half(media_dir, "classnseg_real.jpg")

    verdict = looked(detector, untouched, altered).finish()

    mask = verdict.facts["mask"]
    assert (mask["track"], len(mask["percent_altered"]), len(mask["percent_altered"][0])) == (1, 32, 32)
    assert mask["percent_altered"][16][16] > 90  # the middle of the face
    assert mask["percent_altered"][0][0] < 10
    assert verdict.facts["verdict_of_track"] == 1
    assert [len(digest) for digest in verdict.facts["further_weights"].values()] == [64]


def picture_of(session):
    (made,) = session.evidence()
    return made, np.asarray(Image.open(io.BytesIO(made.content)))


def reddish(picture):
    red, green, blue = np.moveaxis(picture.astype(int), 2, 0)
    return int(((red > 1.6 * green) & (red > 1.6 * blue)).sum())


def test_the_mask_is_drawn_beside_the_face_and_called_a_guess(detector, media_dir):
    session = looked(detector, left_half(media_dir, "classnseg_fake_with_mask.jpg"))
    session.finish()

    made, picture = picture_of(session)

    assert "guess" in made.caption
    left, right = picture[:176, :168], picture[:176, 168:]
    assert reddish(right) > reddish(left) + 2000


def test_no_mask_is_drawn_where_nothing_was_decided_altered(detector, media_dir):
    session = looked(detector, left_half(media_dir, "classnseg_real.jpg"))
    verdict = session.finish()

    made, _picture = picture_of(session)

    assert verdict.score < 0.5
    assert verdict.facts["mask"] is None
    assert "Red" not in made.caption


def test_without_a_usable_face_there_is_no_score(detector):
    session = detector.open(SOURCE)
    list(session.feed(FaceBatch(((0, 0.0),), (), {0: Reason.FACE_TOO_SMALL})))

    assessment = session.finish()

    assert isinstance(assessment, NotAssessed)
    assert assessment.reason is Reason.FACE_TOO_SMALL
    assert list(session.evidence()) == []
