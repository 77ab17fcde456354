"""Passages of a video are delivered at its full rate beside the samples, and never much of a long one."""

import pytest

from analysis.engine.media.limits import Passages
from analysis.engine.media.sampling import Densely
from tests import clips


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return clips.write_video(tmp_path_factory.mktemp("clips") / "clip.mp4", seconds=4, fps=25)


def test_the_samples_are_the_same_with_and_without_passages(read, clip):
    plain = read(clip, fps=4)
    dense = read(clip, fps=4, passages=Passages())

    samples = [frame for frame in dense.frames if frame.sampled]
    assert [(frame.index, frame.pts_seconds) for frame in samples] == [
        (frame.index, frame.pts_seconds) for frame in plain.frames
    ]
    assert all((a.rgb == b.rgb).all() for a, b in zip(samples, plain.frames, strict=True))


def test_a_passage_holds_every_frame_and_the_rest_only_samples(read, clip):
    found = read(clip, fps=1, passages=Passages(seconds=1.0, most=2))

    dense = [round(frame.pts_seconds, 2) for frame in found.frames if frame.dense]
    assert dense == [n / 25 for n in (*range(25), *range(50, 75))]
    assert [round(frame.pts_seconds, 2) for frame in found.frames if frame.sampled] == [0.0, 1.0, 2.0, 3.0]


def test_a_frame_between_has_the_number_of_the_sample_before(read, clip):
    found = read(clip, fps=1, passages=Passages(seconds=1.0, most=2))

    assert {frame.index for frame in found.frames if 2.0 < frame.pts_seconds < 2.99} == {2}


@pytest.mark.parametrize("duration_seconds", [14_400.0, None, 1.0])
def test_of_four_hours_no_more_than_two_minutes_are_read_densely(duration_seconds):
    passages = Passages()

    held = sum(passages.hold(second, duration_seconds) for second in range(14_400))

    assert held == 120


def test_passages_are_spread_over_the_whole_of_a_long_recording():
    passages = Passages()

    assert [passages.hold(at, 14_400.0) for at in (5.0, 20.0, 7_205.0, 13_205.0)] == [True, False, True, True]


def test_a_recording_of_two_minutes_is_one_passage():
    assert all(Passages().hold(n / 10, 119.9) for n in range(1199))


@pytest.mark.parametrize(("fps", "taken"), [(25, 50), (59.94, 120), (90, 120), (120, 120), (240, 120)])
def test_a_fast_video_is_thinned_to_sixty_a_second(fps, taken):
    densely = Densely(lambda _seconds: True, 60.0)

    count = sum(densely.takes(n / fps) for n in range(round(2 * fps)))

    assert count == pytest.approx(taken, abs=1)
