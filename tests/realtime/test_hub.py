"""The hub ticks as long as there is a socket."""

import asyncio
from typing import Any

import pytest

from realtime import stats
from realtime.connection import Connection
from realtime.hub import Hub
from tests.waiting import eventually


class Counted(Connection):
    """A socket that counts how often it was looked at."""

    ticks = 0

    def tick(self, now: float, *, stuck_seconds: float) -> None:
        self.ticks += 1


async def _nothing(*_: Any) -> Any:
    return {}


def socket() -> Counted:
    return Counted({}, _nothing, _nothing)


async def test_a_socket_that_opens_while_the_last_one_is_tidied_up_after_is_ticked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub, first, second = Hub(), socket(), socket()
    reporting, may_report = asyncio.Event(), asyncio.Event()

    async def slow_report(counts: stats.Sockets) -> None:
        if not counts.sockets:
            reporting.set()
            await may_report.wait()

    monkeypatch.setattr(stats, "report", slow_report)
    hub.enter(first)
    await eventually(lambda: first.ticks)
    hub.leave(first)
    await asyncio.wait_for(reporting.wait(), 5)

    hub.enter(second)
    may_report.set()

    await eventually(lambda: second.ticks, limit=5, what="the second socket is ticked")
    hub.leave(second)


async def test_a_failure_while_tidying_up_does_not_stop_the_next_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub, first, second = Hub(), socket(), socket()
    failed = asyncio.Event()

    async def failing_report(counts: stats.Sockets) -> None:
        if not counts.sockets:
            failed.set()
            raise RuntimeError("no thread can be started")

    monkeypatch.setattr(stats, "report", failing_report)
    hub.enter(first)
    await eventually(lambda: first.ticks)
    hub.leave(first)
    await asyncio.wait_for(failed.wait(), 5)

    hub.enter(second)

    await eventually(lambda: second.ticks, limit=5, what="the second socket is ticked")
    hub.leave(second)
