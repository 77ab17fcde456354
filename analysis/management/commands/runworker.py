"""`manage.py runworker`: examines queued runs. Hides the command of that name that Channels has."""

import argparse
import logging
import sys
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from analysis.worker.plan import Plan
from analysis.worker.supervisor import Supervisor

QUEUES = ("media",)


class Command(BaseCommand):
    """The supervisor; with --slot one of its children."""

    help = (
        "Examine queued runs: a light supervisor, and one process per device slot that loads the detectors."
    )
    requires_system_checks: list[str] = []  # a worker needs no URLs or templates

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--queues", default="media", help="comma separated; known: media")
        parser.add_argument("--device", default="auto", help="cpu, cuda:0 … or auto (a GPU if there is one)")
        parser.add_argument("--slots", type=int, default=settings.SLOTS, help="runs examined side by side")
        parser.add_argument("--once", action="store_true", help="end when no run waits")
        for option in ("--slot", "--threads"):
            parser.add_argument(option, type=int, help=argparse.SUPPRESS)
        parser.add_argument("--worker", type=UUID, help=argparse.SUPPRESS)

    def handle(self, *args: object, **options: Any) -> None:
        queues = tuple(name.strip() for name in options["queues"].split(",") if name.strip())
        for name in queues:
            if name not in QUEUES:
                raise CommandError(f"No queue {name!r}. Known: {', '.join(QUEUES)}.")
        if options["slots"] < 1:
            raise CommandError("A worker needs at least one slot.")
        logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
        if options["slot"] is None:
            Supervisor(Plan(queues, options["device"], options["slots"], options["once"])).run()
        else:
            self._run_slot(queues, options)

    def _run_slot(self, queues: tuple[str, ...], options: dict[str, Any]) -> None:
        # here, because the supervisor must never load what a slot loads
        from analysis.worker.slot import Slot, SlotPlan

        names = ("worker", "slot", "device", "threads", "once")
        Slot(SlotPlan(queues=queues, **{name: options[name] for name in names})).run()
