"""Each detector at a watch has a feed of its own: one that is slow skips its own frames and costs nobody else any."""

from threading import Event

from analysis.engine.detectors import tracking
from analysis.engine.types import DetectorEnded, FootageGap, FootageSettings
from analysis.engine.watching.source import Pulse
from analysis.engine.watching.watch import LiveSource, watch
from tests.analysis.engine.footage import DrawnFinder
from tests.analysis.engine.watching.http_camera import HttpCamera, mjpeg
from tests.analysis.engine.watching.seer import Seer, registry
from tests.clips import write_video
from tests.waiting import wait_until


def test_a_detector_that_hangs_costs_the_others_no_frame(begin, tmp_path):
    clip, freed = write_video(tmp_path / "clip.mp4", seconds=2.0), Event()
    slow, quick = Seer("slow", on_frame=lambda frame: freed.wait(20) and None), Seer("quick")

    watched = begin(LiveSource("file", path=clip), slow, quick)
    watched.until_online()
    wait_until(lambda: len(quick.frames) >= 45)
    seen_by_the_slow = len(slow.frames)
    freed.set()
    watched.to_the_end()

    assert seen_by_the_slow == 1
    assert quick.numbers[:45] == list(range(45))
    assert slow.numbers[-1] == 49


def test_what_a_busy_detector_skipped_is_told_in_its_name_alone(begin):
    freed = Event()

    def on_frame(frame):
        if len(slow.frames) == 20:
            freed.wait(20)

    slow, quick = Seer("slow", on_frame=on_frame), Seer("quick")
    with HttpCamera(mjpeg(pause=0.02)) as camera:
        watched = begin(LiveSource("http", camera.url), slow, quick)
        watched.until_online()
        wait_until(lambda: len(slow.frames) == 20)
        until = quick.times[-1] + 2
        wait_until(lambda: quick.times[-1] > until)
        freed.set()
        gap = watched.until(lambda told: isinstance(told, FootageGap))
        pulse = watched.until(lambda told: isinstance(told, Pulse) and told.frames > 100)
        watched.cancel()

    assert (gap.detector, gap.frames > 20) == ("slow", True)
    assert gap.to_seconds - gap.from_seconds > 1.5
    assert [one.detector for one in watched.of(FootageGap)] == ["slow"]
    assert {one.detector: one.skipped > 20 for one in pulse.looked} == {"slow": True, "quick": False}


def test_a_watch_lives_while_a_detector_hangs_and_names_it(begin, tmp_path):
    clip, freed = write_video(tmp_path / "clip.mp4", seconds=1.0), Event()
    slow, quick = Seer("slow", on_frame=lambda frame: freed.wait(30) and None), Seer("quick")

    watched = begin(LiveSource("file", path=clip, loop=True), slow, quick)
    watched.until_online()
    watched.until(lambda told: isinstance(told, Pulse))
    blamed = watched.watching.current
    watched.until(lambda told: isinstance(told, Pulse))

    assert blamed.detector == "slow"
    assert watched.watching.current == blamed
    freed.set()


def test_a_fast_file_is_seen_whole_by_quick_and_slow_alike(begin, tmp_path):
    clip = write_video(tmp_path / "clip.mp4", seconds=2.0)
    stuck = Event()
    slow, quick = Seer("slow", on_frame=lambda frame: stuck.wait(0.02) and None), Seer("quick")

    watched = begin(LiveSource("file", path=clip, pace="fast"), slow, quick)
    watched.to_the_end()

    assert slow.numbers == quick.numbers == list(range(50))
    assert not watched.of(FootageGap)


def test_who_does_not_follow_waits_for_no_finder(tmp_path):
    class Stuck(DrawnFinder):
        def find(self, rgb):
            freed.wait(20)
            return super().find(rgb)

    clip = write_video(tmp_path / "clip.mp4", seconds=2.0)
    freed, plain = Event(), Seer("plain")
    seen_by = registry(plain, tracking=tracking)
    seen_by.find_objects = lambda *_: Stuck()
    settings = FootageSettings()

    with watch(
        LiveSource("file", path=clip),
        registry=seen_by,
        detectors=["plain", "tracking"],
        settings=settings,
    ) as watching:
        wait_until(lambda: len(plain.frames) >= 15)
        blamed = watching.current
        freed.set()
        endings = [one.detector for one in watching if isinstance(one, DetectorEnded)]

    assert blamed.detector == "tracking"
    assert sorted(endings) == ["plain", "tracking"]
