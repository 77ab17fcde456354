"""Meso nets score faces per track, leave frames without a face out, and say 1 for manipulated."""

import numpy as np
import pytest

from analysis.engine.detectors import meso
from analysis.engine.endings import ended
from analysis.engine.fusion import conclude
from analysis.engine.types import (
    Coverage,
    FaceBatch,
    FaceCrop,
    MediaKind,
    NotAssessed,
    Probe,
    Reason,
    Source,
    Verdict,
)
from analysis.engine.weights import WeightStore

SOURCE = Source(Probe(MediaKind.VIDEO, "mp4"), sample_fps=5.0, expected_samples=10)


@pytest.fixture(scope="module", params=["meso4", "mesoinception4"])
def detector(request, weights_dir):
    return meso.make(request.param, WeightStore(weights_dir), "cpu")


def crop(rgb, *, index=0, track=0):
    return FaceCrop(index, index / 5, track, (0.0, 0.0, 1.0, 1.0), 0.9, rgb)


def photo(media_dir, name):
    import cv2

    return cv2.cvtColor(cv2.imread(str(media_dir / "image" / name)), cv2.COLOR_BGR2RGB)


def test_one_means_manipulated(detector, media_dir):
    forged, genuine = photo(media_dir, "meso_df01254_fake.jpg"), photo(media_dir, "meso_real00240_real.jpg")

    scores = detector.score([forged, genuine])

    assert scores[0] > 0.9
    assert scores[1] < 0.1


def test_a_batch_scores_like_its_faces_alone(detector):
    faces = [np.random.default_rng(n).integers(0, 255, (64 + n, 80, 3), np.uint8) for n in range(5)]

    together = detector.score(faces)

    alone = [detector.score([face])[0] for face in faces]
    assert together == pytest.approx(alone, abs=1e-5)  # other batch sizes add in another order


def test_frames_without_a_face_are_gaps_and_not_scores(detector, media_dir):
    face = photo(media_dir, "meso_real00240_real.jpg")
    session = detector.open(SOURCE)
    batch = FaceBatch(((0, 0.0), (1, 0.2), (2, 0.4)), (crop(face, index=1),), {2: Reason.FACE_TOO_SMALL})

    (measured,) = session.feed(batch)

    by_time = {point.pts_seconds: (point.score is None, point.reason) for point in measured.points}
    assert by_time == {
        0.0: (True, Reason.NO_FACE),
        0.2: (False, None),
        0.4: (True, Reason.FACE_TOO_SMALL),
    }
    assert session.finish().coverage == Coverage(1, 3, "frames")


def test_one_forged_face_among_genuine_ones_is_not_averaged_away(detector, media_dir):
    forged, genuine = photo(media_dir, "meso_df01254_fake.jpg"), photo(media_dir, "meso_real00240_real.jpg")
    session = detector.open(SOURCE)
    faces = [crop(genuine, index=n, track=1) for n in range(6)] + [
        crop(forged, index=n, track=2) for n in range(6)
    ]

    list(session.feed(FaceBatch(tuple((n, n / 5) for n in range(6)), tuple(faces))))

    verdict = session.finish()
    assert isinstance(verdict, Verdict)
    assert verdict.score > 0.9
    assert verdict.facts["verdict_of_track"] == 2


class FromPixel:
    """A detector whose score is what the crop's first value says."""

    card = meso.cards()[0]

    def score(self, crops):
        return [float(pixels[0, 0, 0]) / 100 for pixels in crops]


def seen(sampled, tracks):
    """A session that saw so many frames, and each track as (number, frames, score in hundredths)."""
    session = meso.Meso.open(FromPixel(), SOURCE)
    faces = [
        crop(np.full((4, 4, 3), score, np.uint8), index=n, track=track)
        for track, frames, score in tracks
        for n in range(frames)
    ]
    list(session.feed(FaceBatch(tuple((n, n / 5) for n in range(sampled)), tuple(faces))))
    return session


def test_a_track_of_a_moment_does_not_decide_a_long_video():
    verdict = seen(3000, [(0, 2500, 10), (1, 3, 95)]).finish()

    assert (verdict.score, verdict.facts["verdict_of_track"]) == (pytest.approx(0.10), 0)


@pytest.mark.parametrize(
    ("sampled", "tracks", "decided_by"),
    [
        (1, [(0, 1, 10), (1, 1, 90)], 1),  # a picture
        (4, [(0, 2, 10), (1, 1, 90)], 1),  # a short clip
        (1000, [(0, 60, 10), (1, 50, 80), (2, 3, 90)], 1),  # many cuts: no track reaches a tenth
        (100, [(0, 80, 10), (1, 10, 90)], 1),
        (100, [(0, 80, 10), (1, 9, 90)], 0),
        (10, [(0, 8, 10), (1, 2, 90)], 0),
    ],
)
def test_the_highest_of_the_lasting_tracks_decides(sampled, tracks, decided_by):
    assert seen(sampled, tracks).finish().facts["verdict_of_track"] == decided_by


def test_the_limit_says_on_how_many_frames_the_score_rests():
    verdict = seen(100, [(0, 80, 10), (1, 20, 90)]).finish()

    outcome = conclude([ended(meso.cards()[0], verdict)])
    assert (verdict.coverage.scored, verdict.coverage.decisive, verdict.facts["verdict_frames"]) == (
        80,
        20,
        20,
    )
    assert "scored 80 of 100 frames, the score rests on 20 of them" in outcome.limit


def test_a_score_can_be_traced_to_the_face_and_its_finder():
    session = meso.Meso.open(FromPixel(), SOURCE)
    face = crop(np.full((4, 4, 3), 10, np.uint8))

    (measured,) = session.feed(FaceBatch(((0, 0.0),), (face,), finder=("YuNet", "25a6")))

    facts = session.finish().facts
    assert [point.box for point in measured.points] == [(0.0, 0.0, 1.0, 1.0)]
    assert (facts["face_finder"], facts["sample_fps"]) == ({"name": "YuNet", "weights_sha256": "25a6"}, 5.0)


def test_a_crowd_is_scored_in_portions_and_loses_nobody():
    session = meso.Meso.open(FromPixel(), SOURCE)
    faces = tuple(crop(np.full((4, 4, 3), n, np.uint8), index=n // 20, track=n) for n in range(40))

    measured = list(session.feed(FaceBatch(((0, 0.0), (1, 0.2), (2, 0.4)), faces)))

    assert [len(part.points) for part in measured] == [16, 16, 9]  # the last with the gap of the third frame
    assert [point.track for part in measured for point in part.points] == [*range(40), None]
    assert session.finish().coverage.scored == 2


def test_a_face_left_out_beside_a_usable_one_is_told():
    session = meso.Meso.open(FromPixel(), SOURCE)
    face = crop(np.full((4, 4, 3), 10, np.uint8))
    small, blurred = (0, Reason.FACE_TOO_SMALL), (0, Reason.FACE_TOO_BLURRED)
    list(session.feed(FaceBatch(((0, 0.0),), (face,), left_out=(small, small, blurred))))

    verdict = session.finish()

    outcome = conclude([ended(meso.cards()[0], verdict)])
    assert verdict.facts["frames_with_faces_left_out"] == {"face_too_small": 1, "face_too_blurred": 1}
    assert (
        "left out part of 1 of 1 frames (faces too blurred) and 1 of 1 frames (faces too small)"
        in outcome.limit
    )


@pytest.mark.parametrize("reason", [Reason.NO_FACE, Reason.FACE_TOO_SMALL, Reason.FACE_TOO_BLURRED])
def test_without_a_usable_face_there_is_no_score(detector, reason):
    session = detector.open(SOURCE)
    list(session.feed(FaceBatch(((0, 0.0), (1, 0.2)), (), {1: reason})))

    assessment = session.finish()

    assert isinstance(assessment, NotAssessed)
    assert assessment.reason == reason
    assert list(session.evidence()) == []
