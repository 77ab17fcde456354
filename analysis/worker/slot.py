"""A device slot: the child process that loads torch and examines one run after the other.

It dies with its supervisor: when its stdin ends it kills its own process group at once.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Event as Flag
from threading import Lock, Thread
from uuid import UUID

from django.db import connection, connections
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.utils import sync_to_async

from analysis.engine.errors import EngineError
from analysis.engine.registry import Registry, built_in_names
from analysis.examining import load_registry
from analysis.queue import Attempt
from analysis.queue.engine import ENGINE_BEAT_SECONDS, ENGINE_SILENT_SECONDS, TASK
from analysis.worker import scratch
from analysis.worker.examiner import Examiner
from analysis.worker.reports import Order, Report
from analysis.worker.rows import publish_cards
from realtime import publisher

logger = logging.getLogger(__name__)
REPORT_SECONDS = 1.0


@dataclass(frozen=True)
class SlotPlan:
    """What this slot was started for."""

    worker: UUID
    slot: int
    queues: tuple[str, ...]
    device: str
    threads: int
    once: bool


@dataclass
class Line:
    """The pipes to the supervisor, what it has ordered, and what we last told it."""

    output: int
    go: Flag = field(default_factory=Flag)
    stopping: Flag = field(default_factory=Flag)
    given_up: Flag = field(default_factory=Flag)
    cancels: set[Attempt] = field(default_factory=set)
    report: Report = field(default_factory=Report)
    # whom a watchdog would blame right now; set while a run is examined
    current: Callable[[], str] = field(default=lambda: "")
    stressing: Callable[[], bool] = field(default=lambda: False)
    loop: asyncio.AbstractEventLoop | None = None
    work: "asyncio.Task[None] | None" = None
    _told: Flag = field(default_factory=Flag)
    _lock: Lock = field(default_factory=Lock)

    def open(self) -> None:
        """Starts listening and reporting."""
        Thread(target=self._listen, name="orders", daemon=True).start()
        Thread(target=self._keep_reporting, name="reports", daemon=True).start()

    def tell(self, report: Report) -> None:
        """Changes what is reported, and reports it now."""
        with self._lock:
            self.report = report
        self._told.set()

    def pulse(self) -> None:
        """A sign of life of the examination; reported within a second."""
        with self._lock:
            self.report = replace(self.report, seen=self.report.seen + 1)

    def stop(self) -> None:
        """Take no further run; what is in hand is given back."""
        self.stopping.set()
        self.go.set()
        if self.loop and self.work:
            self.loop.call_soon_threadsafe(self.work.cancel)

    def give_up(self) -> None:
        """Ends this process in order, so that its supervisor starts another in its place."""
        self.given_up.set()
        if not self.stopping.is_set():
            self.stop()

    def _listen(self) -> None:
        for line in sys.stdin:
            self._obey(Order.parse(line))
        # The supervisor is gone, however it ended. Nothing may outlive it, the reader's sandbox neither.
        os.killpg(0, signal.SIGKILL)

    def _obey(self, order: Order) -> None:
        if order.name == "go":
            self.go.set()
        elif order.name == "cancel" and order.attempt:
            self.cancels.add(order.attempt)
        elif order.name == "stop":
            self.stop()

    def _keep_reporting(self) -> None:
        while True:
            self._told.wait(REPORT_SECONDS)
            self._told.clear()
            report = replace(self.report, in_feed=self.current(), stressing=self.stressing())
            os.write(self.output, report.line())


class Slot:
    """Loads what is heavy, reports ready, and works."""

    def __init__(self, plan: SlotPlan) -> None:
        self.plan = plan
        # What libraries print must not be mistaken for a report.
        self.line = Line(os.dup(1))
        os.dup2(2, 1)

    def run(self) -> None:
        """Until told to stop; with `once` until no run waits."""
        self.line.open()
        # in a thread: the signal may have interrupted us with a lock in hand
        signal.signal(signal.SIGTERM, lambda *_: Thread(target=self.line.stop).start())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        device, registry = self._load()
        scratch.clear(self.plan.worker, self.plan.slot)
        connection.close()
        self.line.tell(Report(ready=True, device=device))
        self.line.go.wait()
        if not self.line.stopping.is_set():
            asyncio.run(self._work(registry))
        publisher.flush()
        logging.shutdown()
        # Taking torch apart, piece by piece, takes seconds, and nothing is left that would need it.
        os._exit(1 if self.line.given_up.is_set() else 0)

    def _load(self) -> tuple[str, Registry]:
        """The device, and the detectors on it."""
        device = self._load_torch()
        registry = load_registry(device=device, cores=self.plan.threads, measure=True)
        _load_nets(registry)
        if self.plan.slot == 0:
            publish_cards(registry.states())
        return device, registry

    def _examiner(self, registry: Registry) -> Examiner:
        """Who brings runs to an end here."""
        return Examiner(self.plan.worker, self.plan.slot, registry, self.plan.threads, self.line)

    def _load_torch(self) -> str:
        """Now, so that no run waits for it; the device that was meant."""
        import torch

        torch.set_num_threads(self.plan.threads)
        if self.plan.device != "auto":
            return self.plan.device
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        return f"cuda:{self.plan.slot % count}" if count else "cpu"

    async def _work(self, registry: Registry) -> None:
        # One connection for all runs: opening one costs more than a job's whole start.
        connections.settings["default"]["CONN_MAX_AGE"] = None
        examiner = self._examiner(registry)
        await sync_to_async(_connect)
        self.line.loop = asyncio.get_running_loop()
        connector = DjangoConnector().get_worker_connector()
        with app.replace_connector(connector) as engine:
            engine.task(name=TASK)(examiner.examine)
            async with engine.open_async():
                self.line.work = asyncio.ensure_future(
                    engine.run_worker_async(
                        queues=list(self.plan.queues),  # a tuple would become a row
                        name=f"slot {self.plan.slot}",
                        concurrency=1,
                        wait=not self.plan.once,
                        delete_jobs="always",
                        install_signal_handlers=False,
                        update_heartbeat_interval=ENGINE_BEAT_SECONDS,
                        stalled_worker_timeout=ENGINE_SILENT_SECONDS,
                    )
                )
                if self.line.stopping.is_set():
                    self.line.work.cancel()
                try:
                    await self.line.work
                except asyncio.CancelledError:
                    logger.info("slot %d stopped", self.plan.slot)


def _load_nets(registry: Registry) -> None:
    """Those of our own that run by default, so that no file waits for loading and measuring.

    Not those of others: one that never ends loading must cost the run that asks for it, not every slot.
    """
    ours = built_in_names()
    for state in registry.states():
        if state.available and state.card.by_default and state.card.weights and state.card.name in ours:
            try:
                registry.detector(state.card.name)
            except EngineError as error:
                logger.warning("%s cannot be loaded: %s", state.card.name, error)
            # a run that asks for it is told; the slot has others to work with
            except Exception:
                logger.exception("%s cannot be loaded", state.card.name)


def _connect() -> None:
    # looked up by the thread that examines: it has a connection of its own and is refused everybody else's
    connection.ensure_connection()
