"""Who does not take what is told makes frames be dropped, and hears of it; memory stays as it is."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

from analysis.engine.types import FootageGap, MotionTold
from analysis.engine.watching.watch import LiveSource
from tests.analysis.engine.watching.http_camera import HttpCamera, mjpeg
from tests.analysis.engine.watching.seer import Seer
from tests.waiting import wait_until


def test_what_was_dropped_while_nobody_took_is_told_as_a_gap(begin):
    with HttpCamera(mjpeg(pause=0.01)) as camera:
        watch = begin(LiveSource("http", camera.url), Seer(told=True))
        watch.until_online()
        # the belt fills, and from then on nothing is looked at
        wait_until(_standstill(watch.seer, seconds=2.0), limit=20)
        memory, sent = _resident(), len(watch.seer.frames)
        wait_until(_standstill(watch.seer, seconds=2.0), limit=20)
        grown, still = _resident() - memory, len(watch.seer.frames)
        gap = watch.until(lambda told: isinstance(told, FootageGap))
        watch.until(lambda told: isinstance(told, MotionTold))

    assert sent == still
    assert grown < 4 << 20
    assert gap.to_seconds - gap.from_seconds > 3
    assert gap.frames > 50
    assert gap.reason
    assert not [pts for pts in watch.seer.times if gap.from_seconds < pts < gap.to_seconds]


def test_a_short_hiccup_is_no_gap(begin):
    hiccups = {10, 20}
    stuck = Event()

    def on_frame(frame: object) -> None:
        if len(seer.frames) in hiccups:
            stuck.wait(0.4)

    seer = Seer(on_frame=on_frame)
    with HttpCamera(mjpeg(pause=0.01)) as camera:
        watch = begin(LiveSource("http", camera.url), seer)
        watch.until_online()
        wait_until(lambda: len(seer.frames) > 40)
        watch.cancel()

    assert not watch.of(FootageGap)


def _standstill(seer: Seer, *, seconds: float) -> Callable[[], bool]:
    """Whether it has been shown nothing for so long."""
    seen = (-1, 0.0)

    def stands_still() -> bool:
        nonlocal seen
        if len(seer.frames) != seen[0]:
            seen = (len(seer.frames), time.monotonic())
        return time.monotonic() - seen[1] > seconds

    return stands_still


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
