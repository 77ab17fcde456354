"""File names as people sent them, made safe to show. Never used for a path."""

import unicodedata

MAX_BYTES = 255
NAMELESS = "unnamed"
# Cc: controls; Cf: invisible, among them the bidi overrides that make "gpj.exe" read as "exe.jpg";
# Cs: lone surrogates; Zl, Zp: line and paragraph separators.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def display_name(raw: str) -> str:
    """The last component of `raw` without anything invisible, at most 255 bytes of UTF-8, never empty.

    A name that is too long keeps its ending, because that is what people look for.
    """
    last = raw.replace("\\", "/").rstrip("/").rpartition("/")[2]
    visible = "".join(char for char in last if unicodedata.category(char) not in _INVISIBLE)
    name = unicodedata.normalize("NFC", visible).strip()
    return _shortened(name) if name.strip(".") else NAMELESS


def _shortened(name: str) -> str:
    if len(name.encode()) <= MAX_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    tail = f"…{dot}{ending}" if stem and len(ending.encode()) <= 16 else "…"
    room = MAX_BYTES - len(tail.encode())
    return name.encode()[:room].decode(errors="ignore") + tail
