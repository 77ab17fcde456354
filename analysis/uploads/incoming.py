"""A file while it arrives: written, hashed and looked at as it comes, and gone unless somebody keeps it."""

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from django.conf import settings

from analysis.engine.media.sniff import HEAD_BYTES, Sniffed, sniff
from analysis.uploads.places import incoming_root, require_space
from analysis.uploads.refusals import EmptyFile, NoSpace, NotMedia, TooLarge

# Written pages are pushed to the disk in steps: one fsync of 2 GB at the end would hold up the
# database's own fsyncs, and with them every socket, for seconds.
FLUSH_BYTES = 32 * 2**20
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class Received:
    """A whole file in the incoming folder, on disk for good, not yet anybody's."""

    path: Path
    sha256: str
    size_bytes: int
    sniffed: Sniffed


class Incoming:
    """Takes the bytes of one file. A context manager: at its end the file is gone, unless it was kept.

    `write` and `finish` raise TooLarge, NotMedia (as soon as the head is there), EmptyFile, NoSpace.
    """

    def __init__(self, *, announced_bytes: int | None = None) -> None:
        refuse_size(announced_bytes or 0)
        require_space(announced_bytes or 0)
        self.path = incoming_root() / f"{uuid4()}.part"
        self.size_bytes = 0
        self._file = self.path.open("xb", buffering=0)
        # Held until the end: the sweep takes a file nobody holds for what a dead process left.
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._hash = hashlib.sha256()
        self._head = b""
        self._sniffed: Sniffed | None = None
        self._unflushed = 0

    def write(self, chunk: bytes) -> None:
        """Appends `chunk`."""
        self.size_bytes += len(chunk)
        refuse_size(self.size_bytes)
        self._look(chunk)
        self._hash.update(chunk)
        with full_disk_refused():
            write_all(self._file.fileno(), chunk)
            self._flush_in_steps(len(chunk))

    def finish(self) -> Received:
        """Everything has arrived: on disk for good, with its hash."""
        if not self.size_bytes:
            raise EmptyFile("The file is empty: it holds no bytes at all. Was it copied completely?")
        sniffed = self._sniffed or recognised(self._head)
        with full_disk_refused():
            os.fsync(self._file.fileno())
        return Received(self.path, self._hash.hexdigest(), self.size_bytes, sniffed)

    def discard(self) -> None:
        """Removes what is still there; harmless after the file was kept."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def _look(self, chunk: bytes) -> None:
        if self._sniffed is None:
            self._head += chunk[: HEAD_BYTES - len(self._head)]
            if len(self._head) >= HEAD_BYTES:
                self._sniffed = recognised(self._head)

    def _flush_in_steps(self, written: int) -> None:
        self._unflushed += written
        if self._unflushed >= FLUSH_BYTES:
            os.fdatasync(self._file.fileno())
            self._unflushed = 0
            require_space(0)  # again: others may be filling the same disk


def refuse_size(size_bytes: int) -> None:
    """Raises TooLarge above the limit of the settings."""
    limit = settings.MAX_UPLOAD_BYTES
    if size_bytes > limit:
        raise TooLarge(f"The file is larger than the {limit / 1e9:.3g} GB this desk takes.")


def recognised(head: bytes) -> Sniffed:
    """What a file is by its first bytes, whatever its name says. Raises NotMedia."""
    sniffed = sniff(head)
    if sniffed is None:
        raise NotMedia(
            "The bytes of this file are those of no picture, video or sound format this desk knows, "
            "whatever its name says. Upload the original recording or picture."
        )
    return sniffed


def write_all(descriptor: int, chunk: bytes) -> None:
    """Writes all of `chunk`, however many calls that takes."""
    view = memoryview(chunk)
    while view:
        view = view[os.write(descriptor, view) :]


@contextmanager
def full_disk_refused() -> Iterator[None]:
    """Turns a full disk, or a file size the system does not allow, into NoSpace."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise NoSpace("The server's disk is full. Nothing was kept; try again later.") from error
        raise
