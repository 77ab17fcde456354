"""The frames of footage are delivered over the whole file at their own rate, beside the samples and never instead."""

import pytest

from analysis.engine.media.limits import Flow, Passages
from analysis.engine.media.sampling import Flowing
from tests import clips


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return clips.write_video(tmp_path_factory.mktemp("clips") / "clip.mp4", seconds=4, fps=25)


def flowing(found):
    return [frame.number for frame in found.frames if frame.footage]


def test_the_other_frames_are_the_same_with_and_without_a_flow(read, clip):
    plain = read(clip, fps=4, passages=Passages(seconds=0.5, most=2))
    beside = read(clip, fps=4, passages=Passages(seconds=0.5, most=2), flow=Flow(10.0))

    others = [frame for frame in beside.frames if frame.sampled or frame.dense]
    assert [(frame.index, frame.number, frame.sampled, frame.dense) for frame in others] == [
        (frame.index, frame.number, frame.sampled, frame.dense) for frame in plain.frames
    ]
    assert all((a.rgb == b.rgb).all() for a, b in zip(others, plain.frames, strict=True))


@pytest.mark.parametrize(
    ("flow", "numbers"),
    [
        (Flow(25.0), list(range(100))),
        (Flow(60.0, frame_skip=3), list(range(0, 100, 4))),
        # every 0.1 s the first picture that is due, at 0.04 s between two
        (Flow(10.0), [n for five in range(0, 100, 5) for n in (five, five + 3)]),
        (Flow(10.0, frame_skip=1), list(range(0, 100, 5))),
        (Flow(1.0), [0, 25, 50, 75]),
    ],
)
def test_a_flow_has_the_numbers_of_the_decoded_pictures_at_its_rate(read, clip, flow, numbers):
    found = read(clip, fps=1, flow=flow)

    assert flowing(found) == numbers
    assert [round(frame.pts_seconds * 25) for frame in found.frames] == [
        frame.number for frame in found.frames
    ]
    assert read(clip, fps=1, flow=flow).summary.frames_decoded == 100


def test_a_damaged_picture_is_no_frame_of_footage(read, tmp_path):
    path = clips.write_video(tmp_path / "keys.mp4", seconds=4, options={"g": "25", "preset": "ultrafast"})
    damaged = clips.lose_packet(path, tmp_path / "damaged.mp4", after_key_at_seconds=1.0)

    found = read(damaged, fps=25, flow=Flow(25.0))

    assert any(frame.damaged for frame in found.frames)
    assert flowing(found) == [frame.number for frame in found.frames if not frame.damaged]


def test_a_still_picture_is_one_frame_of_footage(read, tmp_path):
    found = read(clips.write_image(tmp_path / "still.png"), flow=Flow())

    assert flowing(found) == [0]


@pytest.mark.parametrize(
    ("fps", "taken"), [(5, 50), (10, 100), (24, 100), (25, 100), (29.97, 100), (60, 100)]
)
def test_any_rate_is_thinned_to_ten_a_second_and_no_further(fps, taken):
    flowing = Flowing(10.0, 0)

    assert sum(flowing.takes(n / fps) for n in range(round(10 * fps))) == pytest.approx(taken, abs=1)


@pytest.mark.parametrize("rate", [{"max_fps": 0.0}, {"max_fps": float("nan")}, {"frame_skip": -1}])
def test_what_is_no_rate_is_refused(rate):
    with pytest.raises(ValueError, match="no rate"):
        Flow(**rate)
