"""A camera that speaks RTSP (RFC 2326): H.264 in RTP, interleaved in the one TCP connection (section 10.12)."""

import hashlib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import Any

import av

from tests.clips import scene

_RTCP = range(200, 208)
REALM, NONCE = "camera", "b7e1f0"
SDP = """v=0
o=- 0 0 IN IP4 {host}
s=camera
c=IN IP4 {host}
t=0 0
{more}m=video 0 RTP/AVP 96
a=rtpmap:96 H264/90000
a=fmtp:96 packetization-mode=1
a=control:{control}
"""


def packets(seconds: float, *, fps: int = 25, width: int = 320, height: int = 240) -> Iterator[bytes]:
    """The moving square as RTP packets, made by libav's own packetizer."""

    class Sink:
        def __init__(self) -> None:
            self.made: list[bytes] = []

        def write(self, piece: bytes) -> int:
            self.made.append(bytes(piece))
            return len(piece)

    sink = Sink()
    with av.open(sink, "w", format="rtp", options={"packetsize": "1400"}) as file:
        stream: Any = file.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "g": "5"})
        stream.codec_context.flags &= ~av.codec.context.Flags.global_header
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, fps)
        for number in range(round(seconds * fps)):
            frame = av.VideoFrame.from_ndarray(scene(number, width, height), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            file.mux(stream.encode(frame))
            yield from sink.made
            sink.made.clear()
        file.mux(stream.encode(None))
        yield from sink.made


class RtspCamera:
    """Serves one viewer after the other; `asked` holds the lines and headers of every request.

    stall: after its pictures it keeps silent instead of hanging up. login: needed, by Digest or Basic. redirect:
    where it sends everybody. plays: the sizes of the pictures of one connection after the other, the last for all
    further ones; None refuses. tls: what it shows over rtsps.
    """

    def __init__(
        self,
        *,
        seconds: float = 1.0,
        stall: bool = False,
        login: tuple[str, str] | None = None,
        basic: bool = False,
        redirect: str | None = None,
        control: str = "track1",
        more: str = "",
        body: bytes | None = None,
        sizes: Sequence[tuple[int, int]] = ((320, 240),),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.asked: list[str] = []
        self.connections = 0
        self._seconds, self._stall, self._login, self._basic = seconds, stall, login, basic
        self._redirect, self._control, self._more, self._body = redirect, control, more, body
        self._sizes, self._tls = list(sizes), tls
        self._over = threading.Event()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"{'rtsps' if self._tls else 'rtsp'}://127.0.0.1:{self.port}/live/ch1?token=5"

    def close(self) -> None:
        self._over.set()
        for one in (self._door, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def __enter__(self) -> "RtspCamera":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                viewer, _ = self._door.accept()
            except OSError:
                return
            self._open.append(viewer)
            self.connections += 1
            threading.Thread(target=self._attend, args=(viewer,), daemon=True).start()

    def _attend(self, plain: socket.socket) -> None:
        with suppress(OSError), plain, self._secured(plain) as viewer:
            inbox = viewer.makefile("rb")
            while request := self._read(inbox):
                self.asked.append(request)
                self._answer(viewer, request)

    def _secured(self, viewer: socket.socket) -> socket.socket:
        return self._tls.wrap_socket(viewer, server_side=True) if self._tls else viewer

    def _read(self, inbox: Any) -> str:
        lines: list[bytes] = []
        while line := inbox.readline():
            if line.startswith(b"$") and not lines:
                continue
            if line == b"\r\n":
                break
            lines.append(line)
        return b"".join(lines).decode()

    def _answer(self, viewer: socket.socket, request: str) -> None:
        method, uri, _ = request.split(" ", 2)
        sequence = request.lower().split("cseq:", 1)[1].split("\r\n", 1)[0].strip()
        status, headers, body = "200 OK", "", b""
        if self._redirect:
            status, headers = "302 Moved Temporarily", f"Location: {self._redirect}\r\n"
        elif self._login and not self._knows(request, method):
            kind = f'Basic realm="{REALM}"' if self._basic else f'Digest realm="{REALM}", nonce="{NONCE}"'
            status, headers = "401 Unauthorized", f"WWW-Authenticate: {kind}\r\n"
        elif method == "OPTIONS":
            headers = "Public: DESCRIBE, SETUP, PLAY, TEARDOWN, OPTIONS\r\n"
        elif method == "DESCRIBE":
            text = SDP.format(host="127.0.0.1", control=self._control, more=self._more)
            body = text.replace("\n", "\r\n").encode() if self._body is None else self._body
            headers = f"Content-Type: application/sdp\r\nContent-Base: {uri}/\r\n"
        elif method == "SETUP":
            headers = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 4711;timeout=60\r\n"
        else:
            headers = "Session: 4711\r\n"
        if body:
            headers += f"Content-Length: {len(body)}\r\n"
        viewer.sendall(f"RTSP/1.0 {status}\r\nCSeq: {sequence}\r\n{headers}\r\n".encode() + body)
        if method == "PLAY" and status == "200 OK":
            self._play(viewer)

    def _knows(self, request: str, method: str) -> bool:
        user, password = self._login or ("", "")
        if self._basic:
            return "Authorization: Basic dmlld2VyOnMzY3JldCFwYXNz" in request  # viewer:s3cret!pass
        said = request.partition("Authorization: Digest ")[2].split("\r\n", 1)[0]
        parts = {name: text.strip('"') for name, _, text in (one.partition("=") for one in said.split(", "))}

        def md5(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - RFC 2069 has no other

        uri = request.split(" ", 2)[1]
        proof = md5(f"{md5(f'{user}:{REALM}:{password}')}:{NONCE}:{md5(f'{method}:{uri}')}")
        return parts.get("uri") == uri and parts.get("response") == proof

    def _play(self, viewer: socket.socket) -> None:
        width, height = self._sizes.pop(0) if len(self._sizes) > 1 else self._sizes[0]
        pause = threading.Event()
        for number, packet in enumerate(packets(self._seconds, width=width, height=height)):
            channel = 1 if packet[1] in _RTCP else 0
            viewer.sendall(b"$" + bytes([channel]) + len(packet).to_bytes(2, "big") + packet)
            if number % 4 == 3:
                # at about its own rate: a camera does not send a second of pictures at once
                pause.wait(0.02)
        if self._stall:
            self._over.wait()
        viewer.shutdown(socket.SHUT_RDWR)
