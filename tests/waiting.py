"""Waiting for a condition with a limit, in place of sleeping."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Found = TypeVar("Found")


def wait_until(
    condition: Callable[[], Found], *, limit: float = 10.0, every: float = 0.05, what: str = ""
) -> Found:
    """The first true value of `condition`; fails the test after `limit` seconds."""
    until = time.monotonic() + limit
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < until, f"not within {limit} s: {what or condition}"
        time.sleep(every)


async def eventually(
    condition: Callable[[], Found | Awaitable[Found]],
    *,
    limit: float = 10.0,
    every: float = 0.02,
    what: str = "",
) -> Found:
    """Like `wait_until` in an event loop; `condition` may be a coroutine function."""
    until = time.monotonic() + limit
    while True:
        found = condition()
        value: Found = await found if isinstance(found, Awaitable) else found
        if value:
            return value
        assert time.monotonic() < until, f"not within {limit} s: {what or condition}"
        await asyncio.sleep(every)
