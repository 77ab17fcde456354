"""The shared counter, asked for the first time by many requests at once."""

import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest

from accounts import counting

AT_ONCE = 8


def test_many_first_requests_at_once_all_count(caplog: pytest.LogCaptureFixture) -> None:
    """Clients made at once and dropped must not close a connection another request reads from."""
    caplog.set_level(logging.WARNING, logger="accounts.counting")
    for _ in range(20):
        counting._redis.cache_clear()
        name, barrier = uuid4().hex, Barrier(AT_ONCE)

        def count(name: str = name, barrier: Barrier = barrier) -> int:
            barrier.wait(10)
            return counting.SharedCounter().add(name, window_seconds=3600)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            stood_at = sorted(done.result() for done in [pool.submit(count) for _ in range(AT_ONCE)])
        assert stood_at == list(range(1, AT_ONCE + 1))
    assert [record for record in caplog.records if record.name == "accounts.counting"] == []
