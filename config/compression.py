"""Sockets whose large frames are compressed (permessage-deflate, RFC 7692), for networks that are slow or costly.

Neither side keeps a window from one message to the next. So an idle socket costs no more than without
compression, and a line that goes to many sockets is compressed once for all of them.
"""

import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import CTRL_OPCODES, Frame, Opcode
from websockets.typing import ExtensionParameter

from config.ready_frames import ReadyFrames

# Below this, headers of a network packet weigh more than what is saved.
LARGE_BYTES = 1024
LEVEL = 3
KEPT_FRAMES = 64
_TAIL = b"\x00\x00\xff\xff"
# by the length in a frame's second byte
_HEADER_BYTES = {126: 4, 127: 10}


class LargeFrames(PerMessageDeflate):
    """Compresses whole frames from LARGE_BYTES on; smaller ones go as they are, which the protocol allows."""

    def encode(self, frame: Frame) -> Frame:
        whole = frame.fin and frame.opcode is not Opcode.CONT and frame.opcode not in CTRL_OPCODES
        if not whole or len(frame.data) < LARGE_BYTES:
            return frame
        data = _deflated(bytes(frame.data), self.local_max_window_bits)
        return Frame(frame.opcode, data, True, True, frame.rsv2, frame.rsv3)


class LargeFramesFactory(ServerPerMessageDeflateFactory):
    """Agrees with each client that offers it; others get their frames as they are."""

    def __init__(self) -> None:
        super().__init__(server_no_context_takeover=True, client_no_context_takeover=True)

    def process_request_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Any]
    ) -> tuple[list[ExtensionParameter], PerMessageDeflate]:
        answer, agreed = super().process_request_params(params, accepted_extensions)
        ours = LargeFrames(
            agreed.remote_no_context_takeover,
            agreed.local_no_context_takeover,
            agreed.remote_max_window_bits,
            agreed.local_max_window_bits,
        )
        return answer, ours


class CompressingSockets(ReadyFrames):
    """Sockets that offer compression of large frames."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.conn.available_extensions = [LargeFramesFactory()]

    def write_frame(self, frame: bytes) -> bool:
        """Writes the frame now, compressed where that was agreed on; False where it has to go through send."""
        agreed = self.conn.extensions
        if not agreed:
            return super().write_frame(frame)
        if not self.takes_frames or not isinstance(agreed[0], LargeFrames):
            return False
        self.transport.write(_deflated_frame(frame, agreed[0].local_max_window_bits))
        return True


@lru_cache(maxsize=KEPT_FRAMES)
def _deflated_frame(frame: bytes, window_bits: int) -> bytes:
    text = frame[_HEADER_BYTES.get(frame[1], 2) :]
    if len(text) < LARGE_BYTES:
        return frame
    compressing = LargeFrames(True, True, window_bits, window_bits)
    return Frame(Opcode.TEXT, text).serialize(mask=False, extensions=[compressing])


def _deflated(data: bytes, window_bits: int) -> bytes:
    encoder = zlib.compressobj(LEVEL, wbits=-window_bits)
    return (encoder.compress(data) + encoder.flush(zlib.Z_SYNC_FLUSH)).removesuffix(_TAIL)
