"""A stretch of moving pictures that was put in twice is found; what stands still or comes once is not."""

import numpy as np
import pytest

from analysis.engine.detectors import repeats
from analysis.engine.types import Frame, FrameBatch, MediaKind, NotAssessed, Probe, Reason, Source
from tests.analysis.engine.detectors import films
from tests.analysis.engine.plugins import NO_WEIGHTS

SOURCE = Source(
    Probe(MediaKind.VIDEO, "mp4", 8.0, width=160, height=120), sample_fps=5.0, expected_samples=40
)


@pytest.fixture(scope="module")
def pictures():
    return films.footage(200)


def examined(pictures, *, fps=films.FPS):
    session = repeats.make("repeats", NO_WEIGHTS, "cpu").open(SOURCE)
    for number, rgb in enumerate(pictures):
        list(session.feed(FrameBatch((Frame(number, number / fps, rgb, dense=True),))))
    points = [point for scores in session.drain() for point in scores.points]
    return session, points, session.finish()


def coded_again(tmp_path, pictures):
    return films.shown(films.coded(tmp_path / "again.mp4", pictures, every=250, b=2))


def test_a_stretch_put_in_twice_is_found_with_both_its_times(pictures, tmp_path):
    twice = pictures[:150] + pictures[30:80] + pictures[150:]

    session, points, verdict = examined(coded_again(tmp_path, twice))

    assert verdict.score > 0.5
    found = verdict.facts["repeats"][0]
    assert found["start_seconds"] == pytest.approx(1.2, abs=0.2)
    assert found["again_start_seconds"] == pytest.approx(6.0, abs=0.2)
    inside = [one for one in points if found["start_seconds"] <= one.pts_seconds <= found["end_seconds"]]
    assert {point.score for point in inside} == {1.0}
    (sheet,) = session.evidence()
    assert "comes again" in sheet.title


def test_the_same_footage_without_it_scores_nothing(pictures, tmp_path):
    session, _, verdict = examined(coded_again(tmp_path, pictures))

    assert verdict.score == 0.0
    assert list(session.evidence()) == []


def test_a_replay_never_counts_as_certain(pictures):
    _, _, verdict = examined(pictures + pictures)

    assert verdict.score == pytest.approx(0.9)


def test_a_still_camera_before_a_still_scene_is_not_assessed(pictures):
    rng = np.random.default_rng(1)
    still = [
        (pictures[0] + rng.normal(0, 2, pictures[0].shape)).clip(0, 255).astype(np.uint8) for _ in range(60)
    ]

    _, points, assessment = examined(still * 2)

    assert isinstance(assessment, NotAssessed)
    assert assessment.reason is Reason.OUTSIDE_DOMAIN
    assert points == []


def test_pictures_held_by_a_change_of_rate_are_a_fact_and_no_sign(pictures):
    held = [rgb for number, rgb in enumerate(pictures) for _ in range(2 if number % 5 == 4 else 1)]

    _, _, verdict = examined(held, fps=30)

    assert verdict.score == 0.0
    assert verdict.facts["held_pictures"] == 40


def test_a_few_pictures_are_not_assessed(pictures):
    _, _, assessment = examined(pictures[:20])

    assert assessment.reason is Reason.TOO_SHORT
