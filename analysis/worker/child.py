"""A slot as its supervisor sees it: a spawned process, what it reported last, and how it ends."""

import contextlib
import math
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from uuid import UUID

from analysis.queue import Attempt
from analysis.worker.reports import Order, Report

CANCELS_REMEMBERED = 100
END_SECONDS = 2.0
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Child:
    """Process of slot `number`. It ends itself when we are gone: its stdin then ends."""

    def __init__(self, number: int, command: Sequence[str], *, threads: int) -> None:
        self.number = number
        self.started = time.monotonic()
        self.report = Report()
        self.moved = self.started
        self.ready_at: float | None = None
        self.cancel_by: dict[Attempt, float] = {}
        self.going = False
        self._rest = b""
        self.process = subprocess.Popen(  # noqa: S603  # our own command line
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # few arenas: with one per thread, a run's peak memory hangs on which nets compute at the same moment
            env={"MALLOC_ARENA_MAX": "2"} | os.environ | {"OMP_NUM_THREADS": str(threads)},
            # a group of its own: Ctrl-C is for the supervisor, and the reader's sandbox ends with the slot
            start_new_session=True,
        )
        os.set_blocking(self.output, False)

    @property
    def output(self) -> int:
        """The file descriptor of what it reports."""
        assert self.process.stdout  # noqa: S101  # it was asked for above
        return self.process.stdout.fileno()

    @property
    def run(self) -> UUID | None:
        """The run in its hands, as far as it said."""
        return self.report.run

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def order(self, name: str, attempt: Attempt | None = None) -> None:
        """Tells it something; a slot that is dying hears nothing."""
        assert self.process.stdin  # noqa: S101  # it was asked for above
        with contextlib.suppress(OSError):
            self.process.stdin.write(Order(name, attempt).line())
            self.process.stdin.flush()

    def cancel(self, attempt: Attempt, *, within_seconds: float) -> None:
        """Tells it to stop that attempt, should it be at it; telling it again gives it no more time."""
        if attempt in self.cancel_by:
            return
        if len(self.cancel_by) == CANCELS_REMEMBERED:
            del self.cancel_by[next(iter(self.cancel_by))]
        self.cancel_by[attempt] = time.monotonic() + within_seconds
        self.order("cancel", attempt)

    def seconds_to_obey(self) -> float:
        """How long it may still take to stop the attempt in its hands; infinite when it was not told to."""
        which = self.report.which
        by = self.cancel_by.get(which, math.inf) if which else math.inf
        return max(0.0, by - time.monotonic())

    def ignores_cancel(self) -> bool:
        """Whether the attempt in its hands should have stopped by now."""
        return self.seconds_to_obey() == 0.0

    def listen(self) -> bool:
        """Reads what it reported; False when it has ended."""
        while True:
            try:
                heard = os.read(self.output, 65536)
            except BlockingIOError:
                return True
            if not heard:
                return False
            *lines, self._rest = (self._rest + heard).split(b"\n")
            for line in lines:
                self._hear(Report.parse(line))

    def _hear(self, report: Report) -> None:
        now = time.monotonic()
        if report.ready and self.ready_at is None:
            self.ready_at = now
        if (report.run, report.seen) != (self.report.run, self.report.seen) or not self.report.ready:
            self.moved = now
        self.report = report

    def still_seconds(self) -> float:
        """How long its examination, or its start, has shown no sign of life."""
        busy = self.run is not None or not self.report.ready
        return time.monotonic() - self.moved if busy else 0.0

    def memory_bytes(self) -> int:
        """Resident memory of the process; 0 where the system does not say."""
        try:
            with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:  # noqa: PTH123  # not a path of ours
                return int(file.read().split()[1]) * PAGE_BYTES
        except OSError:
            return 0

    def kill(self) -> None:
        """kill -9, with everything it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Gives it a moment to end and closes the pipes."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(END_SECONDS)
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                if pipe:
                    pipe.close()
