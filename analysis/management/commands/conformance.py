"""`manage.py conformance NAME`: whether a detector keeps what the protocol promises."""

import argparse
import json as json_format
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from analysis.engine.conformance import Report, check
from analysis.engine.errors import UnknownDetector
from analysis.engine.registry import Registry
from analysis.examining import load_registry


class Command(BaseCommand):
    """Tries one installed detector, in a process of its own; needs no database."""

    help = "Try one detector against the conformance kit. Exit code: 0 it conforms, 1 it is refused."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the detector's name, as on its card")
        parser.add_argument(
            "--reference",
            nargs=2,
            type=Path,
            metavar=("GENUINE", "MANIPULATED"),
            help="two files of which the second must score higher",
        )
        parser.add_argument("--device", default="cpu", help="cpu (the usual), cuda:0 …")
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(
        self, *args: object, name: str, reference: list[Path] | None, device: str, json: bool, **options: Any
    ) -> None:
        for path in reference or ():
            if not path.is_file():
                raise CommandError(f"{path} is no file.")
        pair = (reference[0], reference[1]) if reference else None
        origin = _origin(load_registry(), name)
        report = check(origin, name, reference=pair, weights=Path(settings.ASSAY_WEIGHTS), device=device)
        self.stdout.write(_as_json(report) if json else str(report))
        if not report.conforms:
            raise SystemExit(1)


def _origin(registry: Registry, name: str) -> str:
    """Where its module is; a plug-in that could not even be loaded is refused here, with the reason."""
    try:
        state = registry.state(name)
    except UnknownDetector as error:
        raise CommandError(str(error)) from error
    if name not in registry.origins:
        raise CommandError(f"{name} is refused: {state.reason}")
    return registry.origins[name]


def _as_json(report: Report) -> str:
    told = {
        "detector": report.detector,
        "conforms": report.conforms,
        "conclusion": report.conclusion,
        "findings": [asdict(finding) for finding in report.findings],
    }
    return json_format.dumps(told, ensure_ascii=False)
