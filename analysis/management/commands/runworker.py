"""`manage.py runworker`: examines queued runs, or watches cameras. Hides the command of that name that Channels has."""

import argparse
import logging
import sys
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from analysis.queue.engine import CAMERA_QUEUE
from analysis.worker.cameras import CameraSupervisor
from analysis.worker.plan import Plan
from analysis.worker.supervisor import Supervisor

QUEUES = ("media", CAMERA_QUEUE)


class Command(BaseCommand):
    """The supervisor; with --slot one of its children."""

    help = (
        "Examine queued runs: a light supervisor, and one process per device slot that loads the detectors."
    )
    requires_system_checks: list[str] = []  # a worker needs no URLs or templates

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--queues",
            "--queue",
            default="media",
            help="media (files), or camera (watches the enabled cameras)",
        )
        parser.add_argument("--device", default="auto", help="cpu, cuda:0 … or auto (a GPU if there is one)")
        parser.add_argument(
            "--slots", type=int, help="runs examined, or at most so many cameras watched, side by side"
        )
        parser.add_argument("--once", action="store_true", help="end when no run waits")
        for option in ("--slot", "--threads"):
            parser.add_argument(option, type=int, help=argparse.SUPPRESS)
        parser.add_argument("--worker", type=UUID, help=argparse.SUPPRESS)

    def handle(self, *args: object, **options: Any) -> None:
        queues = tuple(name.strip() for name in options["queues"].split(",") if name.strip())
        for name in queues:
            if name not in QUEUES:
                raise CommandError(f"No queue {name!r}. Known: {', '.join(QUEUES)}.")
        if CAMERA_QUEUE in queues and len(queues) > 1:
            raise CommandError(
                "A worker examines files or watches cameras, not both: no upload waits for a camera."
            )
        if options["slots"] is None:
            options["slots"] = settings.CAMERA_SLOTS if CAMERA_QUEUE in queues else settings.SLOTS
        if options["slots"] < 1:
            raise CommandError("A worker needs at least one slot.")
        logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
        if options["slot"] is None:
            plan = Plan(queues, options["device"], options["slots"], options["once"])
            (CameraSupervisor(plan) if plan.watches else Supervisor(plan)).run()
        else:
            self._run_slot(queues, options)

    def _run_slot(self, queues: tuple[str, ...], options: dict[str, Any]) -> None:
        # here, because the supervisor must never load what a slot loads
        from analysis.worker.slot import Slot, SlotPlan

        names = ("worker", "slot", "device", "threads", "once")
        plan = SlotPlan(queues=queues, **{name: options[name] for name in names})
        if CAMERA_QUEUE in queues:
            from analysis.worker.camera_slot import CameraSlot

            CameraSlot(plan).run()
        else:
            Slot(plan).run()
