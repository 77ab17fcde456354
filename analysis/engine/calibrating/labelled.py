"""Labelled files: two folders, or a CSV file that names them.

The source of a file is what it shares its making with: a camera, a data set, a speaker, a generator's run. It is the
first folder below the labelled one, the CSV file's column, or, where there is neither, the folder itself.
"""

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.engine.errors import EngineError, UndecodableMedia
from analysis.engine.media.probe_child import recognise

LABELS = {"real": False, "unmanipulated": False, "0": False, "fake": True, "manipulated": True, "1": True}
MOST_ROWS = 1_000_000
SOURCE_CHARACTERS = 200


class UnusableLabels(EngineError):
    """A folder or list of labelled files that cannot be used."""

    code = "unusable_labels"


@dataclass(frozen=True)
class Labelled:
    """One file, who made it, and whether it is manipulated. `rung` names a copy made of it, else it is empty."""

    path: Path
    name: str
    source: str
    manipulated: bool
    rung: str = ""


def from_folders(real: Path, fake: Path, sources: Mapping[str, str] | None = None) -> list[Labelled]:
    """The media below both folders. sources: by path below its folder, from `read_sources`, before folders' names.

    Raises UnusableLabels for a folder that is none, one that lies in the other, or a source of a file that is
    not there.
    """
    for folder in (real, fake):
        if not folder.is_dir():
            raise UnusableLabels(f"{folder} is not a folder.")
    inner, outer = sorted((real.resolve(), fake.resolve()), key=lambda path: -len(path.parts))
    if inner.is_relative_to(outer):
        raise UnusableLabels(f"{inner} lies in {outer}: a file would have both labels.")
    for name in sources or {}:
        if not any((folder / name).is_file() for folder in (real, fake)):
            raise UnusableLabels(f"{name[:100]!r} has a source, and is no file below {real} or {fake}.")
    names = _told_apart(real.resolve(), fake.resolve())
    return [
        *_below(real, names[0], sources or {}, manipulated=False),
        *_below(fake, names[1], sources or {}, manipulated=True),
    ]


def _told_apart(real: Path, fake: Path) -> tuple[str, str]:
    """What files of either folder are named by: its name, or its way from where the two part."""
    if real.name != fake.name:
        return real.name, fake.name
    shared = os.path.commonpath([real, fake])
    return real.relative_to(shared).as_posix(), fake.relative_to(shared).as_posix()


def _below(folder: Path, title: str, sources: Mapping[str, str], *, manipulated: bool) -> Iterator[Labelled]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or not _is_media(path):
            continue
        name = path.relative_to(folder).as_posix()
        parts = path.relative_to(folder).parts
        own = parts[0] if len(parts) > 1 else folder.resolve().name
        yield Labelled(path, f"{title}/{name}", sources.get(name, own), manipulated)


def _is_media(path: Path) -> bool:
    """Texts and lists lie beside media in many sets. A damaged file that begins like media is examined all the same."""
    try:
        recognise(path)
    except (UndecodableMedia, OSError):
        return False
    return True


def read_sources(path: Path) -> dict[str, str]:
    """file → source, from a CSV file with these two columns. Raises UnusableLabels."""
    found = {
        row["file"]: row["source"].strip()[:SOURCE_CHARACTERS] for row in _rows(path, ("file", "source"))
    }
    if empty := next((name for name, source in found.items() if not source), None):
        raise UnusableLabels(f"{path}: {empty[:100]!r} has an empty source.")
    return found


def from_csv(path: Path, base: Path | None = None) -> list[Labelled]:
    """The files named there: columns file, label (real or fake), and source if there is one.

    base: what files are relative to; the CSV file's own folder if it is not given. Raises UnusableLabels.
    """
    folder = base or path.parent
    found: dict[str, Labelled] = {}
    for row in _rows(path, ("file", "label")):
        name, label = row["file"], row["label"].strip().lower()
        if label not in LABELS:
            raise UnusableLabels(f"{path}: {label[:40]!r} is no label of {name[:100]!r}; give real or fake.")
        if name in found:
            raise UnusableLabels(f"{path}: {name[:100]!r} stands there twice.")
        file = folder / name
        if not file.is_file():
            raise UnusableLabels(f"{path}: {file} is not there.")
        source = (row.get("source") or "").strip() or file.parent.name
        found[name] = Labelled(file, name, source[:SOURCE_CHARACTERS], LABELS[label])
    return list(found.values())


def _rows(path: Path, needed: Sequence[str]) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or []
            if absent := [name for name in needed if name not in columns]:
                raise UnusableLabels(
                    f"{path} has no column {' and no column '.join(absent)} in its first line."
                )
            for number, row in enumerate(reader):
                if number >= MOST_ROWS or None in row or any(row[name] is None for name in columns):
                    raise UnusableLabels(f"{path}: line {reader.line_num} has not the columns of the first.")
                yield row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnusableLabels(f"{path} cannot be read as a CSV file ({error}).") from error
