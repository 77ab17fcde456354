"""Announces committed lines through Redis from one thread with one event loop per process.

Whoever commits only leaves the lines here: errors of Redis never reach them. What could not be
announced is remembered by its first seq and read back from the database when Redis answers again.
"""

import asyncio
import atexit
import contextlib
import json
import logging
import os
import threading
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer
from django.db import Error as DatabaseError
from redis.exceptions import RedisError

from realtime import relay
from realtime.lines import Announcement, topic_group, user_group
from realtime.readers import ask

logger = logging.getLogger(__name__)
UNREACHABLE = (RedisError, OSError, TimeoutError)
SEND_SECONDS = 2.0
RETRY_SECONDS = 1.0
MARK_SECONDS = 1.0
SWEEP_SECONDS = 30.0
WAITING_LIMIT_BYTES = 16 * 2**20


class Publisher:
    """The announcing thread of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Announcement] = []
        self._frames: list[tuple[UUID, str]] = []
        self._waiting_bytes = 0
        self._missed: dict[UUID, int] = {}
        self._spans: dict[UUID, relay.Span] = {}
        self._loop = asyncio.new_event_loop()
        self._wake = asyncio.Event()
        self._rounds = asyncio.Lock()
        self._next_try = self._next_mark = self._next_sweep = 0.0
        threading.Thread(target=self._run, name="realtime-publisher", daemon=True).start()

    def announce(self, announcement: Announcement) -> None:
        """Takes lines to announce, in the order of the calls. Never blocks, never raises for Redis."""
        with self._lock:
            self._waiting.append(announcement)
            self._waiting_bytes += sum(len(line.body) for line in announcement.lines)
            if self._waiting_bytes > WAITING_LIMIT_BYTES:
                self._forget_waiting()
        self._loop.call_soon_threadsafe(self._wake.set)

    def tell(self, user: UUID, frame: str) -> None:
        """Takes a frame for a user's sockets that stands in no log; it may be lost."""
        with self._lock:
            self._frames = [*self._frames[-999:], (user, frame)]
        self._loop.call_soon_threadsafe(self._wake.set)

    def flush(self, timeout_seconds: float, *, books: bool) -> None:
        """Waits until what was left here so far was announced, or has failed to be; and marked, with `books`."""
        round_ = self._round() if books else self._announce_waiting()
        done = asyncio.run_coroutine_threadsafe(round_, self._loop)
        try:
            done.result(timeout_seconds)
        except TimeoutError:
            logger.warning("redis did not take the last announcements in %.0f s", timeout_seconds)

    def _forget_waiting(self) -> None:
        # Redis does not keep up. The lines are in the database; only where to read on is kept.
        for announcement in self._waiting:
            self._note_missed(announcement.topic, announcement.first)
        self._waiting, self._waiting_bytes = [], 0

    def _note_missed(self, topic: UUID, first: int) -> None:
        self._missed[topic] = min(first, self._missed.get(topic, first))

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._work())

    async def _work(self) -> None:
        while True:
            try:
                await self._round()
            except DatabaseError as error:
                logger.warning("what was missed cannot be read back now: %s", error)
            except Exception:  # the worker loop of this thread: one bad round must not end all announcing
                logger.exception("announcing failed; what was missed is read back from the database")
            await self._rest()

    async def _rest(self) -> None:
        busy = self._missed or self._spans
        try:
            async with asyncio.timeout(RETRY_SECONDS if busy else SWEEP_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _round(self) -> None:
        await self._announce_waiting()
        async with self._rounds:
            await self._keep_books(self._loop.time())

    async def _announce_waiting(self) -> None:
        async with self._rounds:
            self._wake.clear()
            for announcement in self._take():
                await self._announce(announcement)
            for user, frame in self._take_frames():
                await self._send(user_group(user), {"type": "user.frame", "user": user.hex, "frame": frame})

    async def _keep_books(self, now: float) -> None:
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_SECONDS
            for topic, first in await ask(relay.unannounced):
                self._note_missed(topic, first)
        if self._missed and now >= self._next_try:
            self._next_try = now + RETRY_SECONDS
            await self._relay()
        if self._spans and now >= self._next_mark:
            self._next_mark = now + MARK_SECONDS
            spans, self._spans = self._spans, {}
            for topic in await ask(relay.mark, spans):
                self._note_span(topic, spans[topic])

    def _take(self) -> list[Announcement]:
        with self._lock:
            taken, self._waiting, self._waiting_bytes = self._waiting, [], 0
        return taken

    def _take_frames(self) -> list[tuple[UUID, str]]:
        with self._lock:
            taken, self._frames = self._frames, []
        return taken

    async def _announce(self, announcement: Announcement) -> bool:
        """Announces, unless earlier lines of the topic still wait to be: order before speed."""
        if announcement.topic in self._missed:
            return False
        for part in announcement.parts():
            if not await self._announce_part(part):
                with self._lock:
                    self._note_missed(part.topic, part.first)
                return False
            self._note_announced(part)
        return True

    async def _announce_part(self, part: Announcement) -> bool:
        message = part.message()
        return await self._send(topic_group(part.topic), message) and await self._send(
            user_group(part.owner), message
        )

    async def _send(self, group: str, message: dict[str, Any]) -> bool:
        layer: Any = get_channel_layer()
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await layer.group_send(group, message)
        except UNREACHABLE as error:
            logger.warning("redis took no announcement for %s: %r", group, error)
            return False
        return True

    def _note_announced(self, part: Announcement) -> None:
        self._note_span(part.topic, relay.Span(part.first, part.last))

    def _note_span(self, topic: UUID, span: relay.Span) -> None:
        known = self._spans.get(topic)
        self._spans[topic] = known.joined(span) if known else span

    async def _relay(self) -> None:
        for topic, first in list(self._missed.items()):
            if not await self._relay_topic(topic, first):
                return

    async def _relay_topic(self, topic: UUID, first: int) -> bool:
        while announcement := await ask(relay.read, topic, after=first - 1):
            del self._missed[topic]
            if not await self._announce(announcement):
                return False
            first = announcement.last + 1
            self._missed[topic] = first
        self._missed.pop(topic, None)
        return True


_publishers: dict[int, Publisher] = {}
_start = threading.Lock()


def announce(announcement: Announcement) -> None:
    """Announces committed lines; returns at once. For `transaction.on_commit`."""
    _publisher().announce(announcement)


def tell(user: UUID, frame: Mapping[str, Any]) -> None:
    """Sends a frame that is no event to the open `/ws/user/` sockets of a user; returns at once."""
    _publisher().tell(user, json.dumps(frame, separators=(",", ":"), ensure_ascii=False))


def flush(timeout_seconds: float = 2.0) -> None:
    """Waits until everything committed so far was announced."""
    publisher = _publishers.get(os.getpid())
    if publisher is not None:
        publisher.flush(timeout_seconds, books=False)


def _leave() -> None:
    """The end of the process: what is committed is announced, and marked if the database can still be asked."""
    publisher = _publishers.get(os.getpid())
    if publisher is not None:
        with contextlib.suppress(DatabaseError):
            publisher.flush(2.0, books=True)


def _publisher() -> Publisher:
    # By process: a thread does not survive a fork.
    with _start:
        publisher = _publishers.get(os.getpid())
        if publisher is None:
            publisher = _publishers[os.getpid()] = Publisher()
            atexit.register(_leave)
        return publisher
