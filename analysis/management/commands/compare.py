"""`manage.py compare FILE --genuine REFERENCE`: orders a recording relative to one that is known to be genuine."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from analysis.engine.compare import Comparison, Difference, compare
from analysis.examining import load_options, load_registry
from analysis.management.exits import FAILED, NOT_ASSESSABLE, ExaminingCommand


class Command(ExaminingCommand):
    """Examines two files in this process; needs no database."""

    help = (
        "Order a recording relative to one that is known to be genuine: no outcome, only which leans further "
        "towards manipulation. Exit code: 0 compared, 2 nothing to compare, 3 failed."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--genuine", type=Path, required=True, metavar="REFERENCE")
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *args: object, file: Path, genuine: Path, json: bool, **options: Any) -> None:
        for path in (file, genuine):
            if not path.is_file():
                raise CommandError(f"{path} is no file. Name two media files.", returncode=FAILED)
        found = compare(file, genuine, registry=load_registry(), options=load_options())
        self.stdout.write(_as_json(found, file, genuine) if json else _as_text(found))
        if found.total is None:
            raise SystemExit(NOT_ASSESSABLE)


def _as_json(found: Comparison, file: Path, genuine: Path) -> str:
    return json.dumps({"file": str(file), "genuine": str(genuine), **asdict(found)}, ensure_ascii=False)


def _as_text(found: Comparison) -> str:
    return "\n".join((*map(_line, found.differences), found.sentence))


def _line(one: Difference) -> str:
    if one.file_score is None or one.reference_score is None:
        return f"{one.title:28} not compared: {one.why}"
    difference = "" if one.log_odds is None else f"  {one.log_odds:+.2f}"
    note = f"  ({one.why})" if one.why else ""
    return f"{one.title:28} {one.file_score:.3f} against {one.reference_score:.3f}{difference}{note}"
