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


def examined(pictures, *, fps=films.FPS, times=None):
    session = repeats.make("repeats", NO_WEIGHTS, "cpu").open(SOURCE)
    for number, rgb in enumerate(pictures):
        at = number / fps if times is None else times[number]
        list(session.feed(FrameBatch((Frame(number, at, rgb, dense=True),))))
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


def tripod(count, moment):
    """A scene that stands still but for what `moment` makes of it, with noise of its own each."""
    ground, rng = films.footage(1, sigma=0)[0].astype(float), np.random.default_rng(3)
    return [
        (moment(ground.copy(), number) + rng.normal(0, 3, ground.shape)).clip(0, 255).round().astype(np.uint8)
        for number in range(count)
    ]


def pendulum(period):
    def swung(ground, number):
        row, column = np.ogrid[: films.HEIGHT, : films.WIDTH]
        at_x = films.WIDTH / 2 + 50 * np.sin(2 * np.pi * number / period)
        ground[np.hypot(column - at_x, row - 70) < 15] = 200
        return ground

    return swung


def flicker(ground, number):
    down = np.arange(films.HEIGHT)[:, None, None] / films.HEIGHT * 0.016
    return ground * (1 + 0.15 * np.cos(2 * np.pi * 100 * (number / 24 + down)))


@pytest.mark.parametrize("moment", [pendulum(50), pendulum(47.37), flicker])
def test_what_moves_periodically_is_a_fact_and_no_copy(moment):
    _, points, assessment = examined(tripod(260, moment))

    assert isinstance(assessment, NotAssessed)
    assert assessment.reason is Reason.OUTSIDE_DOMAIN
    assert "moves periodically" in assessment.detail
    assert assessment.facts["moves_periodically"]
    assert {point.score for point in points} == {None}


def test_what_moves_periodically_for_a_while_costs_no_score_of_the_rest(pictures):
    still = pictures[-1]
    swings = [np.roll(still, round(20 * np.sin(2 * np.pi * number / 25)), axis=1) for number in range(150)]

    _, points, verdict = examined(pictures + swings)

    assert verdict.score == 0.0
    (swinging,) = verdict.facts["moves_periodically"]
    assert swinging["start_seconds"] == pytest.approx(8.0, abs=0.5)
    scored = [point for point in points if point.score is not None]
    assert verdict.coverage.scored == len(scored)
    assert len(scored) == pytest.approx(200, abs=12)


def test_a_stretch_that_comes_three_times_is_still_a_copy(pictures):
    piece = pictures[30:60]

    _, _, verdict = examined(pictures[:90] + piece + pictures[90:150] + piece + pictures[150:])

    assert verdict.score > 0.5
    assert verdict.facts["moves_periodically"] == []


def test_no_stretch_goes_on_across_what_was_not_looked_at(pictures):
    film = pictures[:100] + pictures[120:200]
    film[130:160] = pictures[85:100] + pictures[120:135]  # comes again, but across the border
    times = [number / 25 + 600 * (number >= 100) for number in range(180)]

    _, _, verdict = examined(film, times=times)

    assert all(one["end_seconds"] - one["start_seconds"] < 10 for one in verdict.facts["repeats"])
    assert all(one["again_end_seconds"] - one["again_start_seconds"] < 10 for one in verdict.facts["repeats"])


def test_few_pictures_of_a_high_rate_do_not_end_in_an_error(pictures):
    _, _, assessment = examined(pictures[:30], fps=1000)

    assert assessment is not None
