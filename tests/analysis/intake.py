"""Files to send, and how to send them."""

import io
import struct
import wave
import zlib
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

MEDIA = "/api/v1/media/"


def wav(seconds: float = 1.0, *, level: int = 1000) -> bytes:
    """Mono, 16 kHz, 16 bit: a constant `level`, so that two lengths or levels are other bytes."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(struct.pack("<h", level) * int(16_000 * seconds))
    return out.getvalue()


def png(width: int = 8, height: int = 8) -> bytes:
    """An 8-bit grey PNG whose header says `width` × `height`; the pixels are there up to one megapixel."""
    rows = height if width * height <= 10**6 else 1
    pixels = zlib.compress((b"\0" + b"\x80" * min(width, 10**6)) * rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def send(client: APIClient, content: bytes, filename: str = "clip.wav", **fields: Any) -> Any:
    """Sends a file in one go."""
    file = SimpleUploadedFile(filename, content)
    return client.post(MEDIA, {"file": file, **fields}, format="multipart")
