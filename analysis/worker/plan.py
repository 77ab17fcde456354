"""What a worker was started for."""

import os
import sys
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from analysis.queue.engine import CAMERA_QUEUE


@dataclass(frozen=True)
class Plan:
    """The options of `manage.py runworker`. `threads` is each slot's share of the cores."""

    queues: tuple[str, ...]
    device: str
    slots: int
    once: bool

    @property
    def watches(self) -> bool:
        """Whether it is for cameras: then there is a slot for each that is watched, and `slots` is the most."""
        return self.queues == (CAMERA_QUEUE,)

    @property
    def threads(self) -> int:
        """Cores by slots, fewer where OMP_NUM_THREADS says so."""
        share = max(1, _cores() // self.slots)
        bound = settings.OMP_NUM_THREADS
        return min(share, int(bound)) if bound.isdigit() and int(bound) else share

    def command(self, worker: UUID, slot: int) -> list[str]:
        """How the child for a slot is started."""
        options = ["--slot", str(slot), "--worker", str(worker), "--threads", str(self.threads)]
        options += ["--queues", ",".join(self.queues), "--device", self.device]
        return [sys.executable, sys.argv[0], "runworker", *options, *(["--once"] if self.once else [])]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
