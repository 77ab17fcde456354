"""Mouth and voice are held against each other where both are there, and nothing is made up where they are not."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from analysis.engine.detectors import lip_sync
from analysis.engine.media.faces import FaceFinder, best_finder
from analysis.engine.pipeline import examine
from analysis.engine.registry import Registry
from analysis.engine.types import Coverage, FaceBatch, Frame, FrameBatch, NotAssessed, Reason, Verdict
from analysis.engine.weights import WeightStore
from tests import clips
from tests.analysis.engine.detectors.drawn_faces import SOURCE
from tests.analysis.engine.detectors.drawn_talk import fed, openings, talking
from tests.analysis.engine.plugins import NO_WEIGHTS, ending
from tests.speech import RATE_HZ, speech


def session():
    return lip_sync.make(lip_sync.NAME, NO_WEIGHTS, "cpu").open(SOURCE)


def judged(opened, sound, **fields):
    going = session()
    points = fed(going, talking(opened, **fields), sound)
    return going, points, going.finish()


@pytest.mark.parametrize(("late_ms", "at_fault"), [(-400, True), (100, False), (400, True)])
def test_the_offset_is_told_within_a_frame_and_scored_beyond_the_limits(late_ms, at_fault):
    sound = speech(8, seed=3)

    _, points, verdict = judged(openings(sound, sound_late_ms=late_ms), sound)

    assert isinstance(verdict, Verdict)
    assert verdict.facts["together"]
    assert verdict.facts["offset_ms"] == pytest.approx(late_ms, abs=40)
    assert (0 < verdict.score < 0.5) if at_fault else (verdict.score == 0)
    assert verdict.coverage == Coverage(1, 1, "windows")
    assert [(round(point.pts_seconds), point.score > 0) for point in points] == [(4, at_fault)]


def test_a_voice_from_elsewhere_is_a_finding_and_no_proof():
    sound = speech(32, seed=3)

    _, points, verdict = judged(openings(speech(32, seed=9), fps=16.0), sound, fps=16.0)

    assert isinstance(verdict, Verdict)
    assert not verdict.facts["together"]
    assert "do not move together" in verdict.facts["finding"]
    assert verdict.score == 0.45  # below the mark from which a score counts as a sign
    assert {point.score for point in points} == {None}


def test_of_a_short_talk_it_does_not_say_that_nothing_moves_together():
    sound = speech(8, seed=3)

    _, _, assessment = judged(openings(speech(8, seed=9)), sound)

    assert isinstance(assessment, NotAssessed)
    assert assessment.reason is Reason.TOO_SHORT
    assert "too few to tell" in assessment.detail


def test_an_offset_that_jumps_is_placed():
    sound = speech(24, seed=3)
    opened = openings(sound, sound_late_ms=-50, fps=20.0)
    opened[240:] = openings(sound, sound_late_ms=400, fps=20.0)[240:]

    _, _, verdict = judged(opened, sound, fps=20.0)

    (jump,) = verdict.facts["jumps"]
    assert jump["at_seconds"] == pytest.approx(12, abs=4)  # a step of the windows
    assert (jump["from_ms"], jump["to_ms"]) == pytest.approx((-50, 400), abs=50)
    assert verdict.score > 0


def hum(seconds):
    return (0.1 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)).astype(np.float32)


@pytest.mark.parametrize(
    ("heard", "mouth", "reason", "words"),
    [
        (hum, openings, Reason.OUTSIDE_DOMAIN, "like speech"),
        (
            lambda seconds: np.zeros(round(seconds * RATE_HZ), np.float32),
            openings,
            Reason.SILENCE,
            "nothing is heard",
        ),
        (lambda seconds: np.zeros(0, np.float32), openings, Reason.SILENCE, "nothing is heard"),
        (
            lambda seconds: speech(seconds, seed=3),
            lambda _: np.full(150, 0.3),
            Reason.OUTSIDE_DOMAIN,
            "hardly moves",
        ),
    ],
    ids=["music", "silence", "no sound", "a still picture"],
)
def test_without_speech_or_a_moving_mouth_it_abstains(heard, mouth, reason, words):
    _, points, assessment = judged(mouth(speech(6, seed=3)), heard(6))

    assert isinstance(assessment, NotAssessed)
    assert assessment.reason is reason
    assert words in assessment.detail
    assert not points


@pytest.mark.parametrize(
    ("change", "fields", "reason"),
    [
        (lambda one: one, {"fps": 12.0}, Reason.OUTSIDE_DOMAIN),
        (lambda one: one, {"landmarks": False}, Reason.OUTSIDE_DOMAIN),
        (lambda one: replace(one, rgb=one.rgb[::2, ::2]), {}, Reason.FACE_TOO_SMALL),
        (
            lambda one: replace(one, landmarks=(*one.landmarks[:2], (0.46, 0.484), *one.landmarks[3:])),
            {},
            Reason.OUTSIDE_DOMAIN,
        ),
        (lambda one: one if one.index < 100 else replace(one, track=one.index), {}, Reason.TOO_SHORT),
    ],
    ids=["too few frames", "no landmarks", "a small mouth", "turned away", "too short"],
)
def test_outside_its_conditions_it_abstains(change, fields, reason):
    sound = speech(6, seed=3)
    going = session()
    drawn = talking(openings(sound, fps=fields.get("fps", 25.0)), **fields)

    fed(going, (change(one) for one in drawn), sound)

    assessment = going.finish()
    assert isinstance(assessment, NotAssessed)
    assert assessment.reason is reason


def test_of_several_faces_the_one_that_speaks_decides():
    sound = speech(8, seed=3)
    speaks, chews = openings(sound, sound_late_ms=80), openings(speech(8, seed=9))
    going = session()

    fed(going, [*talking(chews), *talking(speaks, track=1)], sound)

    verdict = going.finish()
    assert verdict.facts["verdict_of_track"] == 1
    assert verdict.facts["offset_ms"] == pytest.approx(80, abs=40)


def test_of_several_faces_none_is_accused():
    sound = speech(8, seed=3)
    going = session()
    two = [openings(speech(8, seed=seed), fps=16.0) for seed in (9, 10)]

    fed(
        going,
        [one for track, opened in enumerate(two) for one in talking(opened, fps=16.0, track=track)],
        sound,
    )

    assessment = going.finish()
    assert isinstance(assessment, NotAssessed)
    assert "2 faces" in assessment.detail


def test_without_a_face_it_says_so():
    going = session()

    list(going.feed(FaceBatch(((0, 0.0),), ())))
    list(going.drain())

    assert going.finish().reason is Reason.NO_FACE


def test_it_leaves_curves_and_the_correlation_to_look_at():
    sound = speech(8, seed=3)
    going, _, verdict = judged(openings(sound, sound_late_ms=100), sound)

    (made,) = going.evidence()

    plot = verdict.facts["plot"]
    assert len(plot["seconds"]) == len(plot["mouth"]) == len(plot["voice"])
    assert plot["lag_ms"][int(np.argmax(plot["correlation"]))] == pytest.approx(100, abs=40)
    assert "after the picture" in made.caption
    assert Image.open(io.BytesIO(made.content)).format == "PNG"


def talking_picture(still, opened, marks):
    """A picture of a face whose mouth is drawn anew for each opening."""
    height, width = still.shape[:2]
    rows, columns = np.mgrid[:height, :width] + 0.5
    (x, y), wide = marks
    for wide_open in opened:
        inside = np.hypot((columns - x) / (wide / 2), (rows - y) / (2 + wide / 3 * wide_open)) < 1
        yield np.where(inside[..., None], 25, still).astype(np.uint8)


def test_a_file_goes_the_whole_way(media_dir, weights_dir, tmp_path):
    # a generated face, 1024 px, made half as large
    still = np.asarray(Image.open(media_dir / "image" / "tpdne_0139.jpg").convert("RGB").resize((512, 512)))
    (found,) = (
        FaceFinder(best_finder(WeightStore(weights_dir))).feed(FrameBatch((Frame(0, 0.0, still),))).faces
    )
    (right, left) = (np.array(mark) * 512 for mark in found.landmarks[3:])
    sound = speech(8, seed=3)
    opened = openings(sound, sound_late_ms=-300, noise=0.05)
    frames = talking_picture(still, opened, ((right + left) / 2, np.hypot(*(left - right))))
    path = clips.write_video(
        tmp_path / "talk.mp4",
        seconds=8.0,
        frames=frames,
        width=512,
        height=512,
        samples=sound,
        sound_rate_hz=16_000,
    )

    registry = Registry.of([lip_sync], WeightStore(weights_dir))
    with examine(path, registry=registry, detectors=["lip-sync"]) as going:
        assessment = ending(going, "lip-sync").assessment

    assert isinstance(assessment, Verdict)
    assert assessment.facts["offset_ms"] == pytest.approx(
        -300, abs=60
    )  # a frame, and AAC's delay of 64 ms at most
