"""Flicker where a face meets the picture is seen; what reaches the whole picture is not taken for it."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from analysis.engine.detectors import border
from analysis.engine.pipeline import examine
from analysis.engine.registry import Registry
from analysis.engine.types import DetectorEnded, FaceBatch, NotAssessed, Reason, Verdict
from tests.analysis.engine.detectors.drawn_faces import CROP_PX, SOURCE, face, fed, oval_radius
from tests.analysis.engine.plugins import NO_WEIGHTS

RING = (oval_radius() >= 0.85) & (oval_radius() < 1.1)
INNER = oval_radius() < 0.6


def texture():
    """Soft spots, as skin and cloth have them."""
    noise = np.random.default_rng(5).normal(0, 1, (CROP_PX + 40, CROP_PX + 40))
    soft = cv2.GaussianBlur(noise, (0, 0), 3)
    return 128 + 40 * soft / soft.std()


def moving(*, flicker=0.0, where=RING, seconds=4.0, fps=25.0, **fields):
    """A textured face that sways by a few pixels, with noise; `flicker` grey levels come and go at random `where`."""
    random, ground = np.random.default_rng(6), texture()
    for number in range(round(seconds * fps)):
        shift = 8 * np.sin(number / 9)
        view = cv2.warpAffine(ground, np.array([[1, 0, shift - 20], [0, 1, -20.0]]), (CROP_PX, CROP_PX))
        view = view + random.normal(0, 2, view.shape) + where * flicker * random.choice([-1.0, 0.0, 1.0])
        rgb = np.repeat(np.clip(view, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
        yield face(number, rgb, fps=fps, **fields)


def judged(**drawn):
    going = border.make(border.NAME, NO_WEIGHTS, "cpu").open(SOURCE)
    points = fed(going, moving(**drawn))
    return going, points


def test_a_steady_face_that_moves_is_no_sign():
    going, points = judged()

    assert going.finish().score < 0.15
    assert [int(point.pts_seconds) for point in points] == [0, 1, 2, 3]


def test_flicker_at_the_border_is_a_sign():
    going, points = judged(flicker=20)

    assert going.finish().score > 0.5
    assert all(point.score > 0.4 for point in points)


@pytest.mark.parametrize("where", [np.ones_like(RING), INNER], ids=["the whole picture", "the inner face"])
def test_flicker_elsewhere_is_none(where):
    going, _ = judged(flicker=20, where=where)

    assert going.finish().score < 0.25


def test_the_second_it_flickers_in_is_named():
    going = border.make(border.NAME, NO_WEIGHTS, "cpu").open(SOURCE)
    steady, flickering = list(moving(seconds=6)), list(moving(seconds=6, flicker=25))
    mixed = [flickering[n] if 50 <= n < 100 else steady[n] for n in range(150)]

    points = fed(going, mixed)

    high = [point.pts_seconds for point in points if point.score > 0.4]
    assert len(high) == 2
    assert all(2.0 <= at <= 4.0 for at in high)


@pytest.mark.parametrize(
    ("drawn", "reason"),
    [
        ({"seconds": 2.0}, Reason.TOO_SHORT),
        ({"fps": 8.0}, Reason.TOO_SHORT),
        ({"landmarks": False}, Reason.OUTSIDE_DOMAIN),
    ],
    ids=["two seconds", "too few frames", "a finder without landmarks"],
)
def test_outside_its_conditions_it_abstains(drawn, reason):
    going, _ = judged(**drawn)

    assessment = going.finish()
    assert isinstance(assessment, NotAssessed)
    assert assessment.reason is reason


def test_without_a_face_it_says_so():
    going = border.make(border.NAME, NO_WEIGHTS, "cpu").open(SOURCE)

    list(going.feed(FaceBatch(((0, 0.0),), ())))

    assert going.finish().reason is Reason.NO_FACE


def test_faces_that_are_gone_are_let_go():
    going = border.make(border.NAME, NO_WEIGHTS, "cpu").open(SOURCE)
    fed(going, [one for track in range(20) for one in moving(seconds=0.2, track=track)])

    list(going.feed(FaceBatch(((9, 9.0),), ())))

    assert going.going == {}


def test_it_leaves_curves_to_look_at():
    going, _ = judged(flicker=20)
    verdict = going.finish()

    (made,) = going.evidence()

    assert isinstance(verdict, Verdict)
    assert set(verdict.facts["plot"]["residual"]) == {"inside", "border", "around"}
    assert Image.open(io.BytesIO(made.content)).format == "PNG"


def test_on_a_recording_of_a_person_it_stays_below_its_mark(media_dir, weights_dir):
    registry = Registry.load(weights_dir, only=["border", "pulse"])

    with examine(
        media_dir / "video" / "lp_d18_real.mp4", registry=registry, detectors=["border", "pulse"]
    ) as going:
        endings = {seen.detector: seen.assessment for seen in going if isinstance(seen, DetectorEnded)}

    assert endings["border"].score < 0.2
    assert endings["pulse"].reason is Reason.TOO_SHORT
