"""A bounded queue between two threads of an examination, whose both ends give up when it stops."""

from collections.abc import Iterator
from queue import Empty, Full, Queue
from threading import Event
from typing import Generic, TypeVar

Item = TypeVar("Item")
LOOK_SECONDS = 0.05  # how soon a waiting thread notices that the examination was stopped


class Stopped(Exception):
    """The examination was stopped; the thread that meets this ends."""


class Belt(Generic[Item]):
    """First in, first out, at most `size` items; a full belt makes the putter wait, which bounds memory."""

    def __init__(self, size: int, stop: Event) -> None:
        self._items: Queue[Item] = Queue(size)
        self._stop = stop
        self._abandoned = Event()

    def put(self, item: Item) -> None:
        """Waits for room. After `abandon` the item is dropped. Raises Stopped."""
        while not self._abandoned.is_set():
            if self._stop.is_set():
                raise Stopped
            try:
                return self._items.put(item, timeout=LOOK_SECONDS)
            except Full:
                continue
        return None

    def offer(self, item: Item) -> bool:
        """Never waits: whether there was room."""
        try:
            self._items.put_nowait(item)
        except Full:
            return False
        return True

    def take(self) -> Item:
        """Waits for the next item. Raises Stopped."""
        while True:
            if self._stop.is_set():
                raise Stopped
            try:
                return self._items.get(timeout=LOOK_SECONDS)
            except Empty:
                continue

    def poll(self, seconds: float) -> Item | None:
        """The next item, or None when none came in time. Never raises Stopped."""
        try:
            return self._items.get(timeout=seconds)
        except Empty:
            return None

    def abandon(self) -> None:
        """Nobody takes any more: what lies here and what still comes is dropped, so that nobody waits."""
        self._abandoned.set()
        for _ in self._leftover():
            pass

    def _leftover(self) -> Iterator[Item]:
        while True:
            try:
                yield self._items.get_nowait()
            except Empty:
                return
