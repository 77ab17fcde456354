"""Text frames of a WebSocket, encoded once for all sockets that are sent the same."""

import struct


class Framed:
    """A text and, made when first asked for, its frame on the wire (RFC 6455, 5.2: final, unmasked, text)."""

    __slots__ = ("_wire", "size_bytes", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.size_bytes = len(text) if text.isascii() else len(text.encode())
        self._wire: bytes | None = None

    @property
    def wire(self) -> bytes:
        """Header and payload."""
        if self._wire is None:
            self._wire = _header(self.size_bytes) + self.text.encode()
        return self._wire


def _header(size_bytes: int) -> bytes:
    if size_bytes < 126:
        return struct.pack("!BB", 0x81, size_bytes)
    if size_bytes < 65536:
        return struct.pack("!BBH", 0x81, 126, size_bytes)
    return struct.pack("!BBQ", 0x81, 127, size_bytes)
