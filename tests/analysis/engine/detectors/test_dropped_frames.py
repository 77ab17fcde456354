"""Pictures taken out of a moving shot are found where they are missing; cuts, flashes, shakes and recorders are not."""

import numpy as np
import pytest

from analysis.engine.detectors import dropped_frames
from analysis.engine.plots import described
from analysis.engine.types import Frame, FrameBatch, MediaKind, NotAssessed, Probe, Reason, Source
from tests.analysis.engine.detectors import films
from tests.analysis.engine.plugins import NO_WEIGHTS

SOURCE = Source(
    Probe(MediaKind.VIDEO, "mp4", 8.0, width=160, height=120), sample_fps=5.0, expected_samples=40
)


@pytest.fixture(scope="module")
def pictures():
    return films.footage(130)


def examined(pictures, *, fps=films.FPS, times=None):
    session = dropped_frames.make("dropped-frames", NO_WEIGHTS, "cpu").open(SOURCE)
    for number, rgb in enumerate(pictures):
        at = number / fps if times is None else times[number]
        list(session.feed(FrameBatch((Frame(number, at, rgb, dense=True),))))
    points = [point for scores in session.drain() for point in scores.points]
    return session, points, session.finish()


def coded_again(tmp_path, pictures):
    return films.shown(films.coded(tmp_path / "again.mp4", pictures, every=250, b=2))


def without(pictures, first, count):
    return pictures[:first] + pictures[first + count :]


def test_pictures_taken_out_of_a_moving_shot_are_found_at_their_place(pictures, tmp_path):
    _, points, verdict = examined(coded_again(tmp_path, without(pictures, 92, 12)))

    assert verdict.score > 0.5
    (leap,) = verdict.facts["leaps"]
    assert (leap["before_seconds"], leap["after_seconds"]) == (3.64, 3.68)
    (told,) = [point for point in points if point.score]
    assert told.pts_seconds == pytest.approx(3.68)
    assert told.box is not None


def test_the_evidence_shows_when_and_where_movement_leaps(pictures):
    session, _, _ = examined(without(pictures, 92, 12))

    curve, place = session.evidence()

    assert described(curve.plot).data["panels"][0]["marks"][0]["at"] == pytest.approx(3.68)
    shown = described(place.plot)
    assert shown.begins_seconds == pytest.approx(3.68)
    assert (len(shown.data["rows"]), len(shown.data["rows"][0])) == (12, 16)
    assert shown.data["high"] > 3


def test_the_same_footage_without_it_scores_nothing(pictures, tmp_path):
    _, points, verdict = examined(coded_again(tmp_path, pictures))

    assert verdict.score == 0.0
    assert {point.score for point in points} <= {0.0, None}


def flash(pictures):
    bright = [*pictures]
    bright[60] = (bright[60].astype(np.int16) + 90).clip(0, 255).astype(np.uint8)
    return bright


def shake(pictures):
    moved = [*pictures]
    for number, (down, across) in enumerate([(3, -5), (-4, 6), (2, -3), (-1, 2)]):
        moved[60 + number] = np.roll(moved[60 + number], (down, across), (0, 1))
    return moved


def cut(pictures):
    return pictures[:60] + films.footage(60, seed=5)


def stray(pictures):
    """One picture of elsewhere in the shot, as a faulty edit leaves it."""
    return pictures[:60] + pictures[100:101] + pictures[61:]


@pytest.mark.parametrize("moment", [flash, shake, cut, stray])
def test_what_is_no_missing_picture_is_not_taken_for_one(pictures, moment):
    _, _, verdict = examined(moment(pictures))

    assert verdict.score == 0.0
    assert verdict.facts["leaps"] == []


def test_pictures_that_a_recorder_lost_and_held_others_for_are_a_fact(pictures):
    lost = pictures[:54] + pictures[53:54] * 12 + pictures[66:]

    _, _, verdict = examined(lost)

    assert verdict.score == 0.0
    assert verdict.facts["recorder_lost_some_seconds"] == [2.64]


def test_pictures_lost_at_equal_distances_are_a_change_of_rate(pictures):
    fast = [rgb for number, rgb in enumerate(films.footage(200)) if number % 32 < 20]

    _, points, assessment = examined(fast)

    assert isinstance(assessment, NotAssessed)
    assert "equal distances" in assessment.detail
    assert points == []


def test_a_gap_that_the_times_show_is_no_finding(pictures):
    times = [number / 25 for number in range(92)] + [(number + 12) / 25 for number in range(92, 118)]

    _, _, verdict = examined(without(pictures, 92, 12), times=times)

    assert verdict.score == 0.0


def test_a_still_camera_before_a_still_scene_is_not_assessed(pictures):
    rng = np.random.default_rng(1)
    still = [
        (pictures[0] + rng.normal(0, 2, pictures[0].shape)).clip(0, 255).astype(np.uint8) for _ in range(60)
    ]

    _, points, assessment = examined(still)

    assert assessment.reason is Reason.OUTSIDE_DOMAIN
    assert "too little moves" in assessment.detail
    assert points == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda shown: {"pictures": shown, "fps": 10}, "pictures a second"),
        (lambda shown: {"pictures": shown, "times": [n / 25 + n % 2 / 60 for n in range(130)]}, "varying rate"),
        (lambda shown: {"pictures": [rgb for rgb in shown[:60] for _ in range(2)]}, "are held"),
    ],
)  # fmt: skip
def test_what_has_no_steady_steps_is_not_assessed(pictures, change, said):
    _, _, assessment = examined(**change(pictures))

    assert assessment.reason is Reason.OUTSIDE_DOMAIN
    assert said in assessment.detail


def test_few_pictures_are_not_assessed(pictures):
    _, _, assessment = examined(pictures[:20])

    assert assessment.reason is Reason.TOO_SHORT


def test_pictures_of_changing_size_do_not_end_in_an_error(pictures):
    mixed = [rgb[:90] if number % 40 == 39 else rgb for number, rgb in enumerate(pictures)]

    _, _, assessment = examined(mixed)

    assert assessment is not None
