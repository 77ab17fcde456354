"""`manage.py analyze FILE…`: the same examination as in the desk, from a terminal.

Needs no database; calibrations are used where one answers.
"""

import argparse
import json
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.management.base import CommandError
from django.db import DatabaseError

from analysis.calibrations import load_calibrations
from analysis.engine.calibration import Calibration
from analysis.engine.errors import EngineError, UnknownDetector
from analysis.engine.pipeline import Examination, examine
from analysis.engine.registry import Registry
from analysis.engine.stress import Stressed, StressOrder
from analysis.engine.types import Concluded, DetectorEnded, OutcomeName, Probed
from analysis.examining import load_options, load_registry, outcome_fields, result_fields
from analysis.management.exits import ASSESSED, FAILED, INTERRUPTED, NOT_ASSESSABLE, ExaminingCommand
from analysis.narrator import Narrator
from analysis.recorder.altering import stress_fields

logger = logging.getLogger(__name__)
LEAVE_SECONDS = 3.0
LONGEST_STRESS_SECONDS = 3600


class Command(ExaminingCommand):
    """Examines files in this process, one after the other."""

    help = (
        "Examine media files. Exit code: 0 assessed, 2 not assessable, 3 failed (of several files the worst)."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
        parser.add_argument(
            "--detectors", default="", help="names, comma separated (the file kind's defaults)"
        )
        parser.add_argument(
            "--stress",
            nargs="?",
            type=_stress_seconds,
            const=settings.STRESS_SECONDS,
            metavar="SECONDS",
            help=f"examine altered copies too, for at most so long ({settings.STRESS_SECONDS}); after the files",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object per file and line on stdout")

    def handle(
        self,
        *args: object,
        files: list[Path],
        detectors: str,
        json: bool,
        stress: int | None = None,
        **options: Any,
    ) -> None:
        if not files:
            raise CommandError("Name at least one file.", returncode=FAILED)
        self.going: Examination | Stressed | None = None
        self.stress_seconds = stress
        self.registry = load_registry()
        self.names = _known(detectors, self.registry)
        self.narrator = Narrator(sys.stderr)  # self.stderr would colour every line as an error
        self.calibrations = self._calibrations()
        try:
            worst = max(self._examine(file, as_json=json) for file in files)
        except KeyboardInterrupt:
            self.narrator.line("Interrupted; nothing was kept.")
            self._leave()
            worst = INTERRUPTED
        if worst:
            raise SystemExit(worst)

    def _calibrations(self) -> Mapping[str, Calibration]:
        try:
            return load_calibrations()
        except DatabaseError:
            self.narrator.line(
                "No database answers, so no calibration is known here: scores are uncalibrated."
            )
            return {}

    def _leave(self) -> None:
        """Waits for detectors that are still at their last batch, or ends the process under them."""
        if self.going and not self.going.close(LEAVE_SECONDS):
            sys.stdout.flush()
            # torch would abort if Python were torn down under a busy thread
            os._exit(INTERRUPTED)

    def _examine(self, file: Path, *, as_json: bool) -> int:
        """The exit code for one file."""
        began = datetime.now(UTC)
        try:
            report = self._report(file)
            code = NOT_ASSESSABLE if report["outcome"] == OutcomeName.NOT_ASSESSABLE else ASSESSED
        except (EngineError, OSError) as error:
            message = _sentence(file, error)
            self.narrator.line(f"error: {message}")
            report, code = _failure(message), FAILED
        # the loop of this command: whatever a file does, its line is written and the next one is examined
        except Exception as error:
            logger.exception("%s could not be examined", file)
            report, code = _failure(f"{file}: {type(error).__name__}: {error}"), FAILED
        if as_json:
            times = {"created": began.isoformat(), "finished": datetime.now(UTC).isoformat()}
            self.stdout.write(json.dumps({"file": str(file), **report, **times}, ensure_ascii=False))
        return code

    def _report(self, file: Path) -> dict[str, Any]:
        if not file.is_file():
            raise FileNotFoundError(f"{file} is {'a folder' if file.is_dir() else 'not there'}")
        self.narrator.line(f"{file}:")
        report: dict[str, Any] = {"state": "succeeded", "kind": None, "error": None, "results": []}
        self.going = self._begin(file)
        with self.going:
            for observation in self.going:
                self.narrator.tell(observation)
                if isinstance(observation, Probed):
                    report["kind"] = observation.probe.kind.value
                elif isinstance(observation, DetectorEnded):
                    report["results"].append(result_fields(observation))
                elif isinstance(observation, Concluded):
                    report |= outcome_fields(observation.outcome)
                    report["stress"] = stress_fields(observation.stress) if observation.stress else None
        return report

    def _begin(self, file: Path) -> Examination | Stressed:
        options = load_options()
        first = examine(
            file,
            registry=self.registry,
            detectors=self.names,
            options=options,
            calibrations=self.calibrations,
        )
        if self.stress_seconds is None:
            return first
        scratch = Path(gettempdir()) / f"assay-{uuid4()}"
        return Stressed(
            first,
            StressOrder(self.stress_seconds, scratch, settings.STALL_SECONDS / 2),
            file,
            registry=self.registry,
            options=options,
            calibrations=self.calibrations,
        )


def _known(detectors: str, registry: Registry) -> list[str] | None:
    names = [name.strip() for name in detectors.split(",") if name.strip()]
    try:
        for name in names:
            registry.card(name)
    except UnknownDetector as error:
        raise CommandError(str(error), returncode=FAILED) from error
    return names or None


def _stress_seconds(given: str) -> int:
    if given.isdecimal() and 1 <= int(given) <= LONGEST_STRESS_SECONDS:
        return int(given)
    raise argparse.ArgumentTypeError(
        f"{given!r} is no number of seconds from 1 to {LONGEST_STRESS_SECONDS}. Name files before --stress."
    )


def _failure(message: str) -> dict[str, Any]:
    nothing = {
        "outcome": None,
        "sentence": "",
        "why": "",
        "limit": "",
        "rule": "",
        "seen": "",
        "stress": None,
    }
    return {"state": "failed", "kind": None, "error": message, "results": [], **nothing}


def _sentence(file: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError) and error.errno is None:
        return f"{error}. Name a media file."
    return f"{file}: {error}"
