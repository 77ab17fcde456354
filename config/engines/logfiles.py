"""The log files of the installation: `ASSAY_HOME/<name>.log`, and one older of each."""

import os
from collections import deque
from pathlib import Path
from typing import BinaryIO

from config.engines.paths import make_home

LARGEST_BYTES = 20 * 1024 * 1024


def log_path(home: Path, name: str) -> Path:
    """The log file of `name`."""
    return home / f"{name}.log"


def open_log(home: Path, name: str) -> BinaryIO:
    """The log of `name`, to append to; a long one becomes `<name>.log.1` first."""
    path = log_path(make_home(home), name)
    if path.exists() and path.stat().st_size > LARGEST_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    return os.fdopen(descriptor, "ab", buffering=0)


def last_lines(home: Path, name: str, count: int = 12) -> str:
    """The end of the log of `name`, for an error message."""
    with log_path(home, name).open(encoding="utf-8", errors="replace") as file:
        return "".join(deque(file, maxlen=count)).rstrip()
