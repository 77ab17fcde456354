"""uvicorn, with a limit on everything of a request that is not its body.

The parser of uvicorn's default protocol gathers a header, a chunk extension or a trailer in memory however
long it gets, copying what it has with every packet: one stranger who sends a header of 200 MB would stop
every socket for minutes. `python -m config.bounded_http uvicorn …` is uvicorn's own command, bounded.
"""

import sys
from typing import Any

import uvicorn
from uvicorn.config import HTTP_PROTOCOLS, WS_PROTOCOLS
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from config.env import environment
from config.open_files import raise_limit, warn_if_too_low

HEAD_BYTES = 128 * 1024
# The key under which realtime.streams leaves what ends a stream; written out, since Django is not set up here.
LEAVE = "assay.leave"
_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 41\r\nconnection: close\r\n\r\n"
    b"The headers of this request are too long."
)


class BoundedHttp(HttpToolsProtocol):
    """Counts what arrives until the parser has something to hand over, and ends who sends too much of it."""

    _undelivered_bytes = 0

    def data_received(self, data: bytes) -> None:
        self._undelivered_bytes += len(data)
        super().data_received(data)
        if self._undelivered_bytes > HEAD_BYTES and not self.transport.is_closing():
            self._refuse()

    def on_headers_complete(self) -> None:
        self._undelivered_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._undelivered_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._undelivered_bytes = 0
        super().on_message_complete()

    def shutdown(self) -> None:
        """The server stops: a stream of events, which never ends by itself, is told to."""
        scope: dict[str, Any] = dict(self.cycle.scope) if self.cycle else {}
        if leave := scope.get(LEAVE):
            leave()
        super().shutdown()

    def _refuse(self) -> None:
        self.logger.warning("A request with headers beyond %d bytes was refused.", HEAD_BYTES)
        # In the middle of an answer to this request, or to one before it, there is no place for another.
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(_REFUSAL)
        self.transport.close()


def main() -> None:
    """uvicorn's command line; the word itself stays in it, so that people and tools find the web process."""
    env = environment()
    warn_if_too_low(raise_limit(), env.sockets_per_user)
    HTTP_PROTOCOLS["auto"] = "config.bounded_http:BoundedHttp"
    compressing = "config.compression:CompressingSockets"
    WS_PROTOCOLS["auto"] = compressing if env.socket_compression else "config.ready_frames:ReadyFrames"
    uvicorn.main(sys.argv[2:], prog_name="uvicorn")


if __name__ == "__main__":
    main()
