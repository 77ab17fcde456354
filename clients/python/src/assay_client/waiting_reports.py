"""Reports that wait for the server: in order, and never more than a given number."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from uuid import uuid4

from assay_client.errors import AssayError


class TooManyWaiting(AssayError):
    """Nothing can be left out any more: everything that waits ends a job."""


@dataclass(eq=False)
class Report:
    """One report. `settled`: nobody need stand here for it any more; `gone`: it waits no more.

    fault: why it was refused.
    """

    job_id: str
    body: bytes
    ends: bool
    key: str = field(default_factory=lambda: str(uuid4()))
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    fault: Exception | None = None

    def leave(self, fault: Exception | None = None) -> None:
        """Its fate is known."""
        self.fault = fault
        self.settled.set()
        self.gone.set()


class WaitingReports:
    """A queue. When it is full the oldest progress is left out, never an ending and never the newest."""

    def __init__(self, limit: int) -> None:
        self._reports: deque[Report] = deque()
        self._limit = limit
        self._some = asyncio.Event()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._reports)

    def add(self, report: Report) -> None:
        """Raises TooManyWaiting."""
        if len(self._reports) >= self._limit:
            self._make_room()
        self._reports.append(report)
        self._some.set()

    async def first(self) -> Report:
        """The oldest one, which stays until it is taken out."""
        while not self._reports:
            self._some.clear()
            await self._some.wait()
        return self._reports[0]

    def last(self) -> Report:
        """The newest one."""
        return self._reports[-1]

    def take_out(self, report: Report, fault: Exception | None) -> None:
        """It was taken, or refused."""
        self._reports.remove(report)
        report.leave(fault)

    def let_wait(self) -> None:
        """The server is away: nobody need stand here for progress."""
        for report in self._reports:
            if not report.ends:
                report.settled.set()

    def _make_room(self) -> None:
        # The first one is on its way to the server right now.
        for report in list(self._reports)[1:]:
            if not report.ends:
                self._reports.remove(report)
                self.dropped += 1
                report.leave()
                return
        raise TooManyWaiting("Too many endings of jobs wait for a server that is away.")
