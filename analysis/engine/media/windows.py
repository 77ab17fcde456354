"""Looks for bytes in a file of any size, in windows."""

from io import FileIO
from pathlib import Path

_WINDOW_BYTES = 8 << 20


def holds(path: Path, wanted: bytes) -> bool:
    """Whether the bytes stand anywhere in the file."""
    with path.open("rb", buffering=0) as file:
        return find(file, wanted) is not None


def find(file: FileIO, wanted: bytes) -> int | None:
    """Where the bytes first stand in the file, which is read in windows and never held whole."""
    window, kept, at = bytearray(_WINDOW_BYTES), 0, 0
    # into one buffer: joining windows takes three times as long, and files have gigabytes
    while count := file.readinto(memoryview(window)[kept:]):
        found = window.find(wanted, 0, kept + count)
        if found >= 0:
            return at - kept + found
        at += count
        tail = min(len(wanted) - 1, kept + count)
        window[:tail] = window[kept + count - tail : kept + count]
        kept = tail
    return None
