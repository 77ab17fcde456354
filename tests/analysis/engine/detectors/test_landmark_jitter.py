"""Landmarks that tremble against each other raise the score; a face or camera that shakes as a whole does not."""

import io
from functools import cache

import cv2
import numpy as np
import pytest
from PIL import Image

from analysis.engine.detectors import landmark_jitter
from analysis.engine.types import FaceBatch, NotAssessed, Reason, Verdict
from tests.analysis.engine.detectors.drawn_faces import CROP_PX, EYES_PX, MIDDLE, SOURCE, face, fed, smaller
from tests.analysis.engine.plugins import NO_WEIGHTS

X, Y = MIDDLE
MARKS = [(X - EYES_PX / 2, Y), (X + EYES_PX / 2, Y), (X, Y + 26), (X - 18, Y + 50), (X + 18, Y + 50)]


@cache
def soft(seed):
    """Spots as skin and features have them."""
    noise = np.random.default_rng(seed).normal(0, 1, (CROP_PX, CROP_PX))
    spots = cv2.GaussianBlur(noise, (0, 0), 2.2)
    return 128 + 40 * spots / spots.std()


@cache
def around(mark):
    """1 near the landmark, falling to 0."""
    rows, columns = np.indices((CROP_PX, CROP_PX))
    far = np.hypot(columns - mark[0], rows - mark[1]) / EYES_PX
    return np.clip((0.42 - far) / 0.12, 0, 1)


def moved(picture, turn):
    return cv2.warpAffine(
        picture, turn, (CROP_PX, CROP_PX), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )


def shift(x, y):
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y]])


def trembling(jitter=0.0, *, shake=0.0, turn=0.0, talk=0.0, noise=2.0, seconds=4.2, fps=25.0, **fields):
    """A face whose landmarks are `jitter` eye distances off (standard deviation, each by itself, in every frame).

    shake, turn: how many pixels and degrees the whole picture is off, likewise. talk: how many pixels the mouth opens,
    three times a second.
    """
    random = np.random.default_rng(8)
    for number in range(round(seconds * fps)):
        picture = soft(0)
        for at, mark in enumerate(MARKS):
            off = random.normal(0, jitter * EYES_PX, 2) if jitter else np.zeros(2)
            off[1] += talk * (at > 2) * np.sin(2 * np.pi * 3 * number / fps)
            here = moved(around(mark), shift(*off))
            picture = picture * (1 - here) + moved(soft(at + 1), shift(*off)) * here
        whole = cv2.getRotationMatrix2D(MIDDLE, random.normal(0, turn) if turn else 0.0, 1.0)
        whole[:, 2] += random.normal(0, shake, 2) if shake else 0.0
        seen = moved(picture, whole) + random.normal(0, noise, picture.shape)
        rgb = np.repeat(np.clip(seen, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
        yield face(number, rgb, fps=fps, **fields)


def judged(*given, **drawn):
    going = landmark_jitter.make(landmark_jitter.NAME, NO_WEIGHTS, "cpu").open(SOURCE)
    points = fed(going, trembling(*given, **drawn))
    return going, going.finish(), points


def test_a_steady_face_is_no_sign():
    _, verdict, points = judged()

    assert verdict.score < 0.1
    assert [round(point.pts_seconds) for point in points] == [1, 3]


def test_landmarks_that_tremble_each_by_itself_are_a_sign():
    _, verdict, points = judged(0.03)

    assert verdict.score >= 0.5
    assert all(point.score > 0.4 for point in points)


def test_the_score_grows_with_the_jitter():
    scores = [judged(jitter)[1].score for jitter in (0.0, 0.01, 0.02, 0.03)]

    assert scores == sorted(scores)
    # 0.9 of it is left above 4 Hz and without what a similarity transform explains
    assert scores[1:] == pytest.approx([0.9 * jitter / 0.04 for jitter in (0.01, 0.02, 0.03)], rel=0.25)


@pytest.mark.parametrize(
    "drawn",
    [{"shake": 2.0}, {"turn": 2.0}, {"shake": 1.5, "turn": 1.5}, {"talk": 3.0}],
    ids=["a camera that shakes", "a head that rocks", "both", "a mouth that talks"],
)
def test_what_is_no_jitter_is_no_sign(drawn):
    _, verdict, _ = judged(**drawn)

    assert verdict.score < 0.2


def test_the_seconds_it_trembles_in_are_named():
    steady, trembles = list(trembling(seconds=6.2)), list(trembling(0.03, seconds=6.2))
    going = landmark_jitter.make(landmark_jitter.NAME, NO_WEIGHTS, "cpu").open(SOURCE)

    points = fed(going, [trembles[n] if 50 <= n < 100 else steady[n] for n in range(155)])

    assert [(round(point.pts_seconds), point.score > 0.4) for point in points] == [
        (1, False),
        (3, True),
        (5, False),
    ]
    assert going.finish().score < 0.2


def test_no_jitter_is_scored_as_certain():
    _, verdict, _ = judged(0.04)

    assert verdict.score == 0.75


def test_a_face_with_eyes_thirty_pixels_apart_is_large_enough():
    going = landmark_jitter.make(landmark_jitter.NAME, NO_WEIGHTS, "cpu").open(SOURCE)

    fed(going, [smaller(one) for one in trembling(0.03)])

    assert going.finish().score > 0.5


@pytest.mark.parametrize(
    ("drawn", "reason"),
    [
        ({"seconds": 1.5}, Reason.TOO_SHORT),
        ({"fps": 15.0}, Reason.OUTSIDE_DOMAIN),
        ({"landmarks": False}, Reason.OUTSIDE_DOMAIN),
        ({"noise": 100.0}, Reason.OUTSIDE_DOMAIN),
    ],
    ids=["under two seconds", "15 frames a second", "a finder without landmarks", "noise that hides them"],
)
def test_outside_its_conditions_it_abstains(drawn, reason):
    _, assessment, points = judged(0.03, **drawn)

    assert isinstance(assessment, NotAssessed)
    assert assessment.reason is reason
    assert [point for point in points if point.score is not None] == []


def test_without_a_face_it_says_so():
    going = landmark_jitter.make(landmark_jitter.NAME, NO_WEIGHTS, "cpu").open(SOURCE)

    list(going.feed(FaceBatch(((0, 0.0),), ())))

    assert going.finish().reason is Reason.NO_FACE


def test_faces_that_are_gone_are_let_go():
    going = landmark_jitter.make(landmark_jitter.NAME, NO_WEIGHTS, "cpu").open(SOURCE)
    fed(going, [one for track in range(5) for one in trembling(seconds=0.2, track=track)])

    list(going.feed(FaceBatch(((9, 9.0),), ())))

    assert going.going == {}


def test_it_leaves_a_curve_for_each_landmark():
    going, verdict, _ = judged(0.03)

    (made,) = going.evidence()

    plot = verdict.facts["plot"]
    assert isinstance(verdict, Verdict)
    assert list(plot["percent"]) == ["right eye", "left eye", "nose", "right mouth", "left mouth"]
    assert all(len(curve) == len(plot["seconds"]) == 2 for curve in plot["percent"].values())
    assert Image.open(io.BytesIO(made.content)).format == "PNG"
