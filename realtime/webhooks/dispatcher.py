"""The dispatcher: one thread with one event loop per worker that sends what webhooks are to be told.

Any number of them may work side by side: places are claimed in the database, and everything counts there.
"""

import asyncio
import contextlib
import logging
import threading
from collections import Counter
from collections.abc import Callable, Collection, Coroutine
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from django.utils import timezone

from realtime.readers import Readers
from realtime.topics import RECENT_SECONDS
from realtime.webhooks import bell, books, orders, places
from realtime.webhooks.addresses import Resolve
from realtime.webhooks.orders import Order
from realtime.webhooks.places import Free
from realtime.webhooks.sending import INTERNAL, LIMIT_SECONDS, Answer, Sender
from realtime.webhooks.visits import AWAY, Clock, Visit, post

logger = logging.getLogger(__name__)
LOOK_SECONDS = 0.5
# While there is no webhook, or all rest for longer; the bell wakes us before.
IDLE_SECONDS = 60.0
AWAY_SECONDS = 2.0
EVERYTHING_SECONDS = 300.0
TRIM_SECONDS = 60.0
# Bounds on what is sent at once: a slow receiver holds up its own webhook, its owner's others at most.
PER_WEBHOOK, PER_OWNER, IN_ALL, ORDERS = 4, 16, 256, 32
STOP_SECONDS = 3.0
_NOT_FOR_PSYCOPG = ("cursor_factory", "context", "prepare_threshold")


class Dispatcher:
    """Sends until stopped. clock: the time of day; resolve: the addresses of a name."""

    def __init__(
        self,
        *,
        clock: Clock = timezone.now,
        resolve: Resolve | None = None,
        limit_seconds: float = LIMIT_SECONDS,
    ) -> None:
        self._clock = clock
        self._sender = Sender(resolve, limit_seconds=limit_seconds)
        self._readers = Readers(threads=2)
        parameters = connection.get_connection_params()
        self._parameters = {name: parameters[name] for name in parameters if name not in _NOT_FOR_PSYCOPG}
        self._loop = asyncio.new_event_loop()
        self._wake = asyncio.Event()
        self._stopping = False
        self._tasks: dict[asyncio.Task[None], tuple[UUID, UUID] | None] = {}
        self._full: set[UUID] = set()
        self._live: set[UUID] = set()
        self._last_look = self._next_everything = self._next_trim = 0.0
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Has it look around at once."""
        with contextlib.suppress(RuntimeError):  # it has just ended
            self._loop.call_soon_threadsafe(self._wake.set)

    def leave(self) -> None:
        """Has it end soon; what is being sent at this moment is sent again by whoever goes on."""
        self._stopping = True
        if self._thread.is_alive():
            self.wake()

    def stop(self) -> None:
        """Ends it, and waits for that."""
        self.leave()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS + 2)
        self._readers.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._work())
        finally:
            self._loop.close()

    async def _work(self) -> None:
        listening = asyncio.create_task(self._listen())
        while not self._stopping:
            await self._rest(await self._round())
        listening.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.wait([listening, *self._tasks], timeout=STOP_SECONDS)

    async def _listen(self) -> None:
        while True:
            try:
                await bell.hear(self._parameters, self._wake.set)
            except (psycopg.Error, OSError) as error:
                logger.info("webhooks: changes are seen with the next look only: %s", error)
            await asyncio.sleep(AWAY_SECONDS)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _round(self) -> float:
        """Looks around and begins what is to be done; how long to rest after it."""
        self._wake.clear()
        try:
            return await self._look()
        except AWAY as error:
            logger.warning("webhooks: the database did not answer: %s", error)
            self._live.clear()
        except Exception:  # the worker loop of this thread: one bad round must not end all deliveries
            logger.exception("webhooks: a look around failed")
        return AWAY_SECONDS

    async def _look(self) -> float:
        now, at = self._clock(), self._loop.time()
        for order in await self._ask(orders.claim, ORDERS - self._ordered(), now):
            self._begin(self._fulfil(order), None)
        if at >= self._next_trim:
            self._next_trim = at + TRIM_SECONDS
            await self._ask(books.trim, now)
        live: dict[UUID, UUID] = await self._ask(places.live, now)
        if not live:
            self._live.clear()
            return await self._idle_seconds(now)
        marked = await self._ask(places.mark, now, everything=self._looks_at_everything(at, live))
        if marked >= places.MARKED_AT_ONCE:
            self._next_everything = at  # there may be more
        await self._claim(live, now)
        return LOOK_SECONDS

    async def _idle_seconds(self, now: datetime) -> float:
        until: datetime | None = await self._ask(places.first_end_of_rest, now)
        return min(IDLE_SECONDS, (until - now).total_seconds()) if until else IDLE_SECONDS

    def _looks_at_everything(self, at: float, live: Collection[UUID]) -> bool:
        """Now and then, and whenever something may have moved longer ago than a look at what moved lately sees."""
        missed = at - self._last_look > RECENT_SECONDS / 2 or not self._live.issuperset(live)
        self._last_look, self._live = at, set(live)
        if not missed and at < self._next_everything:
            return False
        self._next_everything = at + EVERYTHING_SECONDS
        return True

    async def _claim(self, live: dict[UUID, UUID], now: datetime) -> None:
        hooks, owners, in_all = self._busy()
        free = [
            Free(hook, owner, PER_WEBHOOK - hooks[hook], PER_OWNER - owners[owner])
            for hook, owner in live.items()
            if hooks[hook] < PER_WEBHOOK and owners[owner] < PER_OWNER
        ]
        if free and in_all < IN_ALL:
            for place in await self._ask(places.claim, now, free, IN_ALL - in_all):
                visit = Visit(place, self._sender, self._ask, self._clock)
                self._begin(visit.go(), (place.webhook, place.owner))
        hooks, owners, in_all = self._busy()
        # where a bound was met, more may wait: the end of one is the beginning of another
        self._full = {
            hook
            for hook, owner in live.items()
            if hooks[hook] >= PER_WEBHOOK or owners[owner] >= PER_OWNER or in_all >= IN_ALL
        }

    def _busy(self) -> tuple[Counter[UUID], Counter[UUID], int]:
        """How many visits are under way: of each webhook, of each owner, in all."""
        under_way = [who for who in self._tasks.values() if who]
        hooks, owners = Counter(hook for hook, _ in under_way), Counter(owner for _, owner in under_way)
        return hooks, owners, len(under_way)

    def _ordered(self) -> int:
        return sum(1 for who in self._tasks.values() if who is None)

    def _begin(self, work: Coroutine[Any, Any, None], who: tuple[UUID, UUID] | None) -> None:
        task = self._loop.create_task(work)
        self._tasks[task] = who
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        who = self._tasks.pop(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("webhooks: a delivery broke off; it is tried again", exc_info=error)
        if who is None or who[0] in self._full:
            self._wake.set()

    async def _fulfil(self, order: Order) -> None:
        answer = Answer(None, order.refusal)
        if not order.refusal:
            answer = await self._sent(order)
        if answer.is_gone:
            await self._ask(places.gone, order.webhook, order.url)
        await self._ask(orders.settle, order, books.outcome(answer, self._clock()))

    async def _sent(self, order: Order) -> Answer:
        try:
            return await post(self._sender, order, order.event_id, order.body, self._clock, owner=order.owner)
        except Exception:  # a worker loop of its own: sent once, and not again every minute for an hour
            logger.exception("webhook %s: %s broke off", order.webhook, order.event_id)
            return Answer(None, INTERNAL)

    async def _ask(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await asyncio.wrap_future(self._readers.submit(partial(function, *args, **kwargs)))
