"""The boxes of an MP4 or QuickTime file: their order and kinds, and the few that tell who wrote them.

ISO/IEC 14496-12. That order, kinds and brands tell recorders and editors apart is shown by Iuliani et al. (2019),
"A Video Forensic Framework for the Unsupervised Analysis of MP4-Like File Container", section III. Ours differs:
no values of fields enter the fingerprint, so that clips of one recorder share it, and nothing is learnt.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from typing import Any

MAX_BOXES, MAX_DEPTH, MAX_CONTENT = 3000, 10, 4096
MAX_TEXT, MAX_ITEMS = 120, 20
EPOCH_SECONDS = 2_082_844_800  # from 1904, where the times of a file begin, to 1970
PARENTS = frozenset(
    "moov trak mdia minf stbl dinf edts udta meta moof traf mvex mfra iprp ipco ilst".split()  # noqa: SIM905
)
UUIDS = {
    "be7acfcb97a942e89c71999491e3afac": "uuid(XMP)",
    "d8fec3d61b0e483c92975828877ec481": "uuid(C2PA)",
}


@dataclass
class Structure:
    """What is gathered on the way through a file."""

    order: list[str] = field(default_factory=list)
    brands: list[str] = field(default_factory=list)
    handlers: list[str] = field(default_factory=list)
    compressors: list[str] = field(default_factory=list)
    edit_lists: list[dict[str, Any]] = field(default_factory=list)
    user_data: list[str] = field(default_factory=list)
    times: dict[str, int] = field(default_factory=dict)
    timescale: int = 0
    tracks: int = 0
    boxes: int = 0
    broken: str = ""
    left_out: bool = False  # there are more than MAX_BOXES


def walk(file: BufferedReader, size: int) -> tuple[Structure, str]:
    """What the boxes say, and their tree as text: `ftyp(isom,mp41);moov(mvhd;trak(…))`."""
    found = Structure()
    parts = list(_level(file, 0, size, found, ()))
    return found, ";".join(_runs(parts))


def _level(file: BufferedReader, at: int, end: int, found: Structure, path: tuple[str, ...]) -> Iterator[str]:
    while at + 8 <= end and found.boxes < MAX_BOXES:
        file.seek(at)
        head = file.read(32)
        length, start = _length(head, end - at)
        if length < start or len(head) < 8:
            found.broken = found.broken or f"the box at byte {at} has an impossible length"
            return
        if length > end - at:
            found.broken = found.broken or f"the box at byte {at} is longer than what holds it"
        found.boxes += 1
        name = _name(head, start)
        if not path:
            found.order.append(name)
        if path[-1:] == ("udta",):
            found.user_data.append(name)
        yield _box(file, name, (at + start, min(at + length, end)), found, path)
        at += length
    found.left_out = found.left_out or at + 8 <= end


def _length(head: bytes, left: int) -> tuple[int, int]:
    """How long the box is, and where its content begins; 0 means to the end."""
    length = int.from_bytes(head[:4], "big")
    if length == 1:
        return int.from_bytes(head[8:16], "big"), 16
    return (length or left), 8


def _name(head: bytes, start: int) -> str:
    if head[4:8] == b"uuid":
        return UUIDS.get(head[start : start + 16].hex(), "uuid")
    return "".join(chr(byte) if 32 <= byte < 127 or byte == 169 else "?" for byte in head[4:8])


def _box(
    file: BufferedReader, name: str, span: tuple[int, int], found: Structure, path: tuple[str, ...]
) -> str:
    start, end = span
    if name == "trak":
        found.tracks += 1
    if name in PARENTS and len(path) < MAX_DEPTH:
        if name == "meta" and _peek(file, start, 4) == bytes(4):
            start += 4  # of MP4, where it has a version; QuickTime's has none
        inner = ";".join(_runs(list(_level(file, start, end, found, (*path, name)))))
        return f"{name}({inner})" if inner else name
    reader = _READERS.get(name)
    if reader:
        content = _peek(file, start, min(end - start, MAX_CONTENT))
        try:
            return reader(content, found) or name
        except (struct.error, IndexError, ZeroDivisionError):
            found.broken = found.broken or f"a {name} box is cut short"
    return name


def _peek(file: BufferedReader, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(max(count, 0))


def _ftyp(content: bytes, found: Structure) -> str:
    names = [content[:4], *(content[at : at + 4] for at in range(8, min(len(content), 8 + 4 * MAX_ITEMS), 4))]
    found.brands = [_text(name) for name in names]
    return f"ftyp({','.join(found.brands)})"


def _hdlr(content: bytes, found: Structure) -> str:
    name = content[24:]
    # QuickTime counts the characters first, MP4 ends with a zero
    name = name[1 : 1 + name[0]] if name and name[0] == len(name.rstrip(b"\0")) - 1 else name.split(b"\0")[0]
    kind = _text(content[8:12])
    if name and kind != "mdir" and len(found.handlers) < MAX_ITEMS:
        found.handlers.append(_text(name))
    return f"hdlr[{kind}]"


def _stsd(content: bytes, found: Structure) -> str:
    kind = _text(content[12:16])
    name = content[59 : 59 + min(content[58], 31)] if len(content) > 90 else b""
    # a name where the entry of a picture has one; that of sound has numbers there
    if len(name) > 3 and all(32 <= byte < 127 for byte in name) and len(found.compressors) < MAX_ITEMS:
        found.compressors.append(_text(name))
    return f"stsd[{kind}]"


def _mvhd(content: bytes, found: Structure) -> str:
    wide = content[0] == 1
    created, modified, timescale = struct.unpack(">QQI" if wide else ">III", content[4 : 24 if wide else 16])
    found.times = {"created": created - EPOCH_SECONDS, "modified": modified - EPOCH_SECONDS}
    found.timescale = timescale
    return "mvhd"


def _elst(content: bytes, found: Structure) -> str:
    wide, count = content[0] == 1, int.from_bytes(content[4:8], "big")
    shape, entries = (">Qq4x", []) if wide else (">Ii4x", [])
    length = struct.calcsize(shape)
    for number in range(min(count, MAX_ITEMS)):
        entries.append(struct.unpack(shape, content[8 + number * length : 8 + (number + 1) * length]))
    empty = sum(duration for duration, start in entries if start == -1)
    if len(found.edit_lists) < MAX_ITEMS:
        found.edit_lists.append(
            {
                "track": found.tracks - 1,
                "entries": count,
                "delay_seconds": round(empty / found.timescale, 4) if found.timescale else None,
                "starts_inside": any(start > 0 for _, start in entries),
            }
        )
    return "elst"


_READERS = {"ftyp": _ftyp, "hdlr": _hdlr, "stsd": _stsd, "mvhd": _mvhd, "elst": _elst}


def _runs(parts: list[str]) -> list[str]:
    """Runs of the same as one: fragments and tags come in any number."""
    kept: list[str] = []
    for part in parts:
        if kept and kept[-1].removesuffix("*") == part:
            kept[-1] = f"{part}*"
        else:
            kept.append(part)
    return kept


def _text(value: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "?" for byte in value[:MAX_TEXT]).strip()
