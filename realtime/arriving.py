"""Lines of a pipe, in the lots they arrive in: the pipe itself is the queue."""

import os
import time
from collections.abc import Iterator

READ_BYTES = 64 * 1024
# A lot is what arrived during the last write: short ones keep that short, large ones carry more per write.
LOT_LINES = 500
# What a write costs, it costs for one line and for ten: lots follow each other no sooner than this.
LOT_SECONDS = 0.01

Lot = list[tuple[int, bytes]]


def lots(descriptor: int, *, limit_bytes: int) -> Iterator[Lot]:
    """Numbered lines, as many as are there, at most LOT_LINES at a time.

    A line that comes after a while of silence is not waited with. Of a line longer than `limit_bytes` only a
    little more than that is kept.
    """
    number, rest = 0, b""
    while chunk := os.read(descriptor, READ_BYTES):
        due = time.monotonic() + LOT_SECONDS
        *lines, rest = (rest + chunk).split(b"\n")
        rest = rest[: limit_bytes + 1]
        numbered = list(enumerate(lines, start=number + 1))
        number += len(lines)
        yield from _portions(numbered)
        time.sleep(max(0.0, due - time.monotonic()))
    yield from _portions([(number + 1, rest)])


def _portions(numbered: Lot) -> Iterator[Lot]:
    there = [(number, line) for number, line in numbered if line.strip()]
    for start in range(0, len(there), LOT_LINES):
        yield there[start : start + LOT_LINES]
