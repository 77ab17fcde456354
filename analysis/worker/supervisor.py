"""The supervisor of `manage.py runworker`: light, and always the one that is awake.

It starts slots, keeps their leases and the worker's heartbeat, and kills what hangs, all in one thread; another
sends webhooks, a third removes what need not be kept. All state that counts is in the database: after any death, a
slot's or our own, the leases say what was in whose hands.
"""

import logging
import os
import selectors
import signal
import time
from collections.abc import Callable
from functools import partial
from uuid import uuid4

import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from analysis import queue
from analysis.alerts.raising import raise_due
from analysis.queue import Attempt, Loss
from analysis.worker import rows, scratch, watch
from analysis.worker.bell import Bell
from analysis.worker.child import Child
from analysis.worker.keeper import Keeper
from analysis.worker.news import News
from analysis.worker.plan import Plan
from analysis.worker.watch import DIED
from realtime import jobs, publisher
from realtime.webhooks.dispatcher import Dispatcher

logger = logging.getLogger(__name__)
LOOK_SECONDS = 0.5
SWEEP_SECONDS = 5.0
# More wait for the next sweep: leases must be kept meanwhile.
JOBS_AT_ONCE = 100
BEAT_SECONDS = 3.0
# How late an alert may be, about.
ALERT_SECONDS = 1.0
STOP_SECONDS = 8.0
WELL_AFTER_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 30.0


class Supervisor:
    """Runs until told to stop; with `once` until no run waits."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.worker = uuid4()
        self._news = News(self.worker)
        self._selector = selectors.DefaultSelector()
        self._children: dict[int, Child] = {}
        self._losses: dict[int, Loss] = {}
        self._dying: dict[int, Child] = {}
        self._starts: dict[int, float] = dict.fromkeys(range(plan.slots), 0.0)
        self._deaths: dict[int, int] = {}
        self._bell: Bell | None = None
        self._signed_on = False
        self._next_beat = self._next_sweep = self._sweep_from = 0.0
        self._stop_by: float | None = None
        self._signals = 0
        self._helpers: list[Dispatcher | Keeper] = []

    def run(self) -> None:
        """The loop."""
        self._heed_signals()
        self._start_helpers()
        try:
            while not self._over():
                self._look()
                self._tick(time.monotonic())
        finally:
            self._end()

    def _heed_signals(self) -> None:
        reading, writing = os.pipe()
        for end in (reading, writing):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        self._selector.register(reading, selectors.EVENT_READ, lambda: bool(os.read(reading, 100)))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note_signal)

    def _start_helpers(self) -> None:
        """Threads of their own, with connections of their own: none waits for another."""
        if not self.plan.once:
            self._helpers = [Dispatcher(), Keeper(), Keeper((raise_due,), look_seconds=ALERT_SECONDS)]
        for helper in self._helpers:
            helper.start()

    def _note_signal(self, *_: object) -> None:
        # Nothing more than this: it may have interrupted us in the middle of telling a slot something.
        self._signals += 1

    def _heed(self, now: float) -> None:
        """Asks every slot to give back what it has; asked twice, kills them."""
        if self._signals and self._stop_by is None:
            self._stop_by = now + STOP_SECONDS
            self._starts.clear()
            for helper in self._helpers:
                helper.leave()
            for child in self._children.values():
                child.order("stop")
        if self._signals > 1:
            self._stop_by = now

    def _over(self) -> bool:
        waiting = self._dying and self._stop_by is None
        return not (self._children or self._starts or self._losses or waiting)

    def _look(self) -> None:
        """Waits for reports, cancels, signals, or for the next time to look around."""
        pauses = [LOOK_SECONDS, *(child.seconds_to_obey() for child in self._children.values())]
        for key, _ in self._selector.select(min(pauses)):
            key.data()

    def _tick(self, now: float) -> None:
        self._heed(now)
        self._settle_losses()
        self._bury()
        for slot, at in list(self._starts.items()):
            if now >= at:
                self._start(slot)
        self._let_go()
        for child in list(self._children.values()):
            if loss := watch.verdict(child):
                self._kill(child, loss)
        if self._stop_by is not None and now >= self._stop_by:
            for child in list(self._children.values()):
                self._kill(child, DIED)
        # at once: somebody waits to see that it was cancelled
        self._settle_losses()
        if now >= self._next_beat:
            self._keep_leases(now)
        if now >= max(self._next_sweep, self._sweep_from) and self._stop_by is None:
            self._next_sweep = now + SWEEP_SECONDS
            self._in_database(queue.sweep)
            self._in_database(self._news.look)
            self._in_database(partial(scratch.sweep, self.worker))
            self._sweep_jobs()

    def _sweep_jobs(self) -> None:
        """Looks after external jobs. Whatever fails here must not touch the runs in our hands."""
        try:
            jobs.sweep(limit=JOBS_AT_ONCE)
        except Exception:  # the worker loop
            logger.exception("silent jobs were not looked after; tried again with the next sweep")
            connection.close()

    def _keep_leases(self, now: float) -> None:
        # what fails is tried again at the next look, before anybody takes us for dead
        if self._in_database(self._beat):
            self._next_beat = now + min(BEAT_SECONDS, settings.LEASE_SECONDS / 5)
            self._open_bell()

    def _start(self, slot: int) -> None:
        del self._starts[slot]
        child = Child(slot, self.plan.command(self.worker, slot), threads=self.plan.threads)
        self._children[slot] = child
        self._selector.register(child.output, selectors.EVENT_READ, lambda: self._hear(child))
        logger.info("slot %d started, pid %d", slot, child.process.pid)

    def _hear(self, child: Child) -> None:
        run = child.run
        if not child.listen():
            self._lose(child, watch.died(child))
        elif child.run != run:
            self._next_beat = 0.0

    def _let_go(self) -> None:
        """Lets slots that are ready take runs, once what their predecessors held was taken back."""
        for child in self._children.values():
            if child.report.ready and not child.going and child.number not in self._losses:
                child.going = self._in_database(partial(self._sign_on, child.report.device))
                if child.going:
                    child.order("go" if self._stop_by is None else "stop")

    def _sign_on(self, device: str) -> None:
        if not self._signed_on:
            rows.sign_on(self.worker, self.plan, device)
            self._signed_on = True
            self._news.started()
            self._next_beat = 0.0

    def _beat(self) -> None:
        if not self._signed_on:
            return
        self._say_alive()
        held = [
            which for child in self._children.values() if child.is_alive and (which := child.report.which)
        ]
        kept = {lease.which: lease for lease in queue.extend(self.worker, held)}
        for which in held:
            # or its run was deleted, or given to somebody else: a camera would be watched for nobody for days
            if which not in kept or kept[which].cancel_requested:
                self._cancel(which)

    def _say_alive(self) -> None:
        rows.beat(self.worker, self._children.values())

    def _cancel(self, attempt: Attempt) -> None:
        """Tells all slots: one of them may have taken the run and not said so yet."""
        for child in self._children.values():
            child.cancel(attempt, within_seconds=watch.CANCEL_SECONDS)

    def _kill(self, child: Child, loss: Loss) -> None:
        logger.warning("slot %d is killed: %s", child.number, loss.reason)
        self._lose(child, loss)

    def _lose(self, child: Child, loss: Loss) -> None:
        """What it held is taken back now; its place is free once the system has let go of the process."""
        self._selector.unregister(child.output)
        child.kill()
        self._losses[child.number] = loss
        self._dying[child.number] = self._children.pop(child.number)

    def _bury(self) -> None:
        for child in list(self._dying.values()):
            # not waited for: one that hangs in a driver or a disk may take its time, and the others need us
            code = child.process.poll()
            if code is not None:
                del self._dying[child.number]
                child.close()
                self._replace(child, code)

    def _replace(self, child: Child, code: int) -> None:
        well = child.ready_at is not None and time.monotonic() - child.ready_at > WELL_AFTER_SECONDS
        deaths = self._deaths[child.number] = 0 if well else self._deaths.get(child.number, 0) + 1
        if self._stop_by is not None or (self.plan.once and code == 0):
            return
        logger.warning("slot %d ended with code %d, run %s", child.number, code, child.run)
        pause_seconds = min(LONGEST_PAUSE_SECONDS, 2.0**deaths) if deaths > 1 else 0.0
        self._starts[child.number] = time.monotonic() + pause_seconds

    def _settle_losses(self) -> None:
        for slot, loss in list(self._losses.items()):
            if self._in_database(partial(self._take_back, slot, loss)):
                del self._losses[slot]

    def _take_back(self, slot: int, loss: Loss) -> None:
        if self._stop_by is not None:
            queue.release_slot(self.worker, slot)
        else:
            queue.lose_slot(self.worker, slot, loss)

    def _open_bell(self) -> None:
        if self._bell is None:
            try:
                self._bell = Bell()
            except psycopg.OperationalError as error:
                logger.warning("cancels are heard with the next heartbeat only: %s", error)
                return
            self._selector.register(self._bell, selectors.EVENT_READ, self._ring)

    def _ring(self) -> None:
        bell = self._bell
        assert bell  # noqa: S101  # only an open bell is in the selector
        try:
            attempts = bell.rung()
        except psycopg.OperationalError:
            self._selector.unregister(bell)
            bell.close()
            self._bell = None
            return
        for attempt in attempts:
            self._cancel(attempt)

    def _sign_off(self) -> None:
        rows.sign_off(self.worker)
        self._news.stopped()

    def _in_database(self, action: Callable[[], None]) -> bool:
        """Whether it was done. A database that does not answer is asked again the next time round."""
        try:
            action()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("the database did not take it: %s", error)
            connection.close()
            # Leases that ran out while nobody could keep them are not those of the dead.
            self._sweep_from = time.monotonic() + settings.LEASE_SECONDS
            return False
        return True

    def _end(self) -> None:
        for child in [*self._children.values(), *self._dying.values()]:
            child.kill()
            child.close()
        if self._signed_on:
            self._in_database(self._sign_off)
        for helper in self._helpers:
            helper.stop()
        publisher.flush()
        if self._bell:
            self._bell.close()
