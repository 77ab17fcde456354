"""How everything of an installation is stopped, whoever does it: the supervisor, the reaper or the next start."""

import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from config.engines.paths import recorded_sockets
from config.engines.processes import Record, drop_record, kept_records, stop

# Web first, so that nobody is answered by half a product; the database last. Together below 30 s.
ORDER: tuple[tuple[str, signal.Signals, float], ...] = (
    ("sample", signal.SIGTERM, 1.0),
    ("prepare", signal.SIGTERM, 2.0),
    ("web", signal.SIGTERM, 6.0),
    ("worker", signal.SIGTERM, 11.0),  # it gives its slots 8 s, then kills them and gives their leases back
    ("redis", signal.SIGTERM, 2.0),
    ("postgres", signal.SIGINT, 6.0),  # fast: connections are ended, data is safe
)


def stop_everything(home: Path, *, except_names: Sequence[str] = ()) -> list[Record]:
    """Stops all processes on record at `home`, in order; returns those that were alive."""
    stopped_here = {kind for kind, _, _ in ORDER} - set(except_names)
    records = [record for record in kept_records(home) if _kind(record) in stopped_here]
    alive = [record for record in records if record.alive()]
    for kind, with_signal, grace_seconds in ORDER:
        same = [record for record in alive if _kind(record) == kind]
        if same:
            stop(same, with_signal=with_signal, grace_seconds=grace_seconds)
    for record in records:
        drop_record(home, record.name)
    return alive


def leave_no_folder(home: Path) -> None:
    """Removes the socket folders, once nothing listens in them any more."""
    sockets = recorded_sockets(home)
    for folder in {sockets.postgres, sockets.redis} if sockets else set():
        with suppress(OSError):  # gone already, or still in use by engines that were left running
            folder.rmdir()


def _kind(record: Record) -> str:
    return record.name.partition("-")[0]
