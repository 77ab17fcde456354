"""`manage.py evaluate`: how often detectors, and what a run would say, are right on labelled files."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError

from analysis.calibrations import load_calibrations
from analysis.engine.calibrating.evaluation import Line, Mistake, evaluated
from analysis.engine.calibrating.ladder import EVALUATION
from analysis.engine.calibrating.robustness import Step, chosen, steps
from analysis.engine.calibration import Calibration, Estimate, Rate
from analysis.examining import load_options, load_registry
from analysis.management.exits import FAILED, ExaminingCommand
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
LADDER_COLUMNS = (
    "detector",
    "copies",
    "manipulated",
    "unmanipulated",
    "AUC, originals → copies",
    "false alarms",
    "misses",
    "abstained",
    "mean shift of score",
)
PER_RUNG = 20


class Command(ExaminingCommand):
    """Examines labelled files with the calibrations on record and prints a table."""

    help = "Tell what detectors and their fusion do on labelled files. Exit code: 0, or 3 failed."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add_labels(parser)
        parser.add_argument(
            "--detectors", default="", help="names, comma separated (each file kind's defaults)"
        )
        parser.add_argument(
            "--ladder",
            action="store_true",
            help="also copies: recompressed, scaled, and sound with less in it",
        )
        parser.add_argument(
            "--per-rung",
            type=int,
            default=PER_RUNG,
            metavar="N",
            help=f"files of a kind to copy ({PER_RUNG})",
        )
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="one JSON object per detector and line")
        form.add_argument("--markdown", action="store_true", help="a table for documents")

    def handle(self, *args: object, **options: Any) -> None:
        registry = load_registry()
        names = known(options["detectors"], registry) or None
        files = read_labels(options)
        order = replace(load_options(), threads=options["threads"])
        if options["per_rung"] < 1:
            raise CommandError("--per-rung takes 1 or more.", returncode=FAILED)
        spoilt: list[tuple[str, str]] = []
        seen = examine_all(
            files,
            registry,
            names,
            order,
            calibrations=self._calibrations(),
            with_ladder=options["ladder"],
            rungs=EVALUATION,
            copied=chosen(files, options["per_rung"], partial(_note, spoilt)) if options["ladder"] else None,
            told=partial(_note, spoilt),
        )
        self._tell(evaluated([one for one in seen if not one.file.rung]), options)
        if options["ladder"]:
            self._tell_ladder(steps(seen), spoilt, options)

    def _tell(self, lines: Sequence[Line], options: dict[str, Any]) -> None:
        if options["json"]:
            for line in lines:
                self.stdout.write(json.dumps(asdict(line)))
        elif options["markdown"]:
            self._markdown(lines)
        else:
            self._text(lines)

    def _tell_ladder(
        self, found: Sequence[Step], spoilt: Sequence[tuple[str, str]], options: dict[str, Any]
    ) -> None:
        if options["json"]:
            for step in found:
                self.stdout.write(json.dumps(asdict(step)))
            for name, why in spoilt:
                self.stdout.write(json.dumps({"not_copied": name, "why": why}))
            return
        if options["markdown"]:
            self.stdout.write(f"\n| {' | '.join(LADDER_COLUMNS)} |")
            self.stdout.write(f"|{'---|' * len(LADDER_COLUMNS)}")
        for step in found:
            cells = _step_cells(step)
            if options["markdown"]:
                self.stdout.write(f"| {' | '.join(cells)} |")
                continue
            named = zip(LADDER_COLUMNS[2:], cells[2:], strict=True)
            self.stdout.write(f"{step.detector} on {step.rung}: " + ", ".join(f"{n} {c}" for n, c in named))
        said = "; ".join(f"{name} ({why})" for name, why in spoilt) or "none"
        self.stdout.write(f"\nCopies that could not be made: {said}.")

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


def _note(kept: list[tuple[str, str]], name: str, why: str) -> None:
    kept.append((name, why))


def _step_cells(step: Step) -> tuple[str, ...]:
    before, after = step.originals, step.copies
    return (
        step.detector,
        step.rung,
        str(after.files.manipulated),
        str(after.files.unmanipulated),
        f"{_auc(before.auc)} → {_auc(after.auc)}",
        f"{_rate(before.false_alarms)} → {_rate(after.false_alarms)}",
        f"{_rate(before.misses)} → {_rate(after.misses)}",
        ", ".join(f"{reason} {count}" for reason, count in after.abstained) or "0",
        f"{step.shift:+.3f}" if step.shift is not None else "–",
    )


def _auc(auc: Estimate | None) -> str:
    return f"{auc.value:.2f} ({auc.low:.2f}–{auc.high:.2f})" if auc else "–"


def _cells(line: Line) -> tuple[str, ...]:
    return (
        line.name,
        str(line.files.manipulated),
        str(line.files.unmanipulated),
        str(line.sources),
        _auc(line.auc),
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
