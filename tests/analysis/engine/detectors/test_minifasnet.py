"""MiniFASNet says 1 for faces filmed from a screen or print, and leaves out faces without surroundings."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageOps

from analysis.engine.detectors import meso, minifasnet
from analysis.engine.endings import ended
from analysis.engine.fusion import conclude, hear
from analysis.engine.media.faces import FaceFinder, best_finder
from analysis.engine.types import (
    Band,
    Coverage,
    FaceBatch,
    FaceCrop,
    Frame,
    FrameBatch,
    MediaKind,
    NotAssessed,
    OutcomeName,
    Probe,
    Reason,
    Source,
    Verdict,
)
from analysis.engine.weights import WeightStore

SOURCE = Source(Probe(MediaKind.IMAGE, "jpeg"), sample_fps=5.0, expected_samples=1)


@pytest.fixture(scope="module")
def detector(weights_dir):
    return minifasnet.make("minifasnet", WeightStore(weights_dir), "cpu")


@pytest.fixture(scope="module")
def faces_in(weights_dir, media_dir):
    finder = best_finder(WeightStore(weights_dir))

    def find(name):
        upright = ImageOps.exif_transpose(Image.open(media_dir / "image" / name)).convert("RGB")
        return FaceFinder(finder).feed(FrameBatch((Frame(0, 0.0, np.asarray(upright)),)))

    return find


def judged(detector, batch):
    session = detector.open(SOURCE)
    list(session.feed(batch))
    return session.finish(), session


def test_one_means_presented(detector, faces_in):
    presented, _session = judged(detector, faces_in("silentface_F1_spoof.jpg"))
    live, _session = judged(detector, faces_in("silentface_T1_live.jpg"))

    # the authors' own pair of samples
    assert presented.score > 0.5
    assert live.score < 0.1


class FromClasses(minifasnet.MiniFas):
    """The pair of nets with given softmaxes instead of weights."""

    def __init__(self, narrow, wide):
        self.card = minifasnet.cards()[0]
        self.nets = {2.7: narrow, 4.0: wide}

    def _classes(self, scale, pictures):
        return np.array([self.nets[scale]] * len(pictures))


def face(box, *, index=0):
    pixels = np.zeros((80, 80, 3), np.uint8)
    return FaceCrop(index, index / 5, 0, box, 0.9, pixels, surroundings={2.7: pixels, 4.0: pixels})


SMALL, LARGE = (0.4, 0.4, 0.6, 0.6), (0.2, 0.2, 0.8, 0.8)


@pytest.mark.parametrize(
    ("narrow", "wide", "score"),
    [
        ((0.0, 1.0, 0.0), (0.0, 1.0, 0.0), 0.0),
        ((1.0, 0.0, 0.0), (1.0, 0.0, 0.0), 1.0),
        ((0.3, 0.4, 0.3), (0.3, 0.4, 0.3), 3 / 7),  # live is the largest class, though not above one half
        ((0.0, 0.2, 0.8), (0.0, 0.6, 0.4), 0.6),  # the mean of both
    ],
)
def test_a_half_is_where_the_published_rule_turns(narrow, wide, score):
    assert FromClasses(narrow, wide).score([face(SMALL)]) == [pytest.approx(score)]


def test_a_face_without_surroundings_is_left_out_and_said(weights_dir):
    detector = FromClasses((1.0, 0.0, 0.0), (1.0, 0.0, 0.0))
    batch = FaceBatch(((0, 0.0), (1, 0.2)), (face(LARGE), face(SMALL, index=1)))

    verdict, session = judged(detector, batch)

    assert verdict.coverage == Coverage(1, 2, "frames", left_out=((Reason.OUTSIDE_DOMAIN, 1),))
    assert [shown.crop.index for shown in session.shown] == [1]


@pytest.mark.parametrize("unfit", [face(LARGE), replace(face(SMALL), surroundings={})])
def test_with_nothing_but_such_faces_there_is_no_score(unfit):
    detector = FromClasses((1.0, 0.0, 0.0), (1.0, 0.0, 0.0))
    session = detector.open(SOURCE)

    (measured,) = session.feed(FaceBatch(((0, 0.0),), (unfit,)))

    assert [(point.score, point.reason) for point in measured.points] == [(None, Reason.OUTSIDE_DOMAIN)]
    assessment = session.finish()
    assert isinstance(assessment, NotAssessed)
    assert (assessment.reason, "surroundings" in assessment.detail) == (Reason.OUTSIDE_DOMAIN, True)


def test_recapture_is_no_voice_about_the_face():
    own, other = minifasnet.cards()[0], meso.cards()[0]
    high, low = (Verdict(score, Coverage(1, 1), Band.STRONG) for score in (0.9, 0.8))
    endings = [ended(own, high), ended(other, Verdict(0.1, Coverage(1, 1), Band.NONE))]

    assert len(hear([ended(own, high), ended(other, low)])) == 2
    assert conclude(endings).name is not OutcomeName.DISAGREE


def test_a_batch_scores_like_its_faces_alone(detector, faces_in):
    batch = faces_in("deepface_selfie_many_people_real.jpg")

    together = detector.score(batch.faces)

    assert len(together) > 3
    assert together == pytest.approx([detector.score([one])[0] for one in batch.faces], abs=1e-5)


def test_the_pictures_shown_are_what_the_nets_saw(detector, faces_in):
    _verdict, session = judged(detector, faces_in("silentface_F1_spoof.jpg"))

    (made,) = session.evidence()

    assert "screen or print" in made.caption
    assert made.media_type == "image/png"
