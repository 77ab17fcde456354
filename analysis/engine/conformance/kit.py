"""Runs the conformance checks on one detector, from outside the process it runs in."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from analysis.engine.conformance.job import Job
from analysis.engine.conformance.report import CHECKS, Finding, Report, State
from analysis.engine.conformance.terms import Terms
from analysis.engine.media.sandbox import ROOT

CHILD = "analysis.engine.conformance.child"
START_SECONDS = 60.0
GRACE_SECONDS = 3.0
LOOK_SECONDS = 0.1
MEMORY_MARGIN = 1.5
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
_CHUNK = 1 << 16


def check(
    target: str | ModuleType,
    name: str,
    *,
    reference: tuple[Path, Path] | None = None,
    terms: Terms | None = None,
    weights: Path = Path("weights"),
    device: str = "cpu",
) -> Report:
    """Whether the detector `name` of that module keeps what the protocol promises.

    target: the module, or where it is as an entry point says it (`acme`, `acme.detectors:plugin`); it is
    imported anew in a process of its own, which is ended with everything it started when it takes too long.
    reference: a genuine and a manipulated file, instead of those of its terms. terms: others than its own.
    weights: the folder that `make` is given.
    """
    where = target.__name__ if isinstance(target, ModuleType) else target
    with tempfile.TemporaryDirectory(prefix="assay-conformance-") as folder:
        pair = (reference[0].resolve(), reference[1].resolve()) if reference else None
        job = Job(where, name, weights.resolve(), device, Path(folder), terms, pair)
        return Report(name, tuple(_findings(job)))


def _findings(job: Job) -> Iterator[Finding]:
    """One per check; those that the process did not come to are not tested."""
    left = list(CHECKS)
    with _Tried(job) as tried:
        for finding in tried.findings():
            left.remove(finding.check)
            yield finding
        for at, check_left in enumerate(left):
            if at == 0:
                yield Finding(check_left, State.FAILED, tried.ending)
            else:
                yield Finding(check_left, State.NOT_TESTED, "Not tried: the process had ended before.")


@dataclass
class _Doing:
    """What the process is at, since when, and for how long it may be."""

    words: str
    within: float
    since: float

    @property
    def left(self) -> float:
        return self.since + self.within + GRACE_SECONDS - time.monotonic()


class _Tried:
    """The process that runs the detector. Leaving it ends whatever is left of it."""

    def __init__(self, job: Job) -> None:
        self.ending = "The process ended without a word."
        self._memory_bytes = Terms().memory_bytes
        self._doing = _Doing("it was started", START_SECONDS, time.monotonic())
        from_child, to_parent = os.pipe()
        self._pipe = os.fdopen(from_child, "rb", buffering=0)
        try:
            self._process = _spawn(to_parent)
        finally:
            os.close(to_parent)
        with contextlib.suppress(BrokenPipeError):  # it is gone already: reading will tell
            self._process.stdin.write(replace(job, out=to_parent).dump())  # type: ignore[union-attr]  # a pipe

    def __enter__(self) -> "_Tried":
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()
        self._pipe.close()
        self._process.stdin.close()  # type: ignore[union-attr]  # a pipe by _spawn

    def findings(self) -> Iterator[Finding]:
        """Those it told before it ended or was ended; `ending` says how."""
        for line in self._lines():
            if "doing" in line:
                self._doing = _Doing(str(line["doing"]), float(line["within"]), time.monotonic())
                self._memory_bytes = int(line["memory_bytes"])
            else:
                yield Finding(line["check"], State(line["state"]), line["sentence"])

    def _lines(self) -> Iterator[dict[str, str]]:
        waiting = b""
        while self._may_go_on():
            ready, _, _ = select.select([self._pipe], [], [], LOOK_SECONDS)
            if not ready:
                continue
            chunk = self._pipe.read(_CHUNK)
            if not chunk:
                self._tell_death()
                return
            *lines, waiting = (waiting + chunk).split(b"\n")
            yield from map(json.loads, lines)

    def _may_go_on(self) -> bool:
        """Ends it when its time is over or its memory too much."""
        if self._doing.left <= 0:
            self.ending = (
                f"It never came back after {self._doing.words}; it was ended after "
                f"{time.monotonic() - self._doing.since:.0f} s, with everything it had started."
            )
        elif (held := _resident_bytes(self._process.pid)) > MEMORY_MARGIN * self._memory_bytes:
            self.ending = (
                f"After {self._doing.words} it held {held >> 20} MB and was ended; "
                f"{self._memory_bytes >> 20} MB are allowed."
            )
        else:
            return True
        self._kill()
        return False

    def _tell_death(self) -> None:
        # killed before it is asked: one that is ending keeps its code, and what it started ends too
        self._kill()
        code = self._process.returncode
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        self.ending = f"It ended the process ({how}) after {self._doing.words}."

    def _kill(self) -> None:
        """The whole group, before its leader is reaped and the number may belong to somebody else."""
        if self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _spawn(to_parent: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  # our own interpreter and module
        [sys.executable, "-c", _START, str(ROOT), *sys.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        # one thread: then its time is what it computes, and other programs' share can be taken off
        env={**os.environ, **dict.fromkeys(THREADS, "1")},
        pass_fds=(to_parent,),
        start_new_session=True,
    )


# what the caller can import, the process can: also what lies on a path that only this interpreter knows
_START = (
    "import os, runpy, sys; sys.path[:] = [*sys.argv[2:], sys.argv[1]]; "
    f"runpy.run_module('{CHILD}', run_name='__main__', alter_sys=True)"
)


def _resident_bytes(pid: int) -> int:
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
