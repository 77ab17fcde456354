"""Processes we started, told apart from strangers that got the same number later."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import psutil

from config.engines.paths import replace_text, run_folder

Pause = Callable[[float], None]

# Children of this process. A child that ended stays a zombie until its parent asks; `collect` asks.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Record:
    """A process by number *and* the moment it started, as `start_mark` tells it."""

    name: str
    pid: int
    started: str

    def process(self) -> psutil.Process | None:
        """The process, unless it has ended or its number now belongs to another."""
        try:
            process = psutil.Process(self.pid)
            same = start_mark(process) == self.started
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process() is not None


def start_mark(process: psutil.Process) -> str:
    """When a process started, in words that no later process of that number repeats.

    On Linux the boot's name and the ticks since then: times of day move when the clock is set.
    """
    try:
        fields = (
            Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        )
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {fields.split()[19]}"
    except (FileNotFoundError, ProcessLookupError):
        return f"{process.create_time():.0f}"


def record_of(name: str, pid: int) -> Record:
    """The record of a running process; raises psutil.NoSuchProcess when it has ended already."""
    return Record(name, pid, start_mark(psutil.Process(pid)))


def spawn(name: str, command: Sequence[str | Path], *, log: IO[bytes], cwd: Path, **options: Any) -> Record:
    """Starts a child like `launch`; its record."""
    return record_of(name, launch(command, log=log, cwd=cwd, **options).pid)


def launch(
    command: Sequence[str | Path],
    *,
    log: IO[bytes] | None,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    identity: Mapping[str, Any] | None = None,
) -> subprocess.Popen[bytes]:
    """Starts a child in a session of its own (Ctrl-C in the terminal is for us alone); `log` None: our output."""
    child = subprocess.Popen(  # noqa: S603 - commands are made by us
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=cwd,
        env=None if env is None else dict(env),
        start_new_session=True,
        **(identity or {}),
    )
    _children[child.pid] = child
    return child


def collect() -> None:
    """Lets children that ended disappear."""
    for pid, child in list(_children.items()):
        if child.poll() is not None:
            del _children[pid]


def keep_record(home: Path, record: Record) -> None:
    """Writes the record where the reaper and the next start will find it."""
    replace_text(run_folder(home) / f"{record.name}.pid", json.dumps(asdict(record)))


def drop_record(home: Path, name: str) -> None:
    """Forgets a process that was stopped."""
    (home / "run" / f"{name}.pid").unlink(missing_ok=True)


def kept_records(home: Path) -> list[Record]:
    """Every process on record at `home`, alive or not."""
    records = [_kept_record(file) for file in sorted((home / "run").glob("*.pid"))]
    return [record for record in records if record is not None]


def _kept_record(file: Path) -> Record | None:
    """None when whoever stopped the process has dropped its record since."""
    try:
        return Record(**json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def stop(records: Sequence[Record], *, with_signal: signal.Signals, grace_seconds: float) -> None:
    """Signals all, waits up to `grace_seconds` for all, then kills what is left with its descendants."""
    family = [relative for record in records for relative in _descendants(record)]
    for record in records:
        _signal(record, with_signal)
    wait_for_end([*records, *family], seconds=grace_seconds)
    for record in [*records, *family]:
        _signal(record, signal.SIGKILL)
    wait_for_end([*records, *family], seconds=2.0)


def wait_for_end(records: Sequence[Record], *, seconds: float) -> bool:
    """Whether all ended within `seconds`."""
    until = time.monotonic() + seconds
    while any(record.alive() for record in records):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    collect()
    return True


def working_in(folder: Path) -> list[int]:
    """The numbers of processes whose working folder is `folder`."""
    return [process.pid for process in psutil.process_iter() if _works_in(process, folder)]


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return os.path.realpath(process.cwd()) == os.path.realpath(folder)
    except (psutil.Error, OSError):
        return False


def _descendants(record: Record) -> list[Record]:
    process = record.process()
    if process is None:
        return []
    try:
        return [record_of(record.name, child.pid) for child in process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _signal(record: Record, number: signal.Signals) -> None:
    process = record.process()
    if process is not None:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            return
