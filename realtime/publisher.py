"""Announces committed lines through Redis from one thread with one event loop per process.

Whoever commits only leaves the lines here: errors of Redis never reach them. First the doorbell is rung for
sockets, which find by themselves what it loses; then programs outside are told (`realtime.relayer`), who
are told everything.
"""

import asyncio
import atexit
import contextlib
import json
import logging
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseError

from realtime import outside
from realtime.doorbell import Doorbell
from realtime.lines import Announcement, user_group
from realtime.relayer import UNREACHABLE, WAITING_LIMIT_BYTES, Relayer

logger = logging.getLogger(__name__)
SEND_SECONDS = 2.0
FRAMES_LIMIT = 1000
# A round costs the same for one line and for fifty: after one that carried little, more is waited for.
PAUSE_SECONDS, SHORTEST_PAUSE_SECONDS = 0.005, 0.001
# Announcing must not hold up the threads that write: they get the interpreter back sooner than after the usual 5 ms.
SWITCH_SECONDS = 0.0005


class Publisher:
    """The announcing thread of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Announcement] = []
        self._waiting_bytes = 0
        self._frames: list[tuple[UUID | None, str]] = []
        self._loop = asyncio.new_event_loop()
        self._wake = asyncio.Event()
        self._round = asyncio.Lock()
        self._doorbell = Doorbell()
        self._relayer = Relayer()
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_SECONDS))
        self._thread = threading.Thread(target=self._run, name="realtime-publisher", daemon=True)
        self._thread.start()

    def announce(self, announcement: Announcement) -> None:
        """Takes lines to announce, in the order of the calls. Never blocks, never raises for Redis."""
        with self._lock:
            self._waiting.append(announcement)
            self._waiting_bytes += sum(len(line.body) for line in announcement.lines)
            if self._waiting_bytes > WAITING_LIMIT_BYTES:
                self._forget_waiting()
        self._loop.call_soon_threadsafe(self._wake.set)

    def tell(self, user: UUID | None, frame: str) -> None:
        """Takes a frame that stands in no log and may be lost: for a user's sockets, or about the whole system."""
        with self._lock:
            self._frames = [*self._frames[1 - FRAMES_LIMIT :], (user, frame)]
        self._loop.call_soon_threadsafe(self._wake.set)

    def flush(self, timeout_seconds: float, *, closing: bool) -> None:
        """Waits until what was left here so far was announced, or has failed to be; and marked when `closing`."""
        done = asyncio.run_coroutine_threadsafe(self._flush(closing=closing), self._loop)
        try:
            done.result(timeout_seconds)
        except TimeoutError:
            logger.warning("redis did not take the last announcements in %.0f s", timeout_seconds)

    async def _flush(self, *, closing: bool) -> None:
        await self._announce_waiting()
        await (self._relayer.close() if closing else self._relayer.drain(books=False))

    def _forget_waiting(self) -> None:
        # We do not keep up. The lines are in the database; only where to read on is kept.
        for waiting in self._waiting:
            self._loop.call_soon_threadsafe(self._relayer.miss, waiting.topic, waiting.first)
        self._waiting, self._waiting_bytes = [], 0

    def stop(self) -> None:
        """Ends the thread; what is left is in the database."""
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join(timeout=10)
        self._relayer.end()

    def _end(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._work())

    async def _work(self) -> None:
        relaying = asyncio.create_task(self._relayer.work())
        carried = 0
        while True:
            try:
                carried = await self._announce_waiting()
            except Exception:  # the worker loop of this thread: one bad round must not end all announcing
                logger.exception("announcing failed; sockets read the database instead")
            # what is left here meanwhile goes with the next round
            await asyncio.sleep(max(SHORTEST_PAUSE_SECONDS, PAUSE_SECONDS / max(1, carried)))
            await self._wake.wait()
            if relaying.done():
                relaying.result()

    async def _announce_waiting(self) -> int:
        """One round; how many topics it told of."""
        async with self._round:
            self._wake.clear()
            taken = self._take()
            await self._ring(taken)
            for announcement in taken:
                self._relayer.take(announcement)
            for user, frame in self._take_frames():
                await self._tell(user, frame)
            return len(taken)

    async def _ring(self, announcements: Sequence[Announcement]) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._doorbell.ring(announcements)
        except UNREACHABLE as error:
            logger.warning("redis took no announcement of %d: %r", len(announcements), error)

    async def _tell(self, user: UUID | None, frame: str) -> None:
        if user is None:
            await self._relayer.say(outside.system_channel(), frame)
            return
        message = {"type": "user.frame", "user": user.hex, "frame": frame}
        if not self._relayer.away:
            with contextlib.suppress(*UNREACHABLE):
                async with asyncio.timeout(SEND_SECONDS):
                    await self._doorbell.send(user_group(user), message)
            await self._relayer.say(outside.user_channel(user), frame)

    def _take(self) -> list[Announcement]:
        with self._lock:
            taken, self._waiting, self._waiting_bytes = self._waiting, [], 0
        return taken

    def _take_frames(self) -> list[tuple[UUID | None, str]]:
        with self._lock:
            taken, self._frames = self._frames, []
        return taken


_publishers: dict[int, Publisher] = {}
_start = threading.Lock()


def announce(announcement: Announcement) -> None:
    """Announces committed lines; returns at once. For `transaction.on_commit`."""
    _publisher().announce(announcement)


def tell(user: UUID, frame: Mapping[str, Any]) -> None:
    """Sends a frame that is no event to the open `/ws/user/` sockets of a user; returns at once."""
    _publisher().tell(user, json.dumps(frame, separators=(",", ":"), ensure_ascii=False))


def tell_all(frame: Mapping[str, Any]) -> None:
    """Says something about the whole system on the channel of Redis for that; returns at once."""
    _publisher().tell(None, json.dumps(frame, separators=(",", ":"), ensure_ascii=False))


def flush(timeout_seconds: float = 2.0) -> None:
    """Waits until everything committed so far was announced."""
    publisher = _publishers.get(os.getpid())
    if publisher is not None:
        publisher.flush(timeout_seconds, closing=False)


def stop() -> None:
    """Ends the announcing thread of this process; the next announcement starts another."""
    publisher = _publishers.pop(os.getpid(), None)
    if publisher is not None:
        publisher.stop()


def _leave() -> None:
    """The end of the process: what is committed is announced, and marked if the database can still be asked."""
    publisher = _publishers.get(os.getpid())
    if publisher is not None:
        with contextlib.suppress(DatabaseError):
            publisher.flush(2.0, closing=True)
        publisher.stop()


def _publisher() -> Publisher:
    # By process: a thread does not survive a fork.
    with _start:
        publisher = _publishers.get(os.getpid())
        if publisher is None:
            publisher = _publishers[os.getpid()] = Publisher()
            atexit.register(_leave)
        return publisher
