"""The keeper of a worker does its chores again and again, whatever becomes of one, and stops when told."""

import threading

import pytest

from analysis.worker import keeper
from analysis.worker.keeper import Keeper
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_goes_on_while_there_is_more_and_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "PAUSE_SECONDS", 0.0)
    portions = [3, 2, 1]
    done: list[int] = []

    def chore() -> int:
        done.append(portions.pop(0) if portions else 0)
        return done[-1]

    def broken() -> int:
        raise RuntimeError("no database")

    busy = Keeper((broken, chore))
    busy.start()

    wait_until(lambda: done[-1:] == [0])
    busy.stop()
    assert done == [3, 2, 1, 0]
    assert "keeper" not in {thread.name for thread in threading.enumerate()}
