"""The real footage detectors at a watch: objects are found once a frame, told as tracks, drawn into the live view."""

import pytest

from analysis.engine.detectors import motion, tracking
from analysis.engine.errors import UnverifiedWeights
from analysis.engine.registry import Registry
from analysis.engine.types import (
    DetectorEnded,
    FootageSettings,
    MotionTold,
    Reason,
    SourceOffline,
    TrackTold,
)
from analysis.engine.watching.watch import LiveSource, watch
from tests.analysis.engine.footage import DrawnFinder, Mover, film
from tests.analysis.engine.plugins import NO_WEIGHTS
from tests.analysis.engine.watching.conftest import SOON
from tests.analysis.engine.watching.http_camera import HttpCamera, Viewer
from tests.waiting import wait_until


@pytest.fixture
def clip(tmp_path):
    return film(tmp_path / "clip.mp4", 6.0, Mover("car", (0.1, 0.5), (0.15, 0.0), enters=2.0, leaves=4.5))


class Failing(DrawnFinder):
    def find(self, rgb):
        if self.looks == 20:
            raise RuntimeError("broken on purpose")
        return super().find(rgb)


def watched(source, finder, **settings):
    registry = Registry.of([motion, tracking], NO_WEIGHTS)
    registry.find_objects = finder if callable(finder) else lambda *_: finder
    return watch(
        source,
        registry=registry,
        detectors=["motion", "tracking"],
        settings=FootageSettings(**settings),
        patience=SOON,
    )


def test_motion_and_tracks_of_a_file_are_told_as_in_an_examination(clip):
    finder = DrawnFinder()

    with watched(LiveSource("file", path=clip, pace="fast"), finder) as watching:
        told = list(watching)

    tracks = [one for one in told if isinstance(one, TrackTold)]
    assert [one.ended for one in told if isinstance(one, MotionTold)] == [False, True]
    assert [one.action for one in tracks if one.action != "updated"] == ["entered", "left"]
    assert {(one.class_name, one.model) for one in tracks} == {("car", ("drawn", "1"))}
    assert finder.looks == 60
    assert [one.assessment.reason for one in told if isinstance(one, DetectorEnded)] == [
        Reason.REPORTS_FACTS
    ] * 2


def test_a_finder_that_fails_ends_who_follows_objects_and_nobody_else(clip):
    with watched(LiveSource("file", path=clip, pace="fast"), Failing()) as watching:
        endings = {one.detector: one for one in watching if isinstance(one, DetectorEnded)}

    assert endings["tracking"].assessment.reason is Reason.DETECTOR_FAILED
    assert endings["motion"].assessment.reason is Reason.REPORTS_FACTS


def test_without_a_finder_nothing_is_followed_and_motion_is_told_all_the_same(clip):
    def missing(*_):
        raise UnverifiedWeights("There are no weights of an object finder.")

    with watched(LiveSource("file", path=clip, pace="fast"), missing) as watching:
        told = list(watching)

    assert [one.detector for one in told if isinstance(one, DetectorEnded)] == ["tracking", "motion"]
    assert [one for one in told if isinstance(one, MotionTold)]


def test_a_finder_that_cannot_be_made_costs_only_who_follows_objects(clip):
    def broken(*_):
        raise RuntimeError("broken on purpose")

    with watched(LiveSource("file", path=clip, pace="fast"), broken) as watching:
        endings = {one.detector: one for one in watching if isinstance(one, DetectorEnded)}

    assert endings["tracking"].assessment.reason is Reason.DETECTOR_FAILED
    assert endings["motion"].assessment.reason is Reason.REPORTS_FACTS


def test_a_still_view_holds_the_boxes_of_what_is_followed(clip):
    with watched(LiveSource("file", path=clip), DrawnFinder()) as watching:
        for one in watching:
            if isinstance(one, TrackTold):
                break
        view = wait_until(watching.latest)

    assert view.boxed != view.clean


def test_a_track_does_not_outlive_an_outage_longer_than_its_buffer(clip):
    content = clip.read_bytes()

    def send(viewer: Viewer) -> None:
        viewer.begin("video/mp4")
        # all but the last part: the car is still there when it breaks off
        viewer.write(content[: len(content) * 2 // 3])

    with (
        HttpCamera(send) as camera,
        watched(LiveSource("http", camera.url), DrawnFinder(), track_buffer_seconds=0.3) as watching,
    ):
        told, offline = [], 0
        for one in watching:
            told.append(one)
            offline += isinstance(one, SourceOffline)
            if isinstance(one, TrackTold) and one.action == "left":
                break

    assert offline == 1
    assert next(one for one in told if isinstance(one, TrackTold)).action == "entered"
