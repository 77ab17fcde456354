"""Detectors at a watch: each ends by itself, all conclude when the watch does, and one that hangs is named."""

from collections.abc import Iterator
from dataclasses import replace
from threading import Event

import pytest

from analysis.engine.detectors.base import Card
from analysis.engine.errors import Cancelled, UnknownDetector
from analysis.engine.types import Batch, DetectorEnded, FootageSettings, Observation, Reason
from analysis.engine.watching.watch import LiveSource, watch
from tests.analysis.engine.plugins import card
from tests.analysis.engine.watching.seer import Seer, registry
from tests.clips import write_video
from tests.waiting import wait_until


@pytest.fixture
def clip(tmp_path):
    return write_video(tmp_path / "clip.mp4", seconds=1.0)


def test_a_session_that_raises_ends_its_detector_only(begin, clip):
    def raises(frame: object) -> None:
        if len(bad.frames) == 5:
            raise RuntimeError("broken on purpose")

    bad, good = Seer("bad", on_frame=raises), Seer("good")

    watched = begin(LiveSource("file", path=clip, pace="fast"), bad, good)
    watched.to_the_end()

    assert [ending.detector for ending in watched.of(DetectorEnded)] == ["bad", "good"]
    assert watched.of(DetectorEnded)[0].assessment.reason is Reason.DETECTOR_FAILED
    assert watched.of(DetectorEnded)[1].assessment.detail == "25 frames were seen."
    assert len(bad.frames) == 5


def test_a_watch_ends_when_every_detector_has_failed(begin, clip):
    def raises(frame: object) -> None:
        raise RuntimeError("broken on purpose")

    watched = begin(LiveSource("file", path=clip, pace="fast", loop=True), Seer(on_frame=raises))
    told = watched.to_the_end()

    assert isinstance(told[-1], DetectorEnded)


def test_what_a_session_tells_in_the_name_of_another_ends_it(begin, clip):
    class Liar(Seer):
        def feed(self, batch: Batch) -> Iterator[Observation]:
            for told in super().feed(batch):
                yield replace(told, detector="somebody")

    watched = begin(LiveSource("file", path=clip, pace="fast"), Liar(told=True))
    watched.to_the_end()

    assert watched.of(DetectorEnded)[0].error_type == "BrokenProtocol"


def test_a_cancelled_watch_concludes_and_raises(begin, clip):
    watched = begin(LiveSource("file", path=clip, pace="fast", loop=True))
    watched.until_online()
    wait_until(lambda: watched.seer.frames)
    watched.enough.set()

    with pytest.raises(Cancelled):
        for told in watched.watching:
            watched.seen.append(told)
    assert watched.of(DetectorEnded)[0].assessment.reason is Reason.REPORTS_FACTS


def test_whoever_hangs_is_named(begin, clip):
    hangs = Event()
    watched = begin(
        LiveSource("file", path=clip, pace="fast"), Seer(on_frame=lambda frame: hangs.wait(20) and None)
    )
    watched.until_online()
    blamed = wait_until(lambda: watched.watching.current)

    assert blamed.detector == "seer"
    assert not watched.watching.close(0.2)
    hangs.set()
    assert watched.watching.close(10)


def test_a_detector_that_does_not_look_at_footage_says_so(begin, clip):
    class Other(Seer):
        @property
        def card(self) -> Card:
            return card(self.name)

    watched = begin(LiveSource("file", path=clip, pace="fast"), Other("other"), Seer())
    watched.to_the_end()

    assert watched.of(DetectorEnded)[0].assessment.reason is Reason.OUTSIDE_DOMAIN


def test_an_unknown_detector_is_refused_at_once(begin, clip):
    with pytest.raises(UnknownDetector):
        watch(
            LiveSource("file", path=clip),
            registry=registry(Seer()),
            detectors=["nobody"],
            settings=FootageSettings(),
        )


def test_the_newest_frame_is_given_as_jpeg_when_asked_for(begin, clip):
    watched = begin(LiveSource("file", path=clip, loop=True))
    assert watched.watching.latest() is None
    watched.until_online()
    snapshot = wait_until(watched.watching.latest)

    assert snapshot.clean.startswith(b"\xff\xd8\xff")
    assert watched.watching.latest() is watched.watching.latest()
