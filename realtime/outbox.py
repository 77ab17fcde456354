"""What waits to be sent to one socket: bounded, so that a reader that does not read costs little."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from realtime.framing import Framed

LIMIT_BYTES = 1024 * 1024
# What may be read ahead from the log for one socket.
PAGE_BYTES = 192 * 1024
# Nothing is taken from here on, so that such a page and last frames of the largest kind still fit below the limit.
FULL_BYTES = LIMIT_BYTES - PAGE_BYTES - 256 * 1024
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Outbox:
    """Frames in order. What the connection takes at once is not queued; a task exists only for what waits."""

    __slots__ = (
        "_frames",
        "_room",
        "_send",
        "_task",
        "_write",
        "closed",
        "moved",
        "page_bytes",
        "queued_bytes",
    )

    def __init__(self, send: Send) -> None:
        self._send = send
        # Where the server can take encoded frames (config/ready_frames.py).
        self._write: Callable[[bytes], bool] | None = getattr(
            getattr(send, "__self__", None), "write_frame", None
        )
        self._frames: deque[Framed] = deque()
        self._task: asyncio.Task[None] | None = None
        self._room: asyncio.Event | None = None
        self.queued_bytes = 0
        self.page_bytes = 0
        self.moved = 0.0
        self.closed = False

    @property
    def held_bytes(self) -> int:
        """What this socket costs: frames that wait, and the page of the log they are taken from."""
        return self.queued_bytes + self.page_bytes

    @contextmanager
    def holding(self, page_bytes: int) -> Iterator[None]:
        """Counts a page of the log while its frames are pushed; one at a time."""
        self.page_bytes = page_bytes
        try:
            yield
        finally:
            self.page_bytes = 0

    @property
    def full(self) -> bool:
        return self.queued_bytes >= FULL_BYTES

    def push(self, frame: str | Framed) -> None:
        """Sends a frame, or queues it; the caller looks at `full` first."""
        if self.closed:
            return
        framed = frame if isinstance(frame, Framed) else Framed(frame)
        if self._write is not None and not self._frames and self._write(framed.wire):
            return
        self._frames.append(framed)
        self.queued_bytes += framed.size_bytes
        if self._task is None:
            loop = asyncio.get_running_loop()
            self.moved = loop.time()
            self._task = loop.create_task(self._drain())

    async def room(self) -> None:
        """Returns when there is room for more: at once, or when half of the queue has gone."""
        if not self.full or self.closed:
            return
        self._room = self._room or asyncio.Event()
        self._room.clear()
        await self._room.wait()

    async def sent(self) -> None:
        """Returns when all that was queued has been taken by the connection."""
        while self._task is not None and not self.closed:
            await asyncio.wait([self._task])

    def close(self) -> None:
        """Drops what is queued; nothing is sent any more."""
        self.closed = True
        self._frames.clear()
        self.queued_bytes = 0
        if self._task is not None:
            self._task.cancel()
        if self._room is not None:
            self._room.set()

    def stuck_seconds(self, now: float) -> float:
        """For how long the connection has not taken a frame although there is one."""
        return now - self.moved if self._frames else 0.0

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._frames:
                framed = self._frames[0]
                await self._send({"type": "websocket.send", "text": framed.text})
                self._frames.popleft()
                self.queued_bytes -= framed.size_bytes
                self.moved = loop.time()
                if self._room is not None and self.queued_bytes <= FULL_BYTES // 2:
                    self._room.set()
        except (OSError, RuntimeError):
            # The connection went away; its consumer hears of it from the server.
            self.closed = True
        finally:
            self._task = None
