"""SHA-256 of uploads as far as they have arrived, so that the last piece of 2 GB is answered at once.

The state of a hash cannot be stored, so it is remembered by the process that took the pieces. Another
process, or the same one after a restart, reads the file once more at the end: slower, never wrong.
"""

import hashlib
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Protocol, Self
from uuid import UUID

_KEPT = 256
_READ_BYTES = 2**20
_lock = Lock()
_states: OrderedDict[UUID, tuple[int, "Hash"]] = OrderedDict()


class Hash(Protocol):
    """What hashlib makes."""

    def update(self, data: bytes, /) -> None: ...
    def copy(self) -> Self: ...
    def digest(self) -> bytes: ...
    def hexdigest(self) -> str: ...


class Hashable(Protocol):
    """Bytes that can be added to a hash."""

    size_bytes: int

    def hashed(self, state: Hash) -> Hash: ...


def advance(upload_id: UUID, offset: int, piece: Hashable) -> None:
    """Adds a piece that was stored at `offset`; forgets the upload when pieces before it are unknown."""
    with _lock:
        reached, state = _states.pop(upload_id, (0, hashlib.sha256()))
    if reached != offset:
        return
    piece.hashed(state)
    with _lock:
        _states[upload_id] = (offset + piece.size_bytes, state)
        while len(_states) > _KEPT:
            _states.popitem(last=False)


def digest(upload_id: UUID, path: Path, length: int) -> str:
    """The hexadecimal SHA-256 of the first `length` bytes, which are all in `path`."""
    with _lock:
        reached, state = _states.get(upload_id, (0, hashlib.sha256()))
        state = state.copy()
    with path.open("rb", buffering=0) as file:
        file.seek(reached)
        while reached < length and (chunk := file.read(min(_READ_BYTES, length - reached))):
            state.update(chunk)
            reached += len(chunk)
    return state.hexdigest()


def forget(upload_id: UUID) -> None:
    """The upload has ended."""
    with _lock:
        _states.pop(upload_id, None)
