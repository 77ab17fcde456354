"""Names looked up in threads of our own: a name server may hang as long as it likes, and nobody else waits.

A lookup cannot be ended, only given up: of each owner a few run at a time, given up or not.
"""

import asyncio
import contextlib
import socket
from collections.abc import Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from weakref import WeakValueDictionary

THREADS, PER_OWNER = 64, 4
_threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="webhook-lookup")


def begin(host: str, port: int) -> Future[list[str]]:
    """The addresses the system knows for a name, later; OSError if none."""
    return _threads.submit(_look_up, host, port)


class Lookups:
    """Looks up for one event loop."""

    def __init__(self) -> None:
        self._shares: WeakValueDictionary[Hashable, asyncio.Semaphore] = WeakValueDictionary()

    async def __call__(self, host: str, port: int, owner: Hashable) -> list[str]:
        """The addresses the system knows for a name. Raises OSError."""
        loop = asyncio.get_running_loop()
        share = self._shares.setdefault(owner, asyncio.Semaphore(PER_OWNER))
        await share.acquire()
        looking = begin(host, port)

        def ended(_: Future[list[str]]) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended before
                loop.call_soon_threadsafe(share.release)

        looking.add_done_callback(ended)
        return await asyncio.wrap_future(looking)


def _look_up(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label no name may have
        raise OSError("no such name") from error
    return [str(sockaddr[0]) for *_, sockaddr in found]
