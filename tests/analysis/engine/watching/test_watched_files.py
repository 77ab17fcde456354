"""Recorded files are watched at their own pace or as fast as possible, once or again and again."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from analysis.engine.types import DetectorEnded, FootageFrame, SourceOffline, SourceOnline
from analysis.engine.watching.source import FileFailed
from analysis.engine.watching.watch import LiveSource
from tests.analysis.engine.watching.children import decoder
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


@pytest.mark.parametrize("loop", [False, True])
def test_a_file_that_is_no_video_fails_at_once_without_its_path(begin, tmp_path, loop):
    text = tmp_path / "clip.mp4"
    text.write_text("#EXTM3U\nfile:///etc/passwd\n")
    watch = begin(LiveSource("file", path=text, loop=loop))

    with pytest.raises(FileFailed) as failed:
        watch.to_the_end()

    assert str(failed.value) == "The file cannot be watched: it is no video that Assay knows."
    assert not watch.of(SourceOffline)


def test_a_file_that_is_missing_fails_at_once_without_its_path(begin, tmp_path):
    watch = begin(LiveSource("file", path=tmp_path / "gone.mp4"))

    with pytest.raises(FileFailed, match="The file cannot be watched: there is no such file"):
        watch.to_the_end()


def test_a_file_of_which_nothing_can_be_decoded_fails_at_once(begin, tmp_path):
    # its index stands in front
    content = bytearray(write_video(tmp_path / "clip.mp4", seconds=2.0).read_bytes())
    at = content.index(b"mdat") + 4
    content[at:] = bytes(len(content) - at)
    (tmp_path / "clip.mp4").write_bytes(content)
    watch = begin(LiveSource("file", path=tmp_path / "clip.mp4", pace="fast"))

    with pytest.raises(FileFailed, match="The file cannot be watched: "):
        watch.to_the_end()

    assert not watch.seer.frames


def test_what_fails_in_the_middle_ends_the_watch_after_it_was_concluded(begin, tmp_path):
    clip = write_video(tmp_path / "clip.mp4", seconds=4.0)
    watch = begin(LiveSource("file", path=clip, pace="fast"), Seer(on_frame=_killing(signal.SIGKILL)))

    with pytest.raises(FileFailed, match=r"The file could be watched up to 0\.[0-9] s: the process that"):
        watch.to_the_end()

    assert isinstance(watch.seen[-1], DetectorEnded)
    assert watch.seer.numbers == list(range(len(watch.seer.numbers)))


def test_another_process_goes_on_where_the_first_one_stopped(begin, tmp_path):
    clip = write_video(tmp_path / "clip.mp4", seconds=4.0)
    watch = begin(LiveSource("file", path=clip, pace="fast"), Seer(on_frame=_killing(signal.SIGXCPU)))
    watch.to_the_end()

    assert watch.seer.numbers == list(range(100))
    assert [round(pts, 2) for pts in watch.seer.times] == [number / 25 for number in range(100)]


def test_a_file_whose_pictures_grow_is_told_once(begin, tmp_path):
    small = write_video(tmp_path / "small.ts", seconds=1.0, container="mpegts")
    large = write_video(tmp_path / "large.ts", seconds=1.0, width=640, height=480, container="mpegts")
    (tmp_path / "both.ts").write_bytes(small.read_bytes() + large.read_bytes())
    watch = begin(LiveSource("file", path=tmp_path / "both.ts", pace="fast"))
    watch.to_the_end()

    assert {shape[0] for _, _, shape in watch.seer.frames} == {240, 480}
    assert watch.seer.numbers == sorted(set(watch.seer.numbers))
    assert 40 <= len(watch.seer.numbers) <= 50


def _killing(signal_: signal.Signals) -> Callable[[FootageFrame], None]:
    """At the sixth picture: the process that decodes is sent that."""

    def on_frame(frame: FootageFrame) -> None:
        if frame.number == 5:
            os.kill(decoder(), signal_)

    return on_frame


def _spend(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass
