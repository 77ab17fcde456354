"""The pulse of forehead and cheeks is compared where it stands out, and never made up."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from analysis.engine.detectors import pulse
from analysis.engine.signals.beats import PARTS
from analysis.engine.types import Coverage, FaceBatch, NotAssessed, Reason, Verdict
from tests.analysis.engine.detectors.drawn_faces import CROP_PX, SOURCE, face, fed, in_part
from tests.analysis.engine.plugins import NO_WEIGHTS

SKIN = np.array([190.0, 140.0, 120.0])
BLOOD = np.array(
    [0.33, 0.77, 0.53]
)  # how strongly a pulse shows in red, green and blue: de Haan & Jeanne, section III


def beating(bpm, *, seconds=9.0, fps=25.0, strength=0.01, **fields):
    """Faces whose parts beat at these rates; None for a part without a pulse. Every pixel has noise of its own."""
    random = np.random.default_rng(1)
    for number in range(round(seconds * fps)):
        skin = SKIN + 2 * random.standard_normal((CROP_PX, CROP_PX, 3), np.float32)
        for part, rate in zip(PARTS.values(), bpm, strict=True):
            wave = np.sin(2 * np.pi * rate / 60 * number / fps) if rate else 0.0
            skin[in_part(part)] *= 1 + strength * wave * BLOOD
        yield face(number, np.clip(skin, 0, 255).astype(np.uint8), fps=fps, **fields)


def session():
    return pulse.make(pulse.NAME, NO_WEIGHTS, "cpu").open(SOURCE)


def test_parts_that_beat_alike_are_no_sign():
    going = session()

    points = fed(going, beating((72, 72, 72)))

    verdict = going.finish()
    assert (verdict.score, verdict.coverage) == (0.0, Coverage(1, 1, "windows"))
    assert [(round(point.pts_seconds, 1), point.score) for point in points] == [(4.0, 0.0)]


def test_parts_that_beat_at_different_rates_are_a_sign():
    going = session()

    fed(going, beating((60, 84, 108)))

    assert going.finish().score == 1.0


def test_one_part_at_another_rate_disagrees_with_both_others():
    going = session()

    fed(going, beating((66, 66, 96)))

    assert going.finish().score == pytest.approx(2 / 3)


def test_the_rate_of_each_part_is_told():
    going = session()

    fed(going, beating((60, 84, 108)))

    (window,) = going.finish().facts["windows"]
    rates = [part["bpm"] for part in window["parts"].values()]
    assert rates == pytest.approx([60, 84, 108], abs=2)  # the lobe of an 8-second window is 15 wide


@pytest.mark.parametrize("bpm", [(None, None, None), (72, None, None)], ids=["nowhere", "in one part"])
def test_where_no_two_parts_show_a_pulse_nothing_is_said(bpm):
    going = session()

    points = fed(going, beating(bpm))

    assessment = going.finish()
    assert isinstance(assessment, NotAssessed)
    assert assessment.reason is Reason.OUTSIDE_DOMAIN
    assert [(point.score, point.reason) for point in points] == [(None, Reason.OUTSIDE_DOMAIN)]


def test_a_face_made_small_abstains():
    going = session()
    small = [FaceBatch(((0, 0.0),), (face(0, np.full((CROP_PX // 2, CROP_PX // 2, 3), 120, np.uint8)),))]

    list(going.feed(small[0]))
    list(going.drain())

    assert going.finish().reason is Reason.FACE_TOO_SMALL


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"seconds": 7.5}, Reason.TOO_SHORT),
        ({"fps": 15.0}, Reason.OUTSIDE_DOMAIN),
        ({"landmarks": False}, Reason.OUTSIDE_DOMAIN),
    ],
    ids=["under 8 seconds", "under 20 frames a second", "a finder without landmarks"],
)
def test_outside_its_conditions_it_abstains(fields, reason):
    going = session()

    fed(going, beating((60, 84, 108), **fields))

    assessment = going.finish()
    assert isinstance(assessment, NotAssessed)
    assert assessment.reason is reason


def moved(faces, change):
    """The faces with other landmarks."""
    for one in faces:
        yield replace(one, landmarks=tuple(change(*point) for point in one.landmarks))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x, y: (0.48 + (x - 0.48) / 20, y), "turned away"),
        (lambda x, y: (x, y - 0.06), "outside the picture"),
    ],
    ids=["in profile", "with the forehead cut off"],
)
def test_a_face_that_shows_no_parts_is_not_told_as_no_face(change, words):
    going = session()

    fed(going, moved(beating((72, 72, 72), seconds=1.0), change))

    assessment = going.finish()
    assert assessment.reason is Reason.OUTSIDE_DOMAIN
    assert words in assessment.detail


def test_without_a_face_it_says_so():
    going = session()

    list(going.feed(FaceBatch(((0, 0.0),), ())))

    assert going.finish().reason is Reason.NO_FACE


def test_it_leaves_traces_and_spectra_to_look_at():
    going = session()
    fed(going, beating((60, 84, 108)))
    verdict = going.finish()

    (made,) = going.evidence()

    plot = verdict.facts["plot"]
    assert isinstance(verdict, Verdict)
    assert set(plot["pulse"]) == set(plot["power"]) == set(PARTS)
    assert len(plot["seconds"]) == len(plot["pulse"]["forehead"]) == 200
    assert plot["bpm"][int(np.argmax(plot["power"]["right cheek"]))] == pytest.approx(84, abs=3)
    assert Image.open(io.BytesIO(made.content)).format == "PNG"
