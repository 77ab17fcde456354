"""Snapshots of footage events: where they lie, by what names, and how they go.

Each is two JPEGs side by side: `<name>.jpg` with boxes drawn in and `<name>.clean.jpg` as it was decoded. On record
stands the path of the first, relative to the folder of all. Names are made here; one that a line brings along from
elsewhere counts only if it is such a name, of the line's own run: deleting the event deletes the files.
"""

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings

from analysis.models import Sighting

_RUN = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_FOLDER = rf"({_RUN})/[1-9][0-9]{{0,8}}/[0-9a-f]{{2}}"
_PATH = re.compile(rf"{_FOLDER}/[0-9a-f]{{32}}\.jpg")
_FILE = re.compile(rf"{_FOLDER}/[0-9a-f]{{32}}(?:\.clean)?\.(?:jpg|partial)")
_ASKED_AT_ONCE = 1000


def root() -> Path:
    """The folder that `Sighting.snapshot_path` is relative to."""
    return Path(settings.SNAPSHOTS_DIR or Path(settings.ASSAY_HOME) / "snapshots")


def folder_of(run: UUID) -> Path:
    """The folder of all snapshots of a run, on record or not."""
    return root() / str(run)


def new_path(run: UUID, attempt: int) -> str:
    """A name nobody has; an attempt's are spread over 256 folders."""
    name = uuid4().hex
    return f"{run}/{attempt}/{name[:2]}/{name}.jpg"


def files(path: str) -> tuple[Path, Path]:
    """The picture with boxes, and the clean one, of a path on record."""
    boxed = root() / path
    return boxed, boxed.with_suffix(".clean.jpg")


def path_in(data: Mapping[str, Any], run: UUID) -> str:
    """The path that the data of a line of `run` names; "" where it has none or a foreign one."""
    named = data.get("snapshot")
    path = named.get("path") if isinstance(named, Mapping) else None
    match = _PATH.fullmatch(path) if isinstance(path, str) else None
    return match[0] if match and match[1] == str(run) else ""


def size_bytes(path: str) -> int:
    """How much both files of a path on record take; nothing where there is no path."""
    taken = 0
    for file in files(path) if path else ():
        with suppress(OSError):
            taken += file.stat().st_size
    return taken


def remove(paths: Iterable[str]) -> None:
    """Deletes both files of each path on record, those that are there."""
    for path in paths:
        for file in files(path):
            file.unlink(missing_ok=True)


def clear(topic: UUID, run: UUID, attempt: int) -> None:
    """Deletes what an attempt wrote and never put on record."""
    folder = folder_of(run) / str(attempt)
    if not folder.is_dir():
        return
    # the index of paths leaves out empty ones, and is used where they are left out
    pictured = Sighting.objects.exclude(snapshot_path="")
    if not pictured.filter(topic=topic, snapshot_path__startswith=f"{run}/{attempt}/").exists():
        shutil.rmtree(folder, ignore_errors=True)
        return
    for spread in folder.iterdir():
        for file in without_event(spread.iterdir()):
            file.unlink(missing_ok=True)


def folders() -> Iterator[Path]:
    """The folders that files lie in, of all runs."""
    for folder in root().glob("*-*-*-*-*/*/[0-9a-f][0-9a-f]"):
        if folder.is_dir():
            yield folder


def drop_empty(folder: Path) -> None:
    """Removes what is empty of a run's folder, and the folder if nothing is left.

    Not all of it: deployments that kept pictures of their own here may have called folders by ids too.
    """
    for inner in (*folder.glob("*/*"), *folder.glob("*"), folder):
        with suppress(OSError):
            inner.rmdir()


def without_event(found: Iterable[Path]) -> list[Path]:
    """Of files in such folders those of ours that belong to no event."""
    by_path: dict[str, list[Path]] = {}
    for file in found:
        if not _FILE.fullmatch(str(file.relative_to(root()))):
            continue
        path = file.with_name(f"{file.name.partition('.')[0]}.jpg").relative_to(root())
        by_path.setdefault(str(path), []).append(file)
    known: set[str] = set()
    for chunk in _chunks(list(by_path)):
        kept = Sighting.objects.filter(snapshot_path__in=chunk)
        known.update(kept.values_list("snapshot_path", flat=True))
    return [file for path, ours in by_path.items() if path not in known for file in ours]


def _chunks(paths: list[str]) -> Iterator[list[str]]:
    for at in range(0, len(paths), _ASKED_AT_ONCE):
        yield paths[at : at + _ASKED_AT_ONCE]
