"""The process that decodes a watched source may be killed or use up its time: the watch goes on with another."""

import os
import signal
import sys
from pathlib import Path

import pytest

from analysis.engine.media.limits import Limits
from analysis.engine.schedule import Options
from analysis.engine.types import SourceOffline
from analysis.engine.watching.watch import LiveSource
from tests.analysis.engine.watching.children import decoder
from tests.clips import write_video
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children are looked up in /proc")


def test_a_child_that_is_killed_is_an_outage_and_then_replaced(begin, tmp_path):
    clip = write_video(tmp_path / "clip.mp4", seconds=1.0)
    watch = begin(LiveSource("file", path=clip, pace="fast", loop=True))
    watch.until_online()
    os.kill(decoder(), signal.SIGKILL)
    offline = watch.until_offline()
    online = watch.until_online()
    watch.cancel()

    assert offline.reason == "the process that decodes it was lost"
    assert online.offline_seconds > 0
    assert watch.seer.times == sorted(set(watch.seer.times))
    assert watch.seer.numbers == sorted(set(watch.seer.numbers))


def test_a_child_that_used_up_its_time_is_replaced_without_an_outage(begin, tmp_path):
    clip = write_video(tmp_path / "clip.mp4", seconds=1.0)
    options = Options(limits=Limits(cpu_seconds=2))
    watch = begin(LiveSource("file", path=clip, pace="fast", loop=True), options=options)
    watch.until_online()
    first = decoder()
    wait_until(lambda: not Path(f"/proc/{first}").exists(), limit=30)
    seen = len(watch.seer.frames)
    wait_until(lambda: len(watch.seer.frames) > seen + 50)
    watch.cancel()

    assert not watch.of(SourceOffline)
    assert watch.seer.times == sorted(set(watch.seer.times))


def test_no_child_is_left_when_a_watch_is_closed(begin, tmp_path):
    clip = write_video(tmp_path / "clip.mp4", seconds=1.0)
    watch = begin(LiveSource("file", path=clip, loop=True))
    watch.until_online()
    child = decoder()

    assert watch.watching.close(10)
    assert not Path(f"/proc/{child}").exists()


def test_the_command_line_of_the_child_holds_no_credentials(begin, tmp_path):
    clip = write_video(tmp_path / "clip.mp4", seconds=1.0)
    watch = begin(LiveSource("file", "", "viewer", "s3cret!pass", path=clip, loop=True))
    watch.until_online()
    there = Path(f"/proc/{decoder()}")

    assert b"s3cret" not in (there / "cmdline").read_bytes() + (there / "environ").read_bytes()
