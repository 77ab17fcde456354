"""A program that watches cameras: reads a live view part by part."""

import http.client
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from tests.product import Server

BOUNDARY = b"--assay-frame"


@dataclass(frozen=True)
class Part:
    """What a live view showed."""

    shows: str
    picture: bytes


class Viewer:
    """One open live view; `parts` ends when the server ends it."""

    def __init__(self, server: Server, camera: UUID, headers: Mapping[str, str], query: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        self._connection.request("GET", f"/api/v1/cameras/{camera}/live/{query}", headers=dict(headers))
        self.answer = self._connection.getresponse()

    def parts(self) -> Iterator[Part]:
        """Each part as it comes."""
        assert self.answer.read(len(BOUNDARY)) == BOUNDARY
        while self.answer.readline() == b"\r\n":
            head = dict(self._head())
            picture = self.answer.read(int(head["content-length"]))
            assert self.answer.read(2 + len(BOUNDARY)) == b"\r\n" + BOUNDARY
            yield Part(head["assay-shows"], picture)

    def _head(self) -> Iterator[tuple[str, str]]:
        while line := self.answer.readline().strip():
            name, _, value = line.decode().partition(": ")
            yield name.lower(), value

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
