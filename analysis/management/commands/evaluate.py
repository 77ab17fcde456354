"""`manage.py evaluate`: how often detectors, and what a run would say, are right on labelled files."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from django.db import DatabaseError

from analysis.calibrations import load_calibrations
from analysis.engine.calibrating.evaluation import Line, Mistake, evaluated
from analysis.engine.calibration import Calibration, Rate
from analysis.examining import load_options, load_registry
from analysis.management.exits import ExaminingCommand
from analysis.management.labelled import add_labels, examine_all, known, read_labels

COLUMNS = (
    "detector",
    "manipulated",
    "unmanipulated",
    "sources",
    "AUC (95 %)",
    "EER",
    "false alarms",
    "misses",
    "abstained",
)


class Command(ExaminingCommand):
    """Examines labelled files with the calibrations on record and prints a table."""

    help = "Tell what detectors and their fusion do on labelled files. Exit code: 0, or 3 failed."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add_labels(parser)
        parser.add_argument(
            "--detectors", default="", help="names, comma separated (each file kind's defaults)"
        )
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="one JSON object per detector and line")
        form.add_argument("--markdown", action="store_true", help="a table for documents")

    def handle(self, *args: object, **options: Any) -> None:
        registry = load_registry()
        names = known(options["detectors"], registry) or None
        files = read_labels(options)
        order = replace(load_options(), threads=options["threads"])
        seen = examine_all(files, registry, names, order, calibrations=self._calibrations())
        lines = evaluated(seen)
        if options["json"]:
            for line in lines:
                self.stdout.write(json.dumps(asdict(line)))
        elif options["markdown"]:
            self._markdown(lines)
        else:
            self._text(lines)

    def _calibrations(self) -> dict[str, Calibration]:
        try:
            return load_calibrations()
        except DatabaseError:
            self.stderr.write("No database answers, so no calibration is known here.")
            return {}

    def _text(self, lines: Sequence[Line]) -> None:
        for line in lines:
            cells = dict(zip(COLUMNS, _cells(line), strict=True))
            self.stdout.write(f"{line.name}: " + ", ".join(f"{name} {cells[name]}" for name in COLUMNS[1:]))
            for mistake in line.mistakes:
                self.stdout.write(f"    {_mistake(mistake)}")

    def _markdown(self, lines: Sequence[Line]) -> None:
        self.stdout.write(f"| {' | '.join(COLUMNS)} |")
        self.stdout.write(f"|{'---|' * len(COLUMNS)}")
        for line in lines:
            self.stdout.write(f"| {' | '.join(_cells(line))} |")
        for line in lines:
            said = "; ".join(map(_mistake, line.mistakes)) or "none"
            self.stdout.write(f"\n**{line.name}**: {said}.")


def _cells(line: Line) -> tuple[str, ...]:
    return (
        line.name,
        str(line.files.manipulated),
        str(line.files.unmanipulated),
        str(line.sources),
        f"{line.auc.value:.2f} ({line.auc.low:.2f}–{line.auc.high:.2f})" if line.auc else "–",
        f"{line.eer:.2f}" if line.eer is not None else "–",
        _rate(line.false_alarms),
        _rate(line.misses),
        ", ".join(f"{reason} {count}" for reason, count in line.abstained) or "0",
    )


def _rate(rate: Rate | None) -> str:
    return f"{rate.count} of {rate.of} ({rate.low:.2f}–{rate.high:.2f})" if rate and rate.of else "–"


def _mistake(mistake: Mistake) -> str:
    kind = "missed" if mistake.manipulated else "false alarm"
    return f"{kind} {mistake.file} {mistake.said}"
