"""How a file of video or sound is put together: parts in their order, a fingerprint of them, and who wrote them."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from analysis.engine.media import boxes, chunks
from analysis.engine.media.sniff import HEAD_BYTES, sniff
from analysis.engine.types import Probe

MAX_TREE, MAX_ORDER = 2000, 40
BOXES = frozenset(("mp4", "mov", "m4a", "3gp"))


def read(path: Path, _probe: Probe) -> dict[str, Any]:
    """`order`, `tree`, `fingerprint` and `writers` of the formats that have them; {} of the others."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        found, size = sniff(head), path.stat().st_size
        container = found.format if found else ""
        if container in BOXES:
            return _boxes(*boxes.walk(file, size))
        if container in ("wav", "avi"):
            return _parts(chunks.riff(file, size), {})
        if container == "flac":
            names, writer = chunks.flac(file)
            return _parts(names, {"FLAC vendor": writer})
    if container in ("matroska", "webm"):
        return _parts([], chunks.matroska(head))
    if container == "ogg":
        return _parts([], {"Ogg vendor": chunks.ogg(head)})
    return _parts([], {"first frame": chunks.mp3(head)}) if container == "mp3" else {}


def _boxes(found: boxes.Structure, tree: str) -> dict[str, Any]:
    parts = _parts(found.order, {}, tree)
    if found.left_out:  # where the rest is not known, files would share it by chance
        parts["fingerprint"] = None
    return parts | {
        "brands": found.brands,
        "handlers": found.handlers,
        "compressors": found.compressors,
        "edit_lists": found.edit_lists,
        "user_data": found.user_data[: boxes.MAX_ITEMS],
        "times": found.times,
        "broken": found.broken,
        "left_out": found.left_out,
    }


def _parts(order: list[str], writers: dict[str, str], tree: str = "") -> dict[str, Any]:
    tree = tree or ";".join(order)
    return {
        "order": order[:MAX_ORDER],
        "tree": tree[:MAX_TREE],
        # of the whole tree, however long: the first 16 digits tell files apart
        "fingerprint": sha256(tree.encode()).hexdigest()[:16] if tree else None,
        "writers": {name: text for name, text in writers.items() if text},
    }
