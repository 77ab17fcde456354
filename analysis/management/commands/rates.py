"""`manage.py rates`: in which way each net runs here, how fast, and what was left out."""

import argparse
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from analysis.engine.errors import EngineError, UnknownDetector
from analysis.engine.registry import Registry, forwards_of
from analysis.examining import load_registry
from analysis.worker.plan import Plan

if TYPE_CHECKING:
    from analysis.engine.nets.rates.forward import Forward


class Command(BaseCommand):
    """Shows the rates that are kept for this machine, and measures them."""

    help = "Show in which way each net runs fastest on this machine, or measure it."
    requires_system_checks: list[str] = []  # needs no database

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "detectors", nargs="*", metavar="DETECTOR", help="all that are installed, if none"
        )
        parser.add_argument(
            "--measure", action="store_true", help="measure anew; best while little else runs"
        )
        parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N (default: cpu)")
        parser.add_argument(
            "--threads", type=int, help="threads a net has (default: those of a worker's slot here)"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object per net")

    def handle(self, *args: object, **options: Any) -> None:
        registry = _registry(options["device"], options["threads"], measure=options["measure"])
        names = options["detectors"] or [
            state.card.name for state in registry.states() if state.available and state.card.weights
        ]
        try:
            for name in names:
                self._tell(registry, name, as_json=options["json"])
        except UnknownDetector as error:
            raise CommandError(str(error)) from error
        if not names:
            self.stdout.write("No weights are installed, so there is no net to run: manage.py weights list.")

    def _tell(self, registry: Registry, name: str, *, as_json: bool) -> None:
        registry.card(name)
        try:
            forwards = forwards_of(registry.detector(name))
        except (EngineError, RuntimeError, AssertionError) as error:
            # RuntimeError is how torch says that there is no such device, AssertionError that it was built for none
            raise CommandError(f"{name} cannot be loaded: {error}") from error
        threads = registry.rates.threads if registry.rates else 1
        for forward in forwards:
            self.stdout.write(
                json.dumps(_fields(forward, threads)) if as_json else _sentence(forward, threads)
            )
        if not forwards and not as_json:
            self.stdout.write(f"{name:20} has no net that could be run in several ways")


def _registry(device: str, threads: int | None, *, measure: bool) -> Registry:
    """With rates for as many threads as a net has in a worker that is started without options here."""
    if threads is not None and threads < 1:
        raise CommandError("--threads must be at least 1.")
    slot = Plan((), device, max(1, settings.SLOTS), once=False)
    registry = load_registry(device=device, cores=slot.threads, measure=measure)
    if registry.rates:
        registry.rates = replace(registry.rates, threads=threads or registry.rates.threads, anew=measure)
    return registry


def _fields(forward: "Forward", threads: int) -> dict[str, Any]:
    chosen = forward.choice.as_json() if forward.choice else {"way": forward.way.value, "rates": {}}
    return {"net": forward.name, "device": forward.device, "threads": threads} | chosen


def _sentence(forward: "Forward", threads: int) -> str:
    choice = forward.choice
    if choice is None:
        return (
            f"{forward.name:20} {forward.way.value:14} not measured here for {threads} threads: "
            "manage.py rates --measure"
        )
    others = ", ".join(f"{way} {max(rates.values()):.1f}" for way, rates in choice.rates.items())
    refused = "".join(f"; refused {way}: {why}" for way, why in choice.refused.items())
    incomplete = "" if choice.complete else "; there was no time for every way"
    return (
        f"{forward.name:20} {choice.way.value:14} batches of {choice.batch}, {choice.rate:.1f}/s with "
        f"{choice.key.threads} threads (best of each way per second: {others}){refused}{incomplete}"
    )
