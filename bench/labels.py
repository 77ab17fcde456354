"""A CSV file of labels for `manage.py evaluate`, from a table that describes media.

    python bench/labels.py DATA.md > labels.csv
    python manage.py evaluate --labels labels.csv --base MEDIA_FOLDER

The table is Markdown: a heading names each folder; the columns are file, label, note, size and source. A label that
begins with "fake" or names a fake part is manipulated, one that begins with "real" is not; others (formats, plates,
presentation attacks) are left out. The source is the repository a file was taken from: files of one repository share
cameras, speakers, codecs and sizes.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

COLUMNS = ("file", "label", "source")


def rows(text: str) -> Iterator[tuple[str, str, str]]:
    folder = ""
    for line in text.splitlines():
        if line.startswith("#"):
            folder = line.rstrip("/").rpartition("/")[2].strip()
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        label = _label(cells[1]) if line.startswith("|") and len(cells) >= 5 else None
        if label:
            yield f"{folder}/{cells[0]}", label, cells[4].partition(" : ")[0].strip()


def _label(said: str) -> str | None:
    if said.startswith("fake") or "+fake" in said:
        return "fake"
    return "real" if said.startswith("real") else None


def main() -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(COLUMNS)
    writer.writerows(rows(Path(sys.argv[1]).read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
