"""WAV files written byte by byte, so that their headers may say anything (Microsoft's RIFF specification of 1994)."""

import struct
from pathlib import Path

PCM, FLOAT = 1, 3


def write_wave(
    path: Path,
    content: bytes,
    *,
    rate_hz: int = 16_000,
    channels: int = 1,
    bits: int = 16,
    coding: int = PCM,
    claimed_bytes: int | None = None,
) -> Path:
    """`content` is what stands in the data chunk, of which the header claims `claimed_bytes`."""
    claimed = len(content) if claimed_bytes is None else claimed_bytes
    block = min(channels * bits // 8, 0xFFFF)
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", min(36 + claimed, 0xFFFFFFFF), b"WAVE", b"fmt ", 16, coding, channels, rate_hz,
        min(rate_hz * block, 0xFFFFFFFF), block, bits, b"data", claimed,
    )  # fmt: skip
    path.write_bytes(head + content)
    return path
