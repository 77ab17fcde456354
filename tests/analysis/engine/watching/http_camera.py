"""A camera that is asked over HTTP: MJPEG, a file, or whatever a test wants it to send."""

import hashlib
import io
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image

from tests.clips import scene

BOUNDARY = "--frame"
MULTIPART = "multipart/x-mixed-replace; boundary=frame"
REALM, NONCE = "camera", "9f3a"

# What one viewer is sent: it is handed a way to write and one to wait that ends with the camera.
Sends = Callable[["Viewer"], None]


class Viewer:
    """One request under way; `number` counts them from 0."""

    def __init__(self, handler: BaseHTTPRequestHandler, number: int, over: threading.Event) -> None:
        self.handler, self.number, self.over = handler, number, over

    def begin(self, media_type: str, status: int = 200, **headers: str) -> None:
        self.handler.send_response(status)
        for name, value in ({"Content-Type": media_type} | headers).items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.end_headers()

    def write(self, content: bytes) -> None:
        self.handler.wfile.write(content)

    def pause(self, seconds: float = 0.03) -> None:
        self.over.wait(seconds)

    def hold(self) -> None:
        """Sends nothing any more until the camera is switched off."""
        self.over.wait()

    def picture(self, number: int, width: int = 320, height: int = 240) -> None:
        """One part of an MJPEG stream."""
        self.part(jpeg(number, width, height))

    def part(self, coded: bytes) -> None:
        head = f"{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(coded)}\r\n\r\n"
        self.write(head.encode() + coded + b"\r\n")


def jpeg(number: int, width: int = 320, height: int = 240) -> bytes:
    made = io.BytesIO()
    Image.fromarray(scene(number, width, height)).save(made, "JPEG", quality=90)
    return made.getvalue()


def mjpeg(count: int | None = None, *, then: Sends = lambda viewer: None, pause: float = 0.03) -> Sends:
    """So many pictures, or pictures until it is switched off."""

    def send(viewer: Viewer) -> None:
        viewer.begin(MULTIPART)
        number = 0
        while not viewer.over.is_set() and (count is None or number < count):
            viewer.picture(number)
            viewer.pause(pause)
            number += 1
        then(viewer)

    return send


class HttpCamera:
    """`asked` holds the request lines with their headers. login: asked for by Digest. tls: what it shows over https.

    `connections` counts those that began, whether or not anything was asked.
    """

    def __init__(
        self, *sends: Sends, login: tuple[str, str] | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self.asked: list[str] = []
        self.connections = 0
        self._scheme = "https" if tls else "http"
        self.over = threading.Event()
        self._sends, self._login, self._served = list(sends), login, 0
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def setup(self) -> None:
                camera.connections += 1
                if tls:
                    # by its own thread, so that one who does not finish keeps nobody waiting
                    self.request = tls.wrap_socket(self.request, server_side=True)
                super().setup()

            def do_GET(self) -> None:
                camera._answer(self)

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # viewers hang up
        self.port = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}/video?channel=1"

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> "HttpCamera":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(f"{handler.requestline}\r\n{handler.headers}")
        if self._login and not self._knows(handler):
            handler.send_response(401)
            handler.send_header("WWW-Authenticate", f'Digest realm="{REALM}", nonce="{NONCE}", qop="auth"')
            handler.end_headers()
            return
        send = self._sends[min(self._served, len(self._sends) - 1)]
        self._served += 1
        send(Viewer(handler, self._served - 1, self.over))

    def _knows(self, handler: BaseHTTPRequestHandler) -> bool:
        user, password = self._login or ("", "")
        said = (handler.headers["Authorization"] or "").removeprefix("Digest ")
        parts = {name: text.strip('"') for name, _, text in (one.partition("=") for one in said.split(", "))}

        def md5(*texts: str) -> str:
            return hashlib.md5(":".join(texts).encode()).hexdigest()  # noqa: S324 - what cameras ask for

        proof = md5(
            md5(user, REALM, password),
            NONCE,
            parts.get("nc", ""),
            parts.get("cnonce", ""),
            "auth",
            md5("GET", handler.path),
        )
        return parts.get("uri") == handler.path and parts.get("response") == proof
