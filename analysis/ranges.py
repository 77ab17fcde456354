"""Stored files as answers: byte ranges, and nothing a browser would execute."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header, http_date, parse_http_date_safe

CHUNK_BYTES = 256 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; media-src 'self'; "
    "style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
    "Accept-Ranges": "bytes",
}


@dataclass(frozen=True)
class StoredFile:
    """A file and what is told about it. `sha256` is its strong validator."""

    path: Path
    filename: str
    media_type: str
    sha256: str
    modified: datetime

    @property
    def etag(self) -> str:
        return f'"{self.sha256}"'


class Unsatisfiable(Exception):
    """The range lies outside the file of `size_bytes`."""

    code = "range_unsatisfiable"

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"The file has {size_bytes} bytes; the part asked for lies outside of it.")
        self.size_bytes = size_bytes


def serve(request: HttpRequest, stored: StoredFile, *, download: bool = False) -> HttpResponseBase:
    """The file, or the part of it that was asked for: 200, 206 or 304. Raises FileNotFoundError, Unsatisfiable."""
    if request.headers.get("If-None-Match") == stored.etag:
        return _described(HttpResponse(status=304), stored, download=download)
    size_bytes = stored.path.stat().st_size
    part = _asked_part(request, stored, size_bytes)
    start, end = part or (0, size_bytes)
    file = stored.path.open("rb")
    file.seek(start)
    wanted = 0 if request.method == "HEAD" else end - start
    # Django reads a plain iterator to its end, into memory, before an ASGI server gets the first byte.
    chunks = _chunks_async if isinstance(request, ASGIRequest) else _chunks
    response = StreamingHttpResponse(chunks(file, wanted))
    response._resource_closers.append(file.close)  # type: ignore[attr-defined]  # every Django response has it
    response["Content-Length"] = str(end - start)
    if part is not None:
        response.status_code = 206
        response["Content-Range"] = f"bytes {start}-{end - 1}/{size_bytes}"
    return _described(response, stored, download=download)


def _described(response: HttpResponseBase, stored: StoredFile, *, download: bool) -> HttpResponseBase:
    for name, value in SAFE.items():
        response[name] = value
    response["Content-Type"] = stored.media_type
    response["ETag"] = stored.etag
    response["Last-Modified"] = http_date(stored.modified.timestamp())
    response["Content-Disposition"] = str(content_disposition_header(download, stored.filename))
    return response


def _chunks(file: BinaryIO, left: int) -> Iterator[bytes]:
    while left > 0 and (chunk := file.read(min(CHUNK_BYTES, left))):
        left -= len(chunk)
        yield chunk


async def _chunks_async(file: BinaryIO, left: int) -> AsyncIterator[bytes]:
    while left > 0 and (chunk := await asyncio.to_thread(file.read, min(CHUNK_BYTES, left))):
        left -= len(chunk)
        yield chunk


def _asked_part(request: HttpRequest, stored: StoredFile, size_bytes: int) -> tuple[int, int] | None:
    """The first and the last byte asked for (the last not included), or None for the whole file.

    Several ranges at once, other units and nonsense mean the whole file, as RFC 9110 allows; so does a range
    with HEAD, as it demands.
    """
    if request.method != "GET":
        return None
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    if match is None or match.groups() == ("", "") or not _still_the_same(request, stored):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size_bytes - int(last)), size_bytes
    else:
        start, end = int(first), min(int(last or size_bytes) + 1, size_bytes)
        if last and int(last) < start:
            return None
    if start >= end:
        raise Unsatisfiable(size_bytes)
    return start, end


def _still_the_same(request: HttpRequest, stored: StoredFile) -> bool:
    """If-Range: a part only makes sense of the file the client has the other part of."""
    condition = request.headers.get("If-Range")
    if condition is None:
        return True
    if condition.startswith(('"', "W/")):
        return condition == stored.etag
    return parse_http_date_safe(condition) == int(stored.modified.timestamp())
