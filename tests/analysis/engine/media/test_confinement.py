"""The child that meets the file is confined, dies at once when told, and never outlives its parent."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from analysis.engine.errors import LimitExceeded, ReaderLost
from analysis.engine.media import sandbox
from analysis.engine.media.limits import Limits, Sampling
from analysis.engine.media.probe_child import probe_file
from analysis.engine.media.reader import MediaReader, open_media
from tests import clips
from tests.analysis.engine.media.conftest import EVERYTHING, children, shared_memory

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Longer than the ring: its reader has to wait."""
    return clips.write_video(tmp_path / "clip.mp4", seconds=8, fps=25)


def opened(path: Path, limits: Limits | None = None) -> MediaReader:
    return open_media(path, limits=limits or Limits(), sampling=Sampling(batch_frames=1), wants=EVERYTHING)


def until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_a_child_killed_in_the_middle_is_reported(clip):
    with opened(clip) as reader:
        batches = reader.batches()
        next(batches)
        os.kill(children()[0], signal.SIGKILL)

        with pytest.raises(ReaderLost, match="SIGKILL"):
            list(batches)


def test_a_child_that_hangs_is_stopped_after_the_limit(clip):
    # signs of life come every second, later on a busy machine
    with opened(clip, Limits(stall_seconds=3)) as reader:
        batches = reader.batches()
        next(batches)
        os.kill(children()[0], signal.SIGSTOP)
        started = time.monotonic()

        with pytest.raises(ReaderLost, match="no sign"):
            list(batches)

    assert time.monotonic() - started < 9
    assert children() == []


def test_a_reader_that_nobody_asks_for_more_waits_without_being_stopped(clip):
    with opened(clip, Limits(stall_seconds=3)) as reader:
        batches = reader.batches()
        next(batches)
        time.sleep(4)  # the promise is about time itself: an idle consumer is no stall

        assert sum(1 for _ in batches) == 199


def test_closing_in_the_middle_ends_the_child_at_once_and_leaves_nothing(clip):
    before = shared_memory()
    reader = opened(clip)
    next(reader.batches())

    reader.close()

    assert children() == []
    assert shared_memory() == before


def test_leaving_the_reader_early_ends_the_child(clip):
    with opened(clip) as reader:
        next(reader.batches())

    assert children() == []


def test_more_processor_time_than_allowed_is_a_limit(tmp_path):
    noise = [np.random.default_rng(seed).integers(0, 255, (480, 640, 3), np.uint8) for seed in (1, 2)]
    path = clips.write_video(tmp_path / "hard.mp4", seconds=8, width=640, height=480, frames=noise * 100)

    with pytest.raises(LimitExceeded, match="processor time"), opened(path, Limits(cpu_seconds=1)) as reader:
        list(reader.batches())


def test_the_child_dies_when_its_parent_is_killed(clip):
    program = (
        "import sys, pathlib; from analysis.engine.media.reader import *; from analysis.engine.media.limits import *\n"
        "from analysis.engine.types import Consumes\n"
        "reader = open_media(pathlib.Path(sys.argv[1]), limits=Limits(), sampling=Sampling(),"
        " wants=frozenset(Consumes))\n"
        "print(reader._sandbox.process.pid, flush=True); sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(clip)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    child = int(parent.stdout.readline())

    parent.kill()
    parent.communicate()

    assert until(lambda: not Path(f"/proc/{child}").exists() or "\nState:\tZ" in status(child))


def status(pid: int) -> str:
    return Path(f"/proc/{pid}/status").read_text()


def test_the_child_sees_no_secret_and_has_its_limits_and_its_own_session(clip, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret@/assay")
    monkeypatch.setenv("JWT_SECRET_KEY", "secret")

    with opened(clip, Limits(memory_bytes=2 << 30, cpu_seconds=77)):
        pid = children()[0]
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        limits = {kind: resource.prlimit(pid, kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU)}
        written, cores = (
            resource.prlimit(pid, kind) for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE)
        )
        session = os.getsid(pid)

    assert b"secret" not in environment
    assert limits == {resource.RLIMIT_AS: 2 << 30, resource.RLIMIT_CPU: 77}
    assert written == cores == (0, 0)
    assert session == pid


LIES = {
    "unknown message": "os.write(out, struct.pack('<BxxxI', 99, 0))",
    "endless message": "os.write(out, struct.pack('<BxxxI', 1, 2**31))",
    "pickle": "say(1, pickle.dumps({'kind': 'video'}))",
    "not a number": 'say(1, b\'{"kind": "video", "container": "mp4", "width": NaN, "height": 1}\')',
    "negative size": 'say(1, b\'{"kind": "video", "container": "mp4", "width": -4, "height": 4}\')',
    "no such kind": 'say(1, b\'{"kind": "root", "container": "mp4"}\')',
    "deep nesting": "say(1, b'[' * 60_000)",
    "frame before the probe": "say(3, bytes(24))",
    "silence": "time.sleep(60)",
    "crash": "os.abort()",
}


@pytest.fixture
def liar(tmp_path, monkeypatch) -> Callable[[str], None]:
    """A child that says what it likes."""

    def becomes(lie: str) -> None:
        (tmp_path / "liar.py").write_text(
            "import json, os, pickle, struct, sys, time\n"
            "length = struct.unpack('<I', os.read(0, 4))[0]\n"
            "out = json.loads(os.read(0, length))['out']\n"
            "def say(tag, payload):\n    os.write(out, struct.pack('<BxxxI', tag, len(payload)) + payload)\n"
            f"{lie}\n"
        )
        monkeypatch.setattr(sandbox, "CHILD", "liar")
        monkeypatch.setattr(sandbox, "ROOT", tmp_path)

    return becomes


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_nothing_a_child_says_is_believed_unchecked(clip, liar, lie):
    liar(lie)

    with pytest.raises(ReaderLost):
        probe_file(clip, limits=Limits(probe_seconds=2))

    assert children() == []


PROBED = (
    'say(1, b\'{"kind": "video", "container": "mp4", "width": 64, "height": 48, "video_streams": 1}\')\n'
    "say(2, b'{}')\n"
)
LATE_LIES = {
    "frame outside the ring": "say(3, struct.pack('<IIIId?', 77, 0, 64, 48, 0.0, False))",
    "frame larger than a slot": "say(3, struct.pack('<IIIId?', 0, 0, 64_000, 48_000, 0.0, False))",
    "frame at no time": "say(3, struct.pack('<IIIId?', 0, 0, 64, 48, float('nan'), False))",
    "frame out of order": "say(3, struct.pack('<IIIId?', 0, 5, 64, 48, 0.0, False))",
    "frame of a wrong size": "say(3, struct.pack('<IIIId', 0, 0, 64, 48, 0.0))",
    "sign of life of a wrong size": "say(5, b'x')",
    "sound that is no number": "say(4, struct.pack('<4f', 0, float('inf'), 0, 0))",
    "a second probe": "say(1, b'{}')",
}


@pytest.mark.parametrize("lie", LATE_LIES.values(), ids=LATE_LIES.keys())
def test_frames_and_sound_of_a_lying_child_are_refused(clip, liar, lie):
    liar(PROBED + lie)

    with pytest.raises(ReaderLost), opened(clip, Limits(stall_seconds=2)) as reader:
        list(reader.batches())

    assert children() == []


def test_a_reader_of_ten_minutes_takes_no_more_memory_than_one_of_ten_seconds(tmp_path):
    program = (
        "import resource, sys, pathlib; from analysis.engine.media.reader import *\n"
        "from analysis.engine.media.limits import *; from analysis.engine.types import Consumes\n"
        "with open_media(pathlib.Path(sys.argv[1]), limits=Limits(), sampling=Sampling(),"
        " wants=frozenset(Consumes)) as reader:\n"
        "    frames = sum(1 for _ in reader.batches())\n"
        "for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN): print(resource.getrusage(who).ru_maxrss)"
    )

    def peaks(seconds: float) -> tuple[int, int]:
        path = clips.write_video(tmp_path / f"{seconds}.mp4", seconds=seconds, fps=5, tone_hz=440)
        said = subprocess.run(
            [sys.executable, "-c", program, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
        )
        own, child = said.stdout.split()
        return int(own), int(child)

    short, long = peaks(10), peaks(600)

    assert long[0] <= short[0] * 1.1
    assert long[1] <= short[1] * 1.1
