"""Memory shared between the reader and its child: a ring of slots, one frame each.

The memory has no name anywhere, so nothing is left behind however the processes end. It is sized
by the reader once the size of a frame is known and, on Linux, sealed: a child that shrank it would
otherwise crash its reader with a bus error.
"""

import fcntl
import mmap
import os
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.engine.types import Pixels

RING_BYTES = 64 << 20
MOST_SLOTS = 16


def create() -> int:
    """A descriptor of empty, anonymous, growable memory."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("assay-frames", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with tempfile.TemporaryFile() as file:  # macOS has no memfd: a file without a name does
        return os.dup(file.fileno())


def size(descriptor: int, frame_bytes: int, *, still: bool, most: int = MOST_SLOTS) -> int:
    """Makes room for as many frames as RING_BYTES hold, two at least and `most` at most, one for a still picture;
    returns the number of slots."""
    slots = 1 if still else max(2, min(most, RING_BYTES // frame_bytes))
    os.ftruncate(descriptor, slots * frame_bytes)
    if hasattr(fcntl, "F_ADD_SEALS"):
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return slots


class Slots:
    """The ring as one side sees it."""

    def __init__(self, descriptor: int, slots: int, slot_bytes: int, *, writable: bool) -> None:
        access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
        self.count = slots
        self.slot_bytes = slot_bytes
        self._memory = mmap.mmap(descriptor, slots * slot_bytes, access=access)

    def view(self, slot: int, width: int, height: int) -> "Pixels":
        """The pixels of that slot as (height, width, 3), shared, not copied."""
        import numpy as np

        start, length = slot * self.slot_bytes, height * width * 3
        flat = np.frombuffer(self._memory, dtype=np.uint8, count=length, offset=start)
        return flat.reshape(height, width, 3)
