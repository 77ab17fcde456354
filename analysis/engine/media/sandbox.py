"""The child process that meets the file, seen from outside: start it, talk to it, kill it.

The child is a fresh interpreter in a session of its own, with an environment that holds none of
ours, limits on memory, CPU, files and descriptors that it sets before it touches the file, and a
pipe from its parent: when that closes, however the parent ended, the child is gone.
"""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.engine.errors import LimitExceeded, ReaderLost
from analysis.engine.media import wire

ROOT = Path(__file__).resolve().parents[3]
CHILD = "analysis.engine.media.child"
_CHUNK = 1 << 16


class Sandbox:
    """One child. Used by one thread; only `kill` may come from another."""

    def __init__(self, job: Mapping[str, Any], *, name: str, descriptors: tuple[int, ...] = ()) -> None:
        """Starts the child on `job`; `name` is what the file is called in sentences for people."""
        self.name = name
        self._inbox = bytearray()
        from_child, to_parent = os.pipe()
        # pipes are file objects throughout: one that nobody refers to any more closes, and that ends the child
        self._from_child = os.fdopen(from_child, "rb", buffering=0)
        try:
            self.process = _spawn(to_parent, descriptors)
        finally:
            os.close(to_parent)
        self._poll = select.poll()
        self._poll.register(from_child, select.POLLIN)
        text = wire.dump({**job, "out": to_parent})
        self._send(wire.JOB.pack(len(text)) + text)

    def order(self, order: wire.Order, small: int = 0, large: int = 0) -> None:
        """Tells the child something; a child that is gone is noticed at the next `receive`."""
        self._send(wire.ORDER.pack(order, small, large))

    def receive(self, within_seconds: float) -> tuple[wire.Tag, bytes]:
        """The next message, complete and within its cap.

        Raises ReaderLost when the child is silent for that long, crashes or talks nonsense, and
        LimitExceeded when it used up its CPU time. The child is dead afterwards.
        """
        try:
            tag, length = wire.measure(self._take(wire.MESSAGE.size, within_seconds))
            return tag, self._take(length, within_seconds)
        except wire.Garbled as error:
            self.kill()
            raise ReaderLost(f"{self.name}: the reader's answer makes no sense ({error}).") from error

    def kill(self) -> None:
        """Ends the child at once and waits until it is gone. May be called twice, and from any thread."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Kills the child and gives back the pipes. For the thread that uses the sandbox."""
        self.kill()
        for pipe in (self._from_child, self.process.stdin, self.process.stderr):
            _close_quietly(pipe)

    def _send(self, content: bytes) -> None:
        try:
            os.write(self.process.stdin.fileno(), content)  # type: ignore[union-attr]  # a pipe by _spawn
        except BrokenPipeError:
            return

    def _take(self, count: int, within_seconds: float) -> bytes:
        deadline = time.monotonic() + within_seconds
        while len(self._inbox) < count:
            left = deadline - time.monotonic()
            if left <= 0 or not self._poll.poll(left * 1000):
                self.kill()
                raise ReaderLost(
                    f"{self.name}: the reader gave no sign for {within_seconds:.0f} s and was stopped."
                )
            chunk = os.read(self._from_child.fileno(), _CHUNK)
            if not chunk:
                raise self._verdict()
            self._inbox += chunk
        taken = bytes(self._inbox[:count])
        del self._inbox[:count]
        return taken

    def _verdict(self) -> ReaderLost | LimitExceeded:
        """Why the child closed its pipe without a last word."""
        try:
            code = self.process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self.kill()
            return ReaderLost(f"{self.name}: the reader fell silent and was stopped.")
        if code == -signal.SIGXCPU:
            return LimitExceeded(f"{self.name}: reading it takes more processor time than is allowed.")
        how = signal.Signals(-code).name if code < 0 else self._last_words() or f"exit code {code}"
        return ReaderLost(f"{self.name}: the reader ended before the file did ({how}).")

    def _last_words(self) -> str:
        words = os.read(self.process.stderr.fileno(), _CHUNK)  # type: ignore[union-attr]  # a pipe by _spawn
        lines = words.decode(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else ""


def _spawn(to_parent: int, descriptors: tuple[int, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  # our own interpreter and module, nothing of the file
        [sys.executable, "-m", CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        bufsize=0,
        cwd=ROOT,
        env=_environment(),
        pass_fds=(to_parent, *descriptors),
        start_new_session=True,
    )


def _environment() -> dict[str, str]:
    """What the child needs and nothing else: no address of a database, no key, no proxy."""
    return {
        "PATH": os.defpath,
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",  # one of 64 MB for each decoding thread would count as memory used
    }


def _close_quietly(pipe: Any) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return
