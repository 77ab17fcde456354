"""The supervisor of a worker that watches cameras: a slot for each, started when one waits, ended when none does.

It loads no detector; without cameras it is one small process.
"""

import time
from functools import partial

from analysis import queue
from analysis.queue.engine import CAMERA_QUEUE
from analysis.worker import rows
from analysis.worker.child import Child
from analysis.worker.plan import Plan
from analysis.worker.supervisor import LONGEST_PAUSE_SECONDS, WELL_AFTER_SECONDS, Supervisor, logger

DEMAND_SECONDS = 1.0
IDLE_SECONDS = 10.0


class CameraSupervisor(Supervisor):
    """At most `plan.slots` slots, each for one camera; what waits beyond them waits in the queue."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self._starts = {}
        self._rests: dict[int, float] = {}
        self._leaving: set[Child] = set()
        self._next_demand = 0.0
        self._waiting = 0
        self._looked = False

    def _over(self) -> bool:
        if self._children or self._starts or self._losses:
            return False
        if self._stop_by is not None:
            return True
        return self.plan.once and self._looked and not self._waiting and not self._dying

    def _tick(self, now: float) -> None:
        if not self._signed_on:
            # at once: it is well without a slot
            self._in_database(partial(self._sign_on, "cpu"))
        super()._tick(now)
        if now >= self._next_demand and self._stop_by is None:
            self._next_demand = now + DEMAND_SECONDS
            if self._in_database(self._count):
                self._meet_demand(now)

    def _say_alive(self) -> None:
        rows.beat(self.worker, self._children.values(), on_demand=True)

    def _count(self) -> None:
        self._waiting = queue.waiting(CAMERA_QUEUE)
        self._looked = True

    def _meet_demand(self, now: float) -> None:
        free = [
            child for child in self._children.values() if child.run is None and child not in self._leaving
        ]
        for number in self._unused(now)[: max(0, self._waiting - len(free))]:
            self._starts[number] = now
        if not self._waiting:
            for child in free:
                if child.going and now - child.moved > IDLE_SECONDS:
                    self._leaving.add(child)
                    child.order("stop")

    def _unused(self, now: float) -> list[int]:
        used = {*self._children, *self._starts, *self._dying, *self._losses}
        return [
            number
            for number in range(self.plan.slots)
            if number not in used and now >= self._rests.get(number, 0.0)
        ]

    def _replace(self, child: Child, code: int) -> None:
        """Nobody takes its place before a camera needs it; where slots die at once, later each time."""
        self._leaving.discard(child)
        well = child.ready_at is not None and time.monotonic() - child.ready_at > WELL_AFTER_SECONDS
        deaths = self._deaths.get(child.number, 0) + 1 if code and not well else 0
        self._deaths[child.number] = deaths
        if code:
            logger.warning("slot %d ended with code %d, run %s", child.number, code, child.run)
        if deaths > 1:
            self._rests[child.number] = time.monotonic() + min(LONGEST_PAUSE_SECONDS, 2.0**deaths)
