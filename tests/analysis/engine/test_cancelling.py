"""An examination can be cancelled at any point, at once, and leaves no process behind."""

import threading
import time
from pathlib import Path

import pytest

from analysis.engine.errors import Cancelled
from analysis.engine.pipeline import examine
from analysis.engine.types import (
    Consumes,
    DetectorEnded,
    DetectorProgressed,
    DetectorStarted,
    Probed,
    ScorePoint,
    ScoresMeasured,
    StageStarted,
)
from tests import clips
from tests.analysis.engine.plugins import Hanging, Plain, card, registry

SOON_SECONDS = 1.0


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return clips.write_video(
        tmp_path_factory.mktemp("clips") / "clip.mp4", seconds=20.0, width=640, height=480, tone_hz=440.0
    )


def detectors():
    return [
        Plain(),
        Plain(card("faces", consumes=Consumes.FACES)),
        Plain(card("sound", consumes=Consumes.SOUND)),
    ]


@pytest.mark.parametrize(
    "point", [StageStarted, Probed, DetectorStarted, DetectorProgressed, ScoresMeasured, DetectorEnded]
)
def test_cancelled_when_this_is_seen(clip, point):
    asked = threading.Event()
    going = examine(clip, registry=registry(*detectors()), cancelled=asked.is_set)
    assert any(isinstance(seen, point) for seen in going)

    asked.set()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        list(going)

    assert time.monotonic() - began < SOON_SECONDS


@pytest.mark.parametrize("where", ["feed", "finish"])
def test_cancelled_while_a_detector_hangs(clip, where):
    hanging = Hanging(where)
    going = examine(clip, registry=registry(hanging), cancelled=hanging.reached.is_set)

    with pytest.raises(Cancelled):
        list(going)

    began = time.monotonic()
    going.close()
    assert time.monotonic() - began < SOON_SECONDS
    hanging.let_go.set()


def test_cancelled_between_two_steps_of_a_batch(clip):
    steps = []

    class Stepping(Plain):
        def feed(self, batch):
            while len(steps) < 10_000:  # a crowd without an end
                steps.append(batch)
                yield ScoresMeasured("plain", (ScorePoint(0.0, 0.5),))

    with pytest.raises(Cancelled):
        list(examine(clip, registry=registry(Stepping()), cancelled=lambda: len(steps) > 3))

    _until(lambda: not any("detector" in thread.name for thread in threading.enumerate()))
    assert len(steps) < 10_000


def test_nothing_is_left_of_a_cancelled_examination(clip):
    before = set(_readers())
    going = examine(clip, registry=registry(*detectors()), cancelled=lambda: bool(set(_readers()) - before))

    with pytest.raises(Cancelled):
        list(going)

    _until(lambda: set(_readers()) == before)
    _until(lambda: not any("detector" in thread.name for thread in threading.enumerate()))


def test_closing_early_is_enough(clip):
    before = set(_readers())
    with examine(clip, registry=registry(*detectors())) as going:
        next(seen for seen in going if isinstance(seen, ScoresMeasured))

    _until(lambda: set(_readers()) == before)


def _readers() -> list[str]:
    """Process ids of this process's children."""
    lists = Path("/proc/self/task").glob("*/children")
    return [number for children in lists for number in children.read_text().split()]


def _until(condition) -> None:
    limit = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < limit
        threading.Event().wait(0.02)
