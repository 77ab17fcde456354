"""Resumable uploads (tus 1.0): a file in checked pieces, gone on with after a cut or a new start.

Nothing is remembered on this machine. An upload begins with an Idempotency-Key made from the file's own
SHA-256 and what is said of it: asked again, the server names the upload it has begun already.
"""

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from assay_client.backoff import Backoff
from assay_client.errors import AssayError, BadAnswer, Conflict, Gone, NotFound, Problem, Unreachable
from assay_client.http import Answer, Http, passes

PIECE_BYTES = 8 * 2**20
SMALLEST_BYTES = 256 * 1024
# How often one file may begin anew: uploads of it that were finished before, or expired.
BEGINNINGS = 100
_TUS = {"Tus-Resumable": "1.0.0"}
_DAMAGED = 460


@dataclass(frozen=True)
class Sent:
    """How much of a file the server has."""

    sent_bytes: int
    size_bytes: int


@dataclass(frozen=True)
class Uploaded:
    """What the file became: a media and, unless it was not to be examined, its run, as REST shows them."""

    media: Mapping[str, Any]
    run: Mapping[str, Any] | None

    @property
    def topic(self) -> str:
        """The run's log: what `follow` takes. Raises ValueError when there is no run."""
        if self.run is None:
            raise ValueError("This file is not being examined, so there is nothing to follow.")
        return str(self.run["topic"])


@dataclass(frozen=True)
class Wish:
    """What is to be uploaded, and what the server is told of it."""

    path: Path
    detectors: Sequence[str] | None = None
    description: str | None = None
    analyze: bool = True
    resume: bool = True
    stress: bool = False
    stress_seconds: int | None = None


class Transfer:
    """An upload that begins when it is awaited or iterated over. Iterating gives a `Sent` per piece.

    `await transfer` is the `Uploaded`; after iterating, so is `transfer.uploaded`.
    """

    def __init__(self, http: Http, wish: Wish) -> None:
        self._http = http
        self._wish = wish
        self._piece_bytes = PIECE_BYTES
        self._done: Uploaded | None = None

    @property
    def uploaded(self) -> Uploaded:
        """Raises ValueError before the last byte was taken."""
        if self._done is None:
            raise ValueError("The upload is not complete.")
        return self._done

    def __await__(self) -> Generator[Any, None, Uploaded]:
        return self._finish().__await__()

    async def _finish(self) -> Uploaded:
        async for _ in self:
            pass
        return self.uploaded

    async def __aiter__(self) -> AsyncGenerator[Sent, None]:
        size_bytes, digest = await asyncio.to_thread(_measured, self._wish.path)
        for beginning in range(BEGINNINGS):
            path, offset = await self._begin(size_bytes, digest, beginning)
            if offset == size_bytes:
                continue  # it was uploaded before; the same file is being sent once more
            try:
                async for sent in self._send(path, offset, size_bytes):
                    yield sent
            except (Gone, NotFound):
                continue
            self._done = await self._result(path)
            return
        raise AssayError(
            f"{self._wish.path.name} was begun {BEGINNINGS} times today; wait, or use resume=False."
        )

    async def _begin(self, size_bytes: int, digest: str, beginning: int) -> tuple[str, int]:
        """The path of an upload and how much of it the server has: all of it, when it cannot be gone on with."""
        said = _metadata(self._wish, digest)
        key = f"assay-client {beginning} {sha256(said.encode()).hexdigest()}"
        headers = {"Upload-Length": str(size_bytes), "Upload-Metadata": said, **_TUS}
        headers["Idempotency-Key"] = key if self._wish.resume else str(uuid4())
        answer = await self._http.ask("POST", "/api/v1/uploads/", headers=headers)
        try:
            path = self._http.server.path_of(answer.headers["Location"])
        except (KeyError, ValueError) as fault:
            raise BadAnswer("The server did not say where the upload is.") from fault
        try:
            return path, await self._offset(path)
        except (Gone, NotFound):
            return path, size_bytes

    async def _offset(self, path: str) -> int:
        return _offset(await self._http.ask("HEAD", path, headers=_TUS))

    async def _send(self, path: str, offset: int, size_bytes: int) -> AsyncGenerator[Sent, None]:
        yield Sent(offset, size_bytes)
        until, backoff = monotonic() + self._http.patience_seconds, Backoff()
        while offset < size_bytes:
            before = offset
            try:
                offset = await self._send_piece(path, offset)
            except (Unreachable, Problem) as fault:
                if not _mends(fault) or monotonic() > until:
                    raise
                # Only whole pieces count: where the line is bad, smaller ones get through.
                self._piece_bytes = max(SMALLEST_BYTES, self._piece_bytes // 2)
                await asyncio.sleep(backoff.seconds())
                offset = await self._offset(path)
            if offset > before:
                until, backoff = monotonic() + self._http.patience_seconds, Backoff()
                yield Sent(offset, size_bytes)

    async def _send_piece(self, path: str, offset: int) -> int:
        content = await asyncio.to_thread(_piece, self._wish.path, offset, self._piece_bytes)
        if not content:
            raise AssayError(f"{self._wish.path.name} became shorter while it was uploaded.")
        headers = {
            "Upload-Offset": str(offset),
            "Upload-Checksum": f"sha256 {b64encode(sha256(content).digest()).decode()}",
            "Content-Type": "application/offset+octet-stream",
            **_TUS,
        }
        return _offset(await self._http.once("PATCH", path, content=content, headers=headers))

    async def _result(self, path: str) -> Uploaded:
        media = (await self._http.get(path)).object()
        run = media.get("run")
        return Uploaded(media, run if isinstance(run, dict) else None)


def _mends(fault: Unreachable | Problem) -> bool:
    """Whether asking for the offset and sending again may do. 409: the piece had arrived after all."""
    if isinstance(fault, Problem):
        return passes(fault) or isinstance(fault, Conflict) or fault.status in (_DAMAGED, 500)
    return True


def _offset(answer: Answer) -> int:
    text = answer.headers.get("Upload-Offset", "")
    if not (text.isascii() and text.isdecimal()):
        raise BadAnswer("The server did not say how much it has.")
    return int(text)


def _measured(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


def _piece(path: Path, offset: int, size_bytes: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(size_bytes)


def _metadata(wish: Wish, digest: str) -> str:
    said = {"filename": wish.path.name, "sha256": digest}
    if wish.description is not None:
        said["description"] = wish.description
    if wish.detectors:
        said["detectors"] = ",".join(wish.detectors)
    if not wish.analyze:
        said["analyze"] = "false"
    if wish.stress:
        said["stress"] = "true"
    if wish.stress_seconds is not None:
        said["stress_seconds"] = str(wish.stress_seconds)
    return ",".join(f"{name} {b64encode(value.encode()).decode()}" for name, value in said.items())
