"""What a camera sends over HTTP, as a file that is read from the beginning on.

Asked for by us and not by libav, which would follow a redirect to any host and scheme, and puts addresses with their
credentials into its messages. Redirects are not followed at all.
"""

import http.client
import socket
from pathlib import Path
from typing import Self

from analysis.engine.watching.authorisation import Login
from analysis.engine.watching.connection import Place, connect, reason_of
from analysis.engine.watching.source import SourceFailed

_PIECE = 1 << 16


class HttpBody:
    """The body of the answer to one GET; libav reads it like a file that cannot be sought in."""

    def __init__(
        self,
        address: str,
        login: Login,
        pinned_ip: str | None,
        *,
        open_seconds: float,
        silent_seconds: float,
        authorities: Path | None = None,
    ) -> None:
        self._place, self._pinned_ip, self._within = Place.of(address), pinned_ip, open_seconds
        self._authorities, self._head = authorities, b""
        self._answer = self._ask(None)
        if self._answer.status == 401:
            challenges = self._answer.headers.get_all("WWW-Authenticate") or []
            said = login.answer(challenges, "GET", self._place.asked)
            self._answer.close()
            if said is None:
                raise SourceFailed("it asks for a user and a password (401)")
            self._answer = self._ask(said)
        self._refuse()
        self._within = silent_seconds
        self._socket.settimeout(silent_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._answer.close()

    @property
    def media_type(self) -> str:
        return self._answer.headers.get_content_type()

    def peek(self, count: int) -> bytes:
        """The first bytes, at least so many unless it ends before, which are read again afterwards."""
        while len(self._head) < count and (piece := self._take(_PIECE)):
            self._head += piece
        return self._head

    def read(self, count: int = _PIECE) -> bytes:
        """What is there, at most `count` bytes; nothing at the end. Raises SourceFailed."""
        if self._head:
            taken, self._head = self._head[:count], self._head[count:]
            return taken
        return self._take(count)

    def _take(self, count: int) -> bytes:
        try:
            return self._answer.read1(count)
        except http.client.HTTPException:
            raise SourceFailed("it broke off in the middle") from None
        except OSError as error:
            raise SourceFailed(reason_of(error, self._within)) from None

    def _ask(self, authorisation: str | None) -> http.client.HTTPResponse:
        connection = _Connection(self._place.host, self._place.port, timeout=self._within)
        connection.sock = self._socket = connect(
            self._place, self._pinned_ip, self._within, self._authorities
        )
        headers = {"Host": self._place.named, "Accept": "*/*", "Connection": "close"}
        # as bytes: http.client would write Latin-1, which has not all letters, and not those that were hashed
        said = {"Authorization": authorisation.encode()} if authorisation else {}
        try:
            connection.request("GET", self._place.asked, headers={**headers, **said})
            return connection.getresponse()
        except http.client.HTTPException:
            connection.close()
            raise SourceFailed("what it answers is no HTTP") from None
        except OSError as error:
            connection.close()
            raise SourceFailed(reason_of(error, self._within)) from None

    def _refuse(self) -> None:
        status = self._answer.status
        if status == 200:
            return
        self._answer.close()
        if status in {401, 403}:
            raise SourceFailed(f"it does not accept the user and the password ({status})")
        if 300 <= status < 400:
            raise SourceFailed(
                f"it sends us to another address ({status}), which is not followed: enter that one"
            )
        raise SourceFailed(f"it answers with status {status}")


class _Connection(http.client.HTTPConnection):
    """One that never connects by itself: the socket is given, and a second one would not be to the pinned address."""

    sock: socket.socket

    def connect(self) -> None:
        raise ConnectionError
