"""One piece of an upload, on its way."""

import fcntl
import hashlib
import hmac
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID, uuid4

from analysis.uploads import running_hashes
from analysis.uploads.incoming import full_disk_refused, write_all
from analysis.uploads.multipart import Readable
from analysis.uploads.places import incoming_root
from analysis.uploads.refusals import TooLarge, WrongHash

_READ_BYTES = 2**18
ALGORITHMS = ("sha1", "sha256")


@dataclass(frozen=True)
class Checksum:
    """What the sender says a piece hashes to; `algorithm` is one of ALGORITHMS."""

    algorithm: str
    digest: bytes


class Piece:
    """A context manager: a piece in a file of its own, at most `room` bytes, gone at the end."""

    def __init__(self, upload_id: UUID, *, room: int) -> None:
        self.path = incoming_root() / f"{upload_id}.{uuid4().hex}.piece"
        self.size_bytes = 0
        self._room = room
        self._file = self.path.open("x+b", buffering=0)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def fill(self, body: Readable) -> None:
        """Reads `body` to its end. Raises TooLarge beyond the room, NoSpace, and what `body` raises."""
        while chunk := body.read(_READ_BYTES):
            if self.size_bytes + len(chunk) > self._room:
                raise TooLarge(f"This piece is too long: {self._room} bytes may be sent at this offset.")
            with full_disk_refused():
                write_all(self._file.fileno(), chunk)
            self.size_bytes += len(chunk)

    def check(self, checksum: Checksum) -> None:
        """Raises WrongHash when the piece is not what the sender sent."""
        digest = self.hashed(hashlib.new(checksum.algorithm)).digest()
        if not hmac.compare_digest(digest, checksum.digest):
            raise WrongHash("The piece arrived damaged: its checksum is another. Send it again.")

    def hashed(self, state: "running_hashes.Hash") -> "running_hashes.Hash":
        """`state` after the bytes of this piece."""
        self._file.seek(0)
        while chunk := self._file.read(_READ_BYTES):
            state.update(chunk)
        return state

    def fileno(self) -> int:
        """The open file."""
        return self._file.fileno()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)


def copy_behind(target: Path, offset: int, piece: Piece) -> None:
    """Puts the piece into `target` at `offset`, on the disk for good before this returns."""
    handle = os.open(target, os.O_WRONLY)
    try:
        copied = 0
        while copied < piece.size_bytes:
            copied += os.copy_file_range(
                piece.fileno(), handle, piece.size_bytes - copied, copied, offset + copied
            )
        os.ftruncate(handle, offset + piece.size_bytes)
        os.fdatasync(handle)
    finally:
        os.close(handle)
