"""The chunks of RIFF files, and the program that wrote a Matroska, FLAC, Ogg or MP3 file names itself there.

RIFF (Microsoft and IBM, 1991), Matroska (RFC 9559, section 5.1.2), FLAC (RFC 9639, section 8.6), Ogg Vorbis and
Opus comment headers (RFC 7845, section 5.2), the encoder's name in the first frame of MP3 (LAME tag).
"""

import re
from collections.abc import Iterator
from io import BufferedReader

MAX_CHUNKS, HEAD_BYTES, MAX_TEXT = 200, 64 * 1024, 120
_FLAC_BLOCKS = ("STREAMINFO", "PADDING", "APPLICATION", "SEEKTABLE", "VORBIS_COMMENT", "CUESHEET", "PICTURE")
_LAME = re.compile(rb"(LAME[\d.]{3,6}[\w.]*|Lavc[\d.]{4,12}|Lavf[\d.]{4,12}|GOGO[\d.]+|FhG)")
_VENDOR = re.compile(rb"(?:\x03vorbis|OpusTags)(.{4})", re.DOTALL)


def riff(file: BufferedReader, size: int) -> list[str]:
    """The chunks at the top, in their order."""
    file.seek(8)
    names, at = [f"RIFF({_text(file.read(4))})"], 12
    while at + 8 <= size and len(names) < MAX_CHUNKS:
        file.seek(at)
        head = file.read(12)
        kind, length = head[:4], int.from_bytes(head[4:8], "little")
        names.append(f"{_text(kind)}({_text(head[8:12])})" if kind == b"LIST" else _text(kind))
        at += 8 + length + length % 2
    return names


def flac(file: BufferedReader) -> tuple[list[str], str]:
    """The blocks before the sound, and who wrote them."""
    names: list[str] = []
    writer, at = "", 4
    while len(names) < MAX_CHUNKS:
        file.seek(at)
        head = file.read(4)
        if len(head) < 4:
            break
        kind, length = head[0] & 0x7F, int.from_bytes(head[1:4], "big")
        names.append(_FLAC_BLOCKS[kind] if kind < len(_FLAC_BLOCKS) else f"block {kind}")
        if kind == 4:
            writer = _counted(file.read(MAX_TEXT + 4))
        if head[0] & 0x80:
            break
        at += 4 + length
    return names, writer


def ogg(head: bytes) -> str:
    """Who wrote the comment header."""
    found = _VENDOR.search(head)
    return _counted(head[found.start(1) :]) if found else ""


def mp3(head: bytes) -> str:
    """The encoder as its first frames name it."""
    found = _LAME.search(head)
    return _text(found[0]) if found else ""


def matroska(head: bytes) -> dict[str, str]:
    """MuxingApp and WritingApp of the segment's information."""
    named = {"MuxingApp": b"\x4d\x80", "WritingApp": b"\x57\x41"}
    return {name: text for name, ident in named.items() if (text := _element(head, ident))}


def _element(head: bytes, ident: bytes) -> str:
    for at in _places(head, ident):
        length = head[at + 2 : at + 3]
        # lengths of one byte carry their marker in the highest bit; nobody's name needs more
        if length and length[0] & 0x80:
            text = head[at + 3 : at + 3 + (length[0] & 0x7F)]
            if len(text) > 2 and all(32 <= byte < 127 for byte in text):
                return _text(text)
    return ""


def _places(head: bytes, ident: bytes) -> Iterator[int]:
    at = head.find(ident)
    while at >= 0:
        yield at
        at = head.find(ident, at + 1)


def _counted(content: bytes) -> str:
    return _text(content[4 : 4 + min(int.from_bytes(content[:4], "little"), MAX_TEXT)])


def _text(value: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "?" for byte in value[:MAX_TEXT]).strip()
