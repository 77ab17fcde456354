"""A real car park from above: four cars pass in three spells, and the exposure of the camera follows each."""

import av
import pytest

from analysis.engine.analytics.motion import Motion
from analysis.engine.analytics.spells import Began, Ended

# by eye: about 4–8 s, 14–18 s (two at once) and 25–27 s, still otherwise
BEGINS, ENDS = (4, 14, 25), (8, 18, 27)


@pytest.mark.parametrize("skip", [2, 5])
def test_cars_are_told_when_they_pass_and_nothing_else_is(media_dir, skip):
    path = media_dir / "video" / "intel_car.mp4"
    if not path.is_file():
        pytest.skip(f"{path.name} is not among the media")
    motion = Motion()
    with av.open(str(path)) as file:
        frames = (frame for number, frame in enumerate(file.decode(video=0)) if number % skip == 0)
        states = [motion.step(frame.time, frame.to_ndarray(format="rgb24")) for frame in frames]

    events = [event for state in states for event in state.events]

    assert [type(event) for event in events] == [Began, Ended] * 3
    assert [event.pts_seconds for event in events[::2]] == pytest.approx(BEGINS, abs=1)
    assert [event.pts_seconds for event in events[1::2]] == pytest.approx(ENDS, abs=1.5)  # the last bumper
    assert not any(state.scene_changed for state in states)
    assert motion.finish() is None
