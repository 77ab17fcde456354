"""Tells programs outside everything that is committed, in order, and keeps the published marks.

What Redis did not take is remembered by its first seq and read back from the database when it answers
again; lines of processes that died are found by their marks.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from realtime import relay
from realtime.lines import Announcement, lots
from realtime.outside import CALL_SECONDS, UNKNOWN, Outside
from realtime.readers import ask

logger = logging.getLogger(__name__)
UNREACHABLE = (RedisError, OSError, TimeoutError)
# Programs that listened to a Redis that went away come back first; then they are told what was committed.
RETURN_SECONDS = 2.0
TRY_SECONDS = 1.0
PAUSE_SECONDS = 0.02
LATELY_SECONDS = 10.0
MARK_SECONDS = 1.0
SWEEP_SECONDS = 30.0
WAITING_LIMIT_BYTES = 16 * 2**20


class Lately:
    """What was told in the last LATELY_SECONDS: per topic when, to within a second, and from which seq on."""

    def __init__(self) -> None:
        self._told: dict[UUID, deque[tuple[float, int]]] = {}

    def note(self, topic: UUID, first: int, now: float) -> None:
        told = self._told.setdefault(topic, deque())
        if not told or now - told[-1][0] > 1.0 or first < told[-1][1]:
            told.append((now, first))

    def first(self, topic: UUID) -> int:
        """The first seq told lately; 0 when there was none."""
        return min((first for _, first in self._told.get(topic, ())), default=0)

    def firsts(self) -> dict[UUID, int]:
        return {topic: self.first(topic) for topic in self._told}

    def any(self) -> bool:
        return bool(self._told)

    def prune(self, now: float) -> None:
        for topic, told in list(self._told.items()):
            while told and told[0][0] < now - LATELY_SECONDS:
                told.popleft()
            if not told:
                del self._told[topic]


class Relayer:
    """Runs as one task of the publisher's loop; `take` is called there too."""

    def __init__(self) -> None:
        self._waiting: deque[Announcement] = deque()
        self._waiting_bytes = 0
        self._missed: dict[UUID, int] = {}
        self._told: dict[UUID, int] = {}
        self._lately = Lately()
        self._again: set[UUID] = set()
        self._outside: Outside | None = None
        self._url = ""
        self._away = self._back = False
        self._wake = asyncio.Event()
        self._round = asyncio.Lock()
        self._next_try = self._next_mark = self._next_sweep = 0.0

    @property
    def away(self) -> bool:
        """Whether Redis did not answer when it was last asked."""
        return self._away

    def take(self, announcement: Announcement) -> None:
        """Takes lines to tell, in the order of the calls."""
        self._waiting.append(announcement)
        self._waiting_bytes += sum(len(line.body) for line in announcement.lines)
        if self._waiting_bytes > WAITING_LIMIT_BYTES:
            # Redis does not keep up. The lines are in the database; only where to read on is kept.
            self._forget_waiting()
        self._wake.set()

    def miss(self, topic: UUID, first: int) -> None:
        """Lines from this seq on must be read back."""
        self._missed[topic] = min(first, self._missed.get(topic, first))
        self._wake.set()

    async def work(self) -> None:
        """Tells what comes, for ever."""
        while True:
            try:
                await self.drain()
            except DatabaseError as error:
                logger.warning("what programs outside missed cannot be read back now: %s", error)
            except Exception:  # the worker loop of this task: one bad round must not end all telling
                logger.exception("telling programs outside failed; it is read back from the database")
            await self._rest()

    async def drain(self, *, books: bool = True) -> None:
        """Tells what waits, once; with `books` also what was missed, and moves the marks."""
        async with self._round:
            self._wake.clear()
            while self._waiting:
                await self._tell_waiting()
            if books:
                await self._keep_books(asyncio.get_running_loop().time())

    async def close(self) -> None:
        """What was told is marked, due or not."""
        await self.drain(books=False)
        async with self._round:
            await self._mark()

    async def say(self, channel: str, text: str) -> None:
        """Says something that stands in no log; it may be lost."""
        if not self._away:
            with contextlib.suppress(*UNREACHABLE):
                await self._ours().publish(channel, text)

    async def _rest(self) -> None:
        # What comes meanwhile is told in the same round trips: a busy writer must not pay for each line.
        await asyncio.sleep(PAUSE_SECONDS)
        pause = MARK_SECONDS if self._missed or self._told or self._lately.any() else SWEEP_SECONDS
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._wake.wait()

    async def _tell_waiting(self) -> None:
        """Tells what waits now, in one go; what Redis did not take is missed."""
        taken, self._waiting = list(self._waiting), deque()
        self._waiting_bytes = 0
        due: list[Announcement] = []
        behind: list[Announcement] = []
        for one in taken:
            (behind if self._away or one.topic in self._missed else due).append(one)
        told = False
        try:
            told = await self._tell(due)
        finally:
            for one in behind if told else taken:
                self.miss(one.topic, one.first)

    async def _tell(self, announcements: Sequence[Announcement], *, again: bool = False) -> bool:
        """Whether Redis took the lines, now or before. Lines missing before them are noted as missed.

        again: they were read back, and are told whatever the mark says.
        """
        for parts in lots(announcements):
            if not await self._tell_parts(parts, again=again):
                return False
        return True

    async def _tell_parts(self, parts: Sequence[Announcement], *, again: bool) -> bool:
        outside = self._ours()
        try:
            told = await outside.tell(parts, again=again and parts[0].topic in self._again)
            for at, part in enumerate(parts):
                if told[at] == UNKNOWN:
                    [told[at]] = await outside.tell([part], floor=await self._floor(part, again=again))
        except UNREACHABLE as error:
            self._note_away(error)
            return False
        outside.forget()
        now = asyncio.get_running_loop().time()
        for part, seq in zip(parts, told, strict=True):
            if seq < part.last:
                # Somebody else wrote lines before these, and has not told them yet; so we do.
                self.miss(part.topic, seq + 1)
            else:
                self._told[part.topic] = seq
                self._lately.note(part.topic, part.first, now)
        return True

    async def _floor(self, part: Announcement, *, again: bool) -> int:
        """How far a topic was told that Redis knows nothing of; what was told lately counts as not told."""
        lately = self._lately.first(part.topic)
        if again:
            return min(part.after, lately - 1) if lately else part.after
        return lately - 1 if lately else await ask(relay.published, part.topic)

    def _note_away(self, error: BaseException) -> None:
        if not self._away:
            logger.warning(
                "redis took nothing for programs outside; they are told when it is back: %r", error
            )
        self._away, self._back = True, False

    async def _keep_books(self, now: float) -> None:
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_SECONDS
            for topic, first in await ask(relay.unannounced):
                self.miss(topic, first)
        if self._missed and now >= self._next_try and await self._is_back(now):
            await self._read_back()
        if now >= self._next_mark:
            self._next_mark = now + MARK_SECONDS
            if self._told:
                await self._mark()
            await self._remind(now)

    async def _remind(self, now: float) -> None:
        """Tells again what was told lately to a Redis that has forgotten it: not everybody may have read it."""
        if self._away:
            return  # and the ten seconds are counted back from when Redis was last there
        self._lately.prune(now)
        firsts = self._lately.firsts()
        if not firsts:
            return
        try:
            forgotten = await self._ours().forgotten(firsts)
        except UNREACHABLE as error:
            self._note_away(error)
            return
        for topic in forgotten:
            self._again.add(topic)
            self.miss(topic, firsts[topic])

    async def _is_back(self, now: float) -> bool:
        """Whether Redis answers, and has for a while if it was away."""
        if not self._away:
            return True
        answers = await self._answers()
        if answers and self._back:
            self._away = self._back = False
            return True
        self._back = answers
        self._next_try = now + (RETURN_SECONDS if answers else TRY_SECONDS)
        return False

    async def _answers(self) -> bool:
        try:
            await self._ours().ping()
        except UNREACHABLE:
            return False
        return True

    async def _read_back(self) -> None:
        for topic, first in list(self._missed.items()):
            if not await self._read_back_topic(topic, first):
                return

    async def _read_back_topic(self, topic: UUID, first: int) -> bool:
        while announcement := await ask(relay.read, topic, after=first - 1):
            self._missed.pop(topic, None)
            told = False
            try:
                told = await self._tell([announcement], again=True)
            finally:
                if not told:
                    self.miss(topic, first)
            if not told:
                return False
            # Where Redis knew less than we thought, further back; else on from the last line.
            first = self._missed.get(topic, announcement.last + 1)
            self._missed[topic] = first
        self._missed.pop(topic, None)
        self._again.discard(topic)
        await ask(relay.settle, topic)
        return True

    async def _mark(self) -> None:
        told, self._told = self._told, {}
        try:
            if told:
                await ask(relay.mark, told)
        except DatabaseError:
            self._told = told | self._told
            raise

    def _forget_waiting(self) -> None:
        for announcement in self._waiting:
            self.miss(announcement.topic, announcement.first)
        self._waiting.clear()
        self._waiting_bytes = 0

    def end(self) -> None:
        """Closes what is held open; called when the task has ended."""
        if self._outside is not None:
            self._outside.close()

    def _ours(self) -> Outside:
        if self._outside is None or self._url != settings.REDIS_URL:
            self._url = settings.REDIS_URL
            self._outside = Outside(Redis.from_url(self._url, socket_connect_timeout=CALL_SECONDS))
        return self._outside
