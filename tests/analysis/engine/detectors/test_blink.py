"""Blinks are found when they happen; how many there are never says more than a hint."""

import io

import numpy as np
import pytest
from PIL import Image

from analysis.engine.detectors import blink
from analysis.engine.detectors.curves import MARGIN, SPAN, WIDTH
from analysis.engine.pipeline import examine
from analysis.engine.registry import Registry
from analysis.engine.types import Coverage, DetectorEnded, FaceBatch, NotAssessed, Reason, Verdict
from tests.analysis.engine.detectors.drawn_eyes import blinking
from tests.analysis.engine.detectors.drawn_faces import SOURCE, fed, smaller
from tests.analysis.engine.plugins import NO_WEIGHTS

TIMES = [2.0, 3.1, 6.5, 11.2, 15.4]
TWO_FRAMES = 2 / 24


def judged(*given, **drawn):
    going = blink.make(blink.NAME, NO_WEIGHTS, "cpu").open(SOURCE)
    points = fed(going, blinking(*given, **drawn))
    return going, going.finish(), points


@pytest.mark.parametrize(
    "drawn",
    [{}, {"lasting": 0.12}, {"lasting": 0.45}, {"iris": 130}, {"noise": 10.0}],
    ids=["plain", "fast", "slow", "light eyes", "noise"],
)
def test_every_blink_is_found_in_its_moment(drawn):
    _, verdict, _ = judged(TIMES, seconds=17.0, **drawn)

    found = [one["pts_seconds"] for one in verdict.facts["blinks"]]
    assert found == pytest.approx(TIMES, abs=TWO_FRAMES)


def test_longer_blinks_are_told_as_longer():
    _, fast, _ = judged(TIMES, seconds=17.0, lasting=0.15)
    _, slow, _ = judged(TIMES, seconds=17.0, lasting=0.45)

    # a drawn lid is half closed for 0.6 of the time it moves
    assert fast.facts["faces"][0]["median_blink_ms"] == pytest.approx(90, abs=25)
    assert slow.facts["faces"][0]["median_blink_ms"] == pytest.approx(270, abs=45)


def test_eyes_that_close_for_longer_do_not_blink():
    _, verdict, _ = judged([5.0, 10.0], seconds=16.0, lasting=1.6)

    assert verdict.facts["blinks"] == []


def test_a_usual_rate_is_no_sign():
    _, verdict, points = judged(TIMES, seconds=17.0)

    assert verdict.score < 0.01
    assert verdict.facts["faces"][0]["blinks"] == 5
    assert verdict.coverage == Coverage(408, 408, "frames")
    assert [(round(point.pts_seconds), point.score < 0.01) for point in points] == [(8, True)]


def test_eyes_that_never_close_score_higher_the_longer_they_do_not():
    _, short, _ = judged(seconds=17.0)
    _, long, _ = judged(seconds=40.0, fps=20.0)

    assert short.score < long.score < 0.45
    assert long.facts["blinks"] == []


def test_no_number_of_blinks_makes_a_score_that_is_a_sign():
    assert [blink.CAP * blink.unlikely(count, 120.0) < 0.5 for count in (0, 60, 300)] == [True, True, True]
    assert blink.unlikely(0, 120.0) > 0.95 < blink.unlikely(300, 120.0)
    assert blink.unlikely(30, 120.0) < 0.01


@pytest.mark.parametrize(
    ("drawn", "reason"),
    [
        ({"seconds": 12.0}, Reason.TOO_SHORT),
        ({"seconds": 17.0, "fps": 15.0}, Reason.OUTSIDE_DOMAIN),
        ({"seconds": 17.0, "landmarks": False}, Reason.OUTSIDE_DOMAIN),
        ({"seconds": 17.0, "noise": 90.0}, Reason.OUTSIDE_DOMAIN),
    ],
    ids=["under 15 seconds", "15 frames a second", "a finder without landmarks", "eyes lost in noise"],
)
def test_outside_its_conditions_it_abstains(drawn, reason):
    _, assessment, points = judged(TIMES, **drawn)

    assert isinstance(assessment, NotAssessed)
    assert assessment.reason is reason
    assert [point.score for point in points if point.score is not None] == []


def test_a_short_clip_has_its_trace_all_the_same():
    going, assessment, _ = judged([2.0], seconds=5.0)

    (made,) = going.evidence()

    assert assessment.reason is Reason.TOO_SHORT
    assert [round(one["pts_seconds"], 1) for one in assessment.facts["blinks"]] == [2.0]
    assert made.media_type == "image/png"


@pytest.mark.parametrize(
    ("scale", "reason", "found"), [(0.7, None, 5), (0.5, Reason.FACE_TOO_SMALL, 0)], ids=["31 px", "22 px"]
)
def test_eyes_need_to_be_thirty_pixels_apart(scale, reason, found):
    going = blink.make(blink.NAME, NO_WEIGHTS, "cpu").open(SOURCE)

    fed(going, [smaller(one, scale) for one in blinking(TIMES, seconds=17.0)])

    assessment = going.finish()
    assert getattr(assessment, "reason", None) is reason
    assert len(assessment.facts.get("blinks", [])) == found


def test_without_a_face_it_says_so():
    going = blink.make(blink.NAME, NO_WEIGHTS, "cpu").open(SOURCE)

    list(going.feed(FaceBatch(((0, 0.0),), ())))
    list(going.drain())

    assert going.finish().reason is Reason.NO_FACE


def test_a_gap_is_a_gap_and_no_blink():
    going = blink.make(blink.NAME, NO_WEIGHTS, "cpu").open(SOURCE)
    seen = [one for one in blinking(TIMES, seconds=20.0) if not 7.0 < one.pts_seconds < 9.0]

    fed(going, seen)

    verdict = going.finish()
    plot = verdict.facts["plot"]
    assert len(verdict.facts["blinks"]) == 5
    assert [plot["seconds"][at] for at, value in enumerate(plot["openness"]) if value is None] == [9.0]
    assert plot["openness"][plot["seconds"].index(2.0)] < 0.3
    assert (
        max(
            abs(one - 1)
            for at, one in zip(plot["seconds"], plot["openness"], strict=True)
            if 7.5 < at < 11 and one
        )
        < 0.2
    )


def test_blinks_are_shaded_in_the_picture():
    going, verdict, _ = judged([5.0], seconds=16.0)

    (made,) = going.evidence()

    sheet = np.asarray(Image.open(io.BytesIO(made.content)).convert("RGB"))
    across = np.flatnonzero((sheet == SPAN).all(axis=2).any(axis=0))
    assert isinstance(verdict, Verdict)
    assert (across.mean() - MARGIN) / WIDTH * 16.0 == pytest.approx(5.0, abs=0.1)


def test_a_recording_of_a_person_shows_the_blinks_that_are_seen_in_it(media_dir, weights_dir):
    registry = Registry.load(weights_dir, only=["blink"])

    with examine(media_dir / "video" / "lp_d18_real.mp4", registry=registry, detectors=["blink"]) as going:
        (ended,) = [seen for seen in going if isinstance(seen, DetectorEnded)]

    # looked at by eye, frame by frame: the lids are down around 3.2 s and 6.2 s
    found = [one["pts_seconds"] for one in ended.assessment.facts["blinks"]]
    assert ended.assessment.reason is Reason.TOO_SHORT
    assert found == pytest.approx([3.2, 6.2], abs=0.07)
