"""One server per `ASSAY_HOME`, and a helper that cleans up after it even when it is killed."""

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from config.engines.ending import ORDER
from config.engines.errors import AlreadyRunning
from config.engines.logfiles import open_log
from config.engines.paths import run_folder
from config.engines.processes import Pause, drop_record, keep_record, kept_records, record_of
from config.env import ROOT

SUPERVISOR = "supervisor"
CLEANING_SECONDS = sum(grace for _, _, grace in ORDER) + 5.0


class Guard:
    """Holds the installation's lock and the pipe to the reaper; closing it, or dying, ends the reaper's wait."""

    def __init__(self, home: Path, pause: Pause = time.sleep) -> None:
        """Raises AlreadyRunning when a living server holds the lock; waits for the reaper of a dead one."""
        self._home = home
        self._lock = _locked(home, pause)
        keep_record(home, record_of(SUPERVISOR, os.getpid()))
        self._start_reaper()

    def _start_reaper(self) -> None:
        read_end, self._pipe = os.pipe()
        with open_log(self._home, "server") as log:
            self._reaper = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-m", "config.engines.reaper", str(self._home)],
                stdin=read_end,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                start_new_session=True,
                pass_fds=[self._lock.fileno()],
            )
        os.close(read_end)

    def keep(self) -> None:
        """Starts the reaper again should it have been killed."""
        if self._reaper.poll() is not None:
            os.close(self._pipe)
            self._start_reaper()

    def close(self) -> None:
        """Lets the reaper stop what is left, and waits for it."""
        os.close(self._pipe)
        self._reaper.wait(CLEANING_SECONDS)
        drop_record(self._home, SUPERVISOR)
        self._lock.close()


def _locked(home: Path, pause: Pause) -> IO[str]:
    lock = (run_folder(home) / "server.lock").open("a")
    until = time.monotonic() + CLEANING_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            _refuse_if_living(home)
            if time.monotonic() > until:
                raise AlreadyRunning(
                    f"The last server of {home} is still being cleaned up. Try again."
                ) from None
        pause(0.2)


def _refuse_if_living(home: Path) -> None:
    for record in kept_records(home):
        if record.name == SUPERVISOR and record.alive():
            raise AlreadyRunning(f"A server already runs with ASSAY_HOME={home} (process {record.pid}).")
