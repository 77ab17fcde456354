"""Name servers that let us wait."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from realtime.webhooks import lookups
from realtime.webhooks.addresses import refuse_known_bad
from realtime.webhooks.lookups import THREADS, Lookups
from tests.waiting import eventually, wait_until

ANA, EVE = uuid4(), uuid4()


class Slow:
    """A name server that answers nothing of hang.example until it is let go, and the rest at once."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.let_go = threading.Event()

    def __call__(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        if host == "hang.example":
            self.let_go.wait(30)
            raise OSError("no answer")
        return [(2, 1, 6, "", ("93.184.216.34", port))]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    names = Slow()
    monkeypatch.setattr(socket, "getaddrinfo", names)
    yield names
    names.let_go.set()


async def test_names_of_one_owner_that_hang_keep_no_other_owner_waiting(slow: Slow) -> None:
    look_up = Lookups()
    hanging = [asyncio.create_task(look_up("hang.example", 80, EVE)) for _ in range(THREADS + 6)]
    await eventually(lambda: len(slow.asked) >= 4)

    async with asyncio.timeout(5):
        found = await look_up("good.example", 80, ANA)

    assert found == ["93.184.216.34"]
    slow.let_go.set()
    await asyncio.gather(*hanging, return_exceptions=True)
    assert slow.asked.count("hang.example") == THREADS + 6


async def test_lookups_that_were_given_up_still_count_until_they_end(slow: Slow) -> None:
    look_up = Lookups()
    given_up = [asyncio.create_task(look_up("hang.example", 80, EVE)) for _ in range(4)]
    await eventually(lambda: len(slow.asked) == 4)
    for task in given_up:
        task.cancel()
    await asyncio.gather(*given_up, return_exceptions=True)

    waiting = asyncio.create_task(look_up("good.example", 80, EVE))
    await look_up("other.example", 80, ANA)
    early = slow.asked.count("good.example")
    slow.let_go.set()

    assert (early, await waiting) == (0, ["93.184.216.34"])


def test_a_lookup_that_was_given_up_is_not_begun_afterwards(slow: Slow) -> None:
    for _ in range(THREADS):
        lookups.begin("hang.example", 80)
    wait_until(lambda: len(slow.asked) == THREADS)
    refuse_known_bad("http://late.example/", timeout_seconds=0)

    slow.let_go.set()
    refuse_known_bad("http://last.example/", timeout_seconds=10)

    assert slow.asked[-1] == "last.example"
    assert "late.example" not in slow.asked
