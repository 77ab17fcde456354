"""Recorded files are watched at their own pace or as fast as possible, once or again and again."""

import time

from analysis.engine.types import DetectorEnded, SourceOffline, SourceOnline
from analysis.engine.watching.watch import LiveSource
from tests.analysis.engine.watching.seer import Seer
from tests.clips import write_video
from tests.waiting import wait_until


def test_a_fast_file_is_watched_whole_and_then_over(begin, tmp_path):
    clip = write_video(tmp_path / "clip.mp4", seconds=4.0)

    watch = begin(LiveSource("file", path=clip, pace="fast"))
    told = watch.to_the_end()

    assert watch.seer.numbers == list(range(100))
    assert [round(pts, 2) for pts in watch.seer.times] == [number / 25 for number in range(100)]
    assert isinstance(told[-1], DetectorEnded)


def test_nothing_of_a_fast_file_is_dropped_however_slow_the_detector_is(begin, tmp_path):
    clip = write_video(tmp_path / "clip.mp4", seconds=2.0)
    slow = Seer(on_frame=lambda frame: _spend(0.02))

    watch = begin(LiveSource("file", path=clip, pace="fast"), slow)
    watch.to_the_end()

    assert slow.numbers == list(range(50))


def test_a_file_at_its_own_pace_takes_as_long_as_it_runs(begin, tmp_path):
    clip = write_video(tmp_path / "clip.mp4", seconds=1.5)
    came: list[float] = []

    watch = begin(LiveSource("file", path=clip), Seer(on_frame=lambda frame: came.append(time.monotonic())))
    watch.to_the_end()

    assert 1.3 < came[-1] - came[0] < 3
    assert round(watch.seer.times[-1], 2) == 1.48


def test_a_file_at_its_own_pace_does_not_wait_for_a_slow_detector(begin, tmp_path):
    clip = write_video(tmp_path / "clip.mp4", seconds=1.5)
    slow = Seer(on_frame=lambda frame: _spend(0.2))

    watch = begin(LiveSource("file", path=clip), slow)
    watch.to_the_end()

    assert len(slow.numbers) < 20
    assert slow.numbers[-1] >= 30


def test_a_looped_file_begins_again_and_time_and_numbers_go_on(begin, tmp_path):
    clip = write_video(tmp_path / "clip.mp4", seconds=1.0)

    watch = begin(LiveSource("file", path=clip, pace="fast", loop=True))
    watch.until_online()
    wait_until(lambda: len(watch.seer.frames) >= 75)
    watch.cancel()

    assert watch.seer.numbers[:75] == list(range(75))
    assert [round(pts, 2) for pts in watch.seer.times[:75]] == [number / 25 for number in range(75)]
    assert not watch.of(SourceOffline)
    assert len(watch.of(SourceOnline)) == 1


def test_at_most_so_many_frames_a_second_are_looked_at_and_others_skipped_besides(begin, tmp_path):
    clip = write_video(tmp_path / "clip.mp4", seconds=4.0)

    every = begin(LiveSource("file", path=clip, pace="fast"), max_fps=10)
    every.to_the_end()
    third = begin(LiveSource("file", path=clip, pace="fast"), max_fps=10, frame_skip=2)
    third.to_the_end()

    assert len(every.seer.frames) == 40
    assert third.seer.frames == every.seer.frames[::3]


def test_a_file_whose_times_jump_and_run_backward_is_watched_in_order(begin, tmp_path):
    # MPEG-TS keeps whatever times it is given, here a leap of a day and a fall
    times = [n / 25 for n in range(25)] + [90_000 + n / 25 for n in range(25)]
    first = write_video(tmp_path / "first.ts", times=times, container="mpegts")
    second = write_video(tmp_path / "second.ts", seconds=1.0, container="mpegts")
    joined = tmp_path / "joined.ts"
    joined.write_bytes(first.read_bytes() + second.read_bytes())

    watch = begin(LiveSource("file", path=joined, pace="fast"))
    watch.to_the_end()

    assert len(watch.seer.frames) >= 60
    assert watch.seer.times == sorted(set(watch.seer.times))
    assert watch.seer.times[-1] < 10


def test_a_file_that_is_no_video_is_told_without_its_path(begin, tmp_path):
    text = tmp_path / "clip.mp4"
    text.write_text("#EXTM3U\nfile:///etc/passwd\n")

    offline = begin(LiveSource("file", path=text)).until_offline()

    assert offline.reason == "it is no video that Assay knows"


def test_a_file_that_is_missing_is_told_without_its_path(begin, tmp_path):
    offline = begin(LiveSource("file", path=tmp_path / "gone.mp4")).until_offline()

    assert offline.reason == "there is no such file"


def _spend(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass
