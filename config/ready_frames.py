"""uvicorn's sockets, which also take frames that are encoded already.

A line that a hundred sockets watch is the same bytes for all of them, since servers do not mask. Encoding it
per socket, in a task per socket, is most of what a delivery costs; this writes it, if that is possible at once.
"""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State


class ReadyFrames(WebSocketsSansIOProtocol):
    """`realtime.outbox` finds `write_frame` behind the ASGI send of a socket; other servers have none."""

    def write_frame(self, frame: bytes) -> bool:
        """Writes the frame now; False, and nothing done, where it has to go through send.

        That is: before the handshake is done, once either side is closing, while the peer does not read, and
        where an extension was agreed on that changes frames.
        """
        if self.conn.extensions or not self.takes_frames:
            return False
        self.transport.write(frame)
        return True

    @property
    def takes_frames(self) -> bool:
        open_ = self.handshake_complete and not self.close_sent and self.conn.state is State.OPEN
        return open_ and self.writable.is_set() and not self.transport.is_closing()
