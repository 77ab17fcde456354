"""`manage.py calibrate`: what a detector's scores are worth, told from a user's own labelled files, and kept."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError
from django.utils import timezone

from analysis.calibrations import store, touch
from analysis.engine.calibrating.fit import Promise, Uncalibrated, abstentions, calibrate
from analysis.engine.calibrating.scoring import answers
from analysis.engine.calibration import Calibration, UnsoundCalibration, from_json, sentence
from analysis.examining import load_options, load_registry
from analysis.management.exits import FAILED, NOT_ASSESSABLE, ExaminingCommand
from analysis.management.labelled import add_labels, examine_all, known, read_labels


class Command(ExaminingCommand):
    """Examines labelled files, chooses cuts, tells what they do on unseen sources, and keeps the calibration."""

    help = "Calibrate detectors on labelled files. Exit code: 0 all calibrated, 2 one stays uncalibrated, 3 failed."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--detector", default="", metavar="NAMES", help="comma separated; all look at each file at once"
        )
        add_labels(parser)
        parser.add_argument("--false-positive-rate", type=_share, default=Promise.false_positive_rate)
        parser.add_argument("--miss-rate", type=_share, default=Promise.miss_rate)
        parser.add_argument("--ladder", action="store_true", help="also copies: recompressed and scaled")
        parser.add_argument("--load", type=Path, metavar="FILE", help="keep what --json printed elsewhere")
        parser.add_argument("--no-store", action="store_true", help="tell, and keep nothing")
        parser.add_argument(
            "--json", action="store_true", help="one JSON object per detector and line on stdout"
        )

    def handle(self, *args: object, **options: Any) -> None:
        if options["load"]:
            self._load(options["load"])
            return
        registry = load_registry()
        names = known(options["detector"], registry)
        if not names:
            raise CommandError("Name at least one detector with --detector.", returncode=FAILED)
        files = read_labels(options)
        if not options["no_store"]:
            self._kept(touch)
        order = replace(load_options(), threads=options["threads"])
        seen = examine_all(files, registry, names, order, with_ladder=options["ladder"])
        promise = Promise(options["false_positive_rate"], options["miss_rate"])
        missing = 0
        for name in names:
            card = registry.state(name).card  # with the face finder in use
            answered = answers(card, seen)
            silent = abstentions(answer for answer in answered if not answer.rung)
            found = calibrate(card, answered, created=timezone.now().isoformat(), promise=promise)
            missing += isinstance(found, Uncalibrated)
            # told before it is kept: what took hours is not lost where it cannot be
            self._tell(name, found, [asdict(one) for one in silent], as_json=options["json"])
            if isinstance(found, Calibration) and not options["no_store"]:
                self._kept(partial(store, found))
        if missing:
            raise SystemExit(NOT_ASSESSABLE)

    def _tell(
        self, name: str, found: Calibration | Uncalibrated, silent: list[dict[str, Any]], *, as_json: bool
    ) -> None:
        if as_json:
            if isinstance(found, Calibration):
                self.stdout.write(found.to_json())
            else:
                told = {"detector": name, "uncalibrated": list(found.missing), "abstained": silent}
                self.stdout.write(json.dumps(told))
            return
        if isinstance(found, Uncalibrated):
            self.stdout.write(f"{name} stays uncalibrated: {'; '.join(found.missing)}.")
        else:
            self._print(found)
        for one in silent:
            label = "manipulated" if one["manipulated"] else "unmanipulated"
            self.stdout.write(f"    no score: {one['files']} {label} files ({one['reason']})")

    def _print(self, found: Calibration) -> None:
        ratios = found.ratios
        self.stdout.write(f"{found.detector} {found.version}: {sentence(found)}")
        self.stdout.write(
            f"    {_strong(found)}, no signs below {found.none_cut:.6g}; "
            f"EER {found.eer:.3f}; log10 likelihood ratios {ratios.low:.2f} to {ratios.high:.2f}, "
            f"Cllr {ratios.cllr:.2f}"
        )
        for row in found.rows:
            if row.false_alarms.of or row.misses.of:
                alarms, misses = row.false_alarms, row.misses
                self.stdout.write(
                    f"    {row.title}: {alarms.count} of {alarms.of} false alarms, {misses.count} of {misses.of} missed"
                )
        self.stdout.write(f"    {found.digest}")

    def _load(self, path: Path) -> None:
        try:
            lines = [line for line in path.read_bytes().splitlines() if line.strip()]
            skipped = [_uncalibrated(line) for line in lines]
            found = [from_json(line) for line, name in zip(lines, skipped, strict=True) if name is None]
        except (OSError, UnsoundCalibration) as error:
            raise CommandError(f"{path}: {error}", returncode=FAILED) from error
        for name in skipped:
            if name is not None:
                self.stdout.write(f"{name} stays uncalibrated: nothing to keep.")
        for one in found:
            self._kept(partial(store, one))
            self.stdout.write(f"{one.detector} {one.version}: {one.digest}")

    def _kept(self, step: Callable[[], object]) -> None:
        try:
            step()
        except UnsoundCalibration as error:
            raise CommandError(f"It cannot be kept: {error}", returncode=FAILED) from error
        except DatabaseError as error:
            raise CommandError(
                "No database answers, so the calibration cannot be kept. Start script/server, or use "
                "--no-store --json and load that later.",
                returncode=FAILED,
            ) from error


def _strong(found: Calibration) -> str:
    return (
        f"strong signs from {found.strong_cut:.6g}"
        if found.strong_cut <= 1
        else "no score reaches strong signs"
    )


def _uncalibrated(line: bytes) -> str | None:
    """The detector of a line by which --json said that one stays uncalibrated; None for any other."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or "uncalibrated" not in told:
        return None
    return repr(told.get("detector"))[:70].strip("'")


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"{text} is no rate between 0 and 1")
    return share
