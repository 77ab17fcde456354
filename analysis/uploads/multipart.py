"""Splits a multipart/form-data body (RFC 7578) while it arrives.

Not Django's parser: that one takes a part whose headers are longer than 1 KB for plain text (a file with a
name of 4 KB would vanish), and reads nothing when the length of the body is not announced.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from django.utils.http import parse_header_parameters

READ_BYTES = 2**20
MAX_HEADER_BYTES = 32 * 1024
MAX_PARTS = 32


class Malformed(ValueError):
    """The body is not multipart/form-data as announced."""


class Readable(Protocol):
    """What the body is read from."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes; b"" at the end."""


@dataclass(frozen=True)
class Part:
    """One field. `filename` is None for a field that is no file; `chunks` must be used up before the next part."""

    name: str
    filename: str | None
    chunks: Iterator[bytes]


def boundary_of(content_type: str) -> bytes:
    """The boundary a Content-Type header names. Raises Malformed."""
    try:
        media_type, parameters = parse_header_parameters(content_type)
    except ValueError as error:
        raise Malformed("The Content-Type header cannot be read.") from error
    boundary = parameters.get("boundary", "")
    if media_type != "multipart/form-data" or not 1 <= len(boundary) <= 200 or not boundary.isascii():
        raise Malformed("Send the file as multipart/form-data with a boundary.")
    return boundary.encode()


def parts(body: Readable, boundary: bytes) -> Iterator[Part]:
    """The parts of a body, in order. Raises Malformed, also when the body ends too early."""
    splitter = _Splitter(body)
    delimiter = b"\r\n--" + boundary
    splitter.skip(splitter.until(delimiter))
    for _ in range(MAX_PARTS):
        if splitter.line() == b"--":
            return
        headers = b"".join(splitter.until(b"\r\n\r\n", limit=MAX_HEADER_BYTES))
        name, filename = _disposition(headers)
        chunks = splitter.until(delimiter)
        yield Part(name, filename, chunks)
        splitter.skip(chunks)
    raise Malformed(f"The form has more than {MAX_PARTS} parts.")


class _Splitter:
    """A body with a window of what was read and not yet taken."""

    def __init__(self, body: Readable) -> None:
        self._body = body
        self._window = b"\r\n"  # so that the first delimiter looks like all others

    def until(self, marker: bytes, *, limit: int | None = None) -> Iterator[bytes]:
        """What comes before `marker`, which is taken too. Raises Malformed above `limit` bytes."""
        given = 0
        while (at := self._window.find(marker)) < 0:
            keep = len(marker) - 1
            chunk, self._window = self._window[:-keep], self._window[-keep:]
            given += len(chunk)
            if limit is not None and given > limit:
                raise Malformed("The headers of a part are too long.")
            if chunk:
                yield chunk
            self._more()
        chunk, self._window = self._window[:at], self._window[at + len(marker) :]
        if chunk:
            yield chunk

    def line(self) -> bytes:
        """What follows a delimiter: b"--" at the end of the form, b"" before a part."""
        while len(self._window) < 2:
            self._more()
        if self._window.startswith(b"--"):
            return b"--"
        padding = b"".join(self.until(b"\r\n", limit=256))
        if padding.strip(b" \t"):
            raise Malformed("There is something behind a boundary of the form.")
        # the blank line that ends the headers may follow at once
        self._window = b"\r\n" + self._window
        return b""

    def skip(self, chunks: Iterator[bytes]) -> None:
        """Drops the rest of a part."""
        for _ in chunks:
            pass

    def _more(self) -> None:
        chunk = self._body.read(READ_BYTES)
        if not chunk:
            raise Malformed("The form ends in the middle of a part: the upload was cut off.")
        self._window += chunk


def _disposition(headers: bytes) -> tuple[str, str | None]:
    for line in headers.split(b"\r\n"):
        title, _, value = line.decode("utf-8", "replace").partition(":")
        if title.strip().lower() == "content-disposition":
            return _name_and_filename(value.strip())
    raise Malformed("A part of the form has no Content-Disposition.")


def _name_and_filename(value: str) -> tuple[str, str | None]:
    try:
        kind, parameters = parse_header_parameters(value)
    except ValueError as error:
        raise Malformed("A Content-Disposition of the form cannot be read.") from error
    if kind != "form-data" or not parameters.get("name"):
        raise Malformed("A part of the form has no name.")
    return parameters["name"], parameters.get("filename")
