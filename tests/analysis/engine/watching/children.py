"""The processes that decode for this one, as /proc has them."""

import os
from pathlib import Path


def decoder() -> int:
    """The process id of the only child that decodes."""
    found = [
        int(there.name)
        for there in Path("/proc").iterdir()
        if there.name.isdigit() and _is_ours(there) and b"media.child" in (there / "cmdline").read_bytes()
    ]
    assert len(found) == 1
    return found[0]


def _is_ours(there: Path) -> bool:
    try:
        return int((there / "stat").read_text().rpartition(")")[2].split()[1]) == os.getpid()
    except OSError:
        return False
