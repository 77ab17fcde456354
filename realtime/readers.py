"""A few threads that read the database for coroutines.

Django gives all sync code of all sockets one thread; a slow page there would hold up every socket.
These threads are ours alone, keep their connection while there is work and close it when idle.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connections

P = ParamSpec("P")
T = TypeVar("T")
THREADS = 4
IDLE_SECONDS = 5.0


class Readers:
    """A pool of reading threads; started by the first question."""

    def __init__(self, threads: int = THREADS) -> None:
        self._size = threads
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    def submit(self, function: Callable[[], T]) -> "Future[T]":
        """Runs `function` in one of the threads; asked again once when the connection was lost."""
        future: Future[T] = Future()
        self._start()
        self._jobs.put(lambda: _carry(future, function))
        return future

    def close(self) -> None:
        """Ends the threads and closes their connections; the next question starts new ones."""
        with self._lock:
            threads, self._threads = self._threads, []
            for _ in threads:
                self._jobs.put(None)
        for thread in threads:
            thread.join(timeout=10)

    def _start(self) -> None:
        with self._lock:
            while len(self._threads) < self._size:
                thread = threading.Thread(target=self._work, name="realtime-reader", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            job()
            del job  # with its answer, which may be large, while this thread waits for the next
        connections.close_all()

    def _next(self) -> Callable[[], None] | None:
        try:
            return self._jobs.get(timeout=IDLE_SECONDS)
        except Empty:
            connections.close_all()
            return self._jobs.get()


def _carry(future: "Future[T]", function: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = asked_twice(function)
    except BaseException as error:  # whatever it is, it belongs to whoever waits for the future
        future.set_exception(error)
    else:
        future.set_result(result)


def asked_twice(function: Callable[[], T]) -> T:
    """The answer of a function, asked again once when the connection was lost; outside of transactions only."""
    try:
        return function()
    except (OperationalError, InterfaceError):
        # A connection that PostgreSQL closed while we were idle, or a restart: a new one may do.
        connections.close_all()
        return function()


_readers = Readers()


async def ask(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The answer of a function that reads the database, without holding up the event loop."""
    call: Callable[[], Any] = lambda: function(*args, **kwargs)  # noqa: E731  # typed, for submit
    return await asyncio.wrap_future(_readers.submit(call))


def close() -> None:
    """Ends the threads and closes their connections."""
    _readers.close()
