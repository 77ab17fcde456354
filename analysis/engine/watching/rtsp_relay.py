"""Stands between libav and a camera that speaks RTSP (RFC 2326), over TCP alone.

libav would follow a redirect to any host and puts addresses into its messages. So it is told of a socket of this
process only: what it asks goes on to the one allowed address, with the camera's own name and with credentials that
libav never sees; a redirect ends the connection, and what the camera says is written anew (see `rtsp_answers`).
"""

import re
import secrets
import select
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread

from analysis.engine.watching.authorisation import Login
from analysis.engine.watching.connection import Place, connect, reason_of
from analysis.engine.watching.rtsp_answers import Said
from analysis.engine.watching.source import SourceFailed

_PIECE = 1 << 16
_MOST_HEAD, _MOST_BODY = 16 << 10, 256 << 10
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})", re.IGNORECASE)
_BEGINNING = re.compile(rb"\$|RTSP/|[A-Z_]{3,20} ")


class RtspRelay:
    """One connection to one camera. `failure` says why the camera or we broke it off, `refusal` what the camera last
    refused."""

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
        self.failure: SourceFailed | None = None
        self.refusal: SourceFailed | None = None
        self._place, self._login, self._within = Place.of(address), login, silent_seconds
        self._camera = connect(self._place, pinned_ip, open_seconds, authorities)
        self._door = socket.create_server(("127.0.0.1", 0), backlog=1)
        self._door.settimeout(open_seconds)
        # the secret keeps other programs of this machine from asking the camera through us
        self._own = f"rtsp://127.0.0.1:{self._door.getsockname()[1]}/{secrets.token_hex(16)}"
        self._asked: tuple[bytes, str, str] | None = None
        self._challenges: list[str] = []
        self._answers = 0
        self._tried = self._stale = False
        Thread(target=self._run, name="rtsp relay", daemon=True).start()

    @property
    def url(self) -> str:
        """What libav is to open."""
        return self._own + self._place.asked

    def close(self) -> None:
        for one in (self._camera, self._door):
            # wakes whoever waits on it; it may be closed already
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _run(self) -> None:
        try:
            with self._door:
                client, _ = self._door.accept()
        except OSError:
            return
        with client, self._camera:
            # known before the connection closes, since libav looks for it then
            try:
                self._pump(client)
            except SourceFailed as error:
                self.failure = error
            except OSError as error:
                self.failure = SourceFailed(reason_of(error, self._within))

    def _pump(self, client: socket.socket) -> None:
        from_camera, from_client = bytearray(), bytearray()
        while True:
            # what TLS holds decrypted is not seen by select
            held = getattr(self._camera, "pending", lambda: 0)()
            ready, _, _ = select.select([client, self._camera], [], [], 0 if held else self._within)
            if not ready and not held:
                raise TimeoutError
            if client in ready:
                if not _read(client, from_client):
                    return
                for message in messages(from_client):
                    self._ask(message)
            if held or self._camera in ready:
                if not self._heard(from_camera):
                    return
                for message in messages(from_camera):
                    client.sendall(self._passed(message))

    def _heard(self, buffer: bytearray) -> bool:
        """Takes what is there of the camera; whether it may go on."""
        # Over TLS what has come may be tickets, or half a record: to wait for the rest of it here would keep from the
        # camera what libav asks, and for that it may be waiting.
        self._camera.settimeout(0)
        try:
            return _read(self._camera, buffer)
        except (ssl.SSLWantReadError, BlockingIOError):
            return True
        finally:
            self._camera.settimeout(self._within)

    def _ask(self, message: bytes) -> None:
        if message.startswith((b"$", b"RTSP/")):
            self._camera.sendall(message)
            return
        method, _, rest = message.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")
        if not rest.startswith(self._own):
            raise SourceFailed("what it describes is at another address, which is not asked")
        message = message.replace(self._own.encode(), f"{self._place.scheme}://{self._place.named}".encode())
        rest = rest.replace(self._own, f"{self._place.scheme}://{self._place.named}")
        uri = rest.partition(" ")[0]
        self._asked, self._tried = (message, method, uri), False
        self._stale = False
        self._send()

    def _send(self) -> None:
        """The last question once more, with what the camera's challenge asks for."""
        if self._asked is None:
            return
        message, method, uri = self._asked
        self._answers += bool(self._challenges)
        said = self._login.answer(self._challenges, method, uri, count=self._answers)
        if said:
            head, _, body = message.partition(b"\r\n\r\n")
            message = head + b"\r\nAuthorization: " + said.encode() + b"\r\n\r\n" + body
            self._tried = True
        self._camera.sendall(message)

    def _passed(self, message: bytes) -> bytes:
        """What libav is to see of that. Raises SourceFailed for what ends the connection."""
        if message.startswith(b"$"):
            return message
        said = Said.of(message)
        status = said.status or 0
        if 300 <= status < 400:
            raise SourceFailed(
                f"it sends us to another address ({status}), which is not followed: enter that one"
            )
        if status == 401:
            self._meet(said)
            return b""
        if status >= 400:
            self.refusal = SourceFailed(f"it answers with status {status}")
        return said.written(self._own) if said.is_for_libav else b""

    def _meet(self, said: Said) -> None:
        fresh = said.of_name("www-authenticate")
        stale = any("stale=true" in one.lower() for one in fresh)
        if self._tried and (self._stale or not stale):
            raise SourceFailed("it does not accept the user and the password (401)")
        self._stale = self._tried
        self._challenges, self._answers, self._tried = fresh, 0, False
        if self._asked is None or self._login.answer(fresh, "OPTIONS", "*") is None:
            raise SourceFailed("it asks for a user and a password (401)")
        self._send()


def messages(buffer: bytearray) -> Iterator[bytes]:
    """The whole messages and interleaved packets at the head of `buffer`, which are taken out of it.

    Raises SourceFailed for what is neither, and too long.
    """
    while buffer:
        if not _BEGINNING.match(buffer):
            # some cameras leave padding between packets
            found = _BEGINNING.search(buffer, 1)
            if found is None:
                if len(buffer) > _MOST_HEAD:
                    raise SourceFailed("what it answers is no RTSP")
                return
            del buffer[: found.start()]
        length = _length(buffer)
        if length is None or len(buffer) < length:
            return
        yield bytes(buffer[:length])
        del buffer[:length]


def _length(buffer: bytearray) -> int | None:
    if buffer[0] == ord("$"):
        return 4 + int.from_bytes(buffer[2:4], "big") if len(buffer) >= 4 else None
    end = buffer.find(b"\r\n\r\n")
    if end < 0 and len(buffer) <= _MOST_HEAD:
        return None
    body = _LENGTH.search(buffer, 0, max(end, 0))
    size = int(body[1]) if body else 0
    if not 0 <= end <= _MOST_HEAD or size > _MOST_BODY:
        raise SourceFailed("what it answers is no RTSP")
    return end + 4 + size


def _read(one: socket.socket, buffer: bytearray) -> bool:
    piece = one.recv(_PIECE)
    buffer += piece
    return bool(piece)
