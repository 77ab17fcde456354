"""A visit to a claimed place: its events sent one after the other, until none is left or one fails."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError

from realtime.lines import Line
from realtime.models import WebhookDelivery
from realtime.webhooks import books, ladder, places, signing
from realtime.webhooks.places import LEASE_SECONDS, Page, Place, Step
from realtime.webhooks.sending import INTERNAL, LIMIT_SECONDS, Answer, Sender

logger = logging.getLogger(__name__)
AWAY = (DatabaseError, InterfaceError)
Ask = Callable[..., Awaitable[Any]]
Clock = Callable[[], datetime]
# What was read counts this long: rights, address and secrets may change.
FRESH_SECONDS = 5.0
FLUSH_SECONDS = 0.5
# Then other topics of the webhook get their turn.
VISIT_SECONDS = 30.0
AGAIN_SECONDS = 1.0
MARGIN_SECONDS = LIMIT_SECONDS + 5.0


class LeaseLost(Exception):
    """Somebody else may be sending these events by now; stop."""


class Visit:
    """Sends to one webhook what it has not had of one topic. `ask` runs a function of the database."""

    def __init__(self, place: Place, sender: Sender, ask: Ask, clock: Clock) -> None:
        self._place = place
        self._sender = sender
        self._ask = ask
        self._clock = clock
        self._seq, self._attempts = place.seq, place.attempts
        self._sent: list[WebhookDelivery] = []
        self._line_sent: Line | None = None
        self._now = asyncio.get_running_loop().time
        self._began = self._flushed = self._now()
        self._lease_ends = self._began + LEASE_SECONDS

    async def go(self) -> None:
        """The visit; whatever happens, the place is settled as far as it came."""
        try:
            await self._pages()
        except LeaseLost:
            logger.info("webhook %s: another worker went on with %s", self._place.webhook, self._place.topic)
        except asyncio.CancelledError:
            await self._ask(places.settle, self._place, self._step(due=self._clock()))
            raise

    async def _pages(self) -> None:
        try:
            while await self._page():
                pass
        except LeaseLost:
            raise
        except Exception:  # a worker loop of its own: no fault of ours may go around the ladder
            logger.exception("webhook %s: a visit to %s broke off", self._place.webhook, self._place.topic)
            await self._break_off()

    async def _break_off(self) -> None:
        """An event that cannot be sent has failed like any other; what cannot be read waits."""
        if self._line_sent is None:
            await self._leave(due=self._clock() + timedelta(seconds=places.PARKED_SECONDS))
            return
        line, answer = self._line_sent, Answer(None, INTERNAL)
        self._sent = [sent for sent in self._sent if sent.state == WebhookDelivery.State.SUCCEEDED]
        self._sent.append(self._delivery(line, answer))
        await self._failed("", line, answer)

    async def _page(self) -> bool:
        """Sends a page; whether to go on."""
        page: Page | None = await self._patiently(places.read, self._place, self._seq, self._clock())
        if page is None:
            return await self._leave(due=self._clock())
        if page.parked:
            return await self._leave(due=self._clock() + timedelta(seconds=places.PARKED_SECONDS))
        read_at = self._now()
        for line in page.lines:
            if not await self._line(page, line):
                return False
            if self._now() - read_at > FRESH_SECONDS:
                break
        else:
            self._seq = page.reached
        if not page.more:
            return await self._leave(due=None)
        if self._now() - self._began > VISIT_SECONDS:
            return await self._leave(due=self._clock())
        await self._flush()
        return True

    async def _line(self, page: Page, line: Line) -> bool:
        """Sends one event; whether it arrived."""
        if self._now() + MARGIN_SECONDS > self._lease_ends or self._now() - self._flushed > FLUSH_SECONDS:
            await self._flush()
        self._line_sent = line
        event_id, body = f"{line.topic}/{line.seq}", line.body.encode()
        answer = await post(self._sender, page, event_id, body, self._clock, owner=self._place.owner)
        self._sent.append(self._delivery(line, answer))
        if not answer.succeeded:
            await self._failed(page.url, line, answer)
            return False
        self._seq, self._attempts, self._line_sent = line.seq, 0, None
        return True

    async def _failed(self, url: str, line: Line, answer: Answer) -> None:
        """The next attempt by the ladder; after the last the event is given up and the next one's turn comes."""
        now = self._clock()
        if answer.is_gone:
            self._attempts = 0
            await self._leave(due=now, url=url, gone=True)
            return
        rest = ladder.rest_seconds(answer.status or 0, answer.retry_after, now)
        pause = ladder.pause_seconds(self._attempts + 1)
        self._attempts += 1
        if pause is None:
            logger.warning("webhook %s: event %s/%d was given up", self._place.webhook, line.topic, line.seq)
            self._seq, self._attempts = line.seq, 0
        # a rest is the webhook's, not the place's: it ends when the address is another
        until = now + timedelta(seconds=rest) if rest else None
        await self._leave(due=now + timedelta(seconds=pause or 0.0), url=url, rests_until=until)

    async def _leave(self, *, due: datetime | None, **asked: Any) -> bool:
        await self._settle(replace(self._step(due=due), **asked))
        return False

    async def _flush(self) -> None:
        """Writes how far it came, and holds on to the place. Raises LeaseLost."""
        at = self._now()
        await self._settle(self._step(due=self._clock(), keep=True))
        self._flushed, self._lease_ends = at, at + LEASE_SECONDS

    async def _settle(self, step: Step) -> None:
        self._sent = []
        if not await self._patiently(places.settle, self._place, step):
            raise LeaseLost

    def _step(self, *, due: datetime | None, keep: bool = False) -> Step:
        return Step(self._seq, self._attempts, due, keep, tuple(self._sent))

    async def _patiently(self, function: Callable[..., Any], *args: Any) -> Any:
        """Asks a database that is away again, as long as the place is ours. Raises LeaseLost."""
        while True:
            try:
                return await self._ask(function, *args)
            except AWAY as error:
                if self._now() > self._lease_ends:
                    raise LeaseLost from error
                await asyncio.sleep(AGAIN_SECONDS)

    def _delivery(self, line: Line, answer: Answer) -> WebhookDelivery:
        return WebhookDelivery(
            webhook_id=self._place.webhook,
            kind=WebhookDelivery.Kind.EVENT,
            event_id=f"{line.topic}/{line.seq}",
            event_type=line.type,
            topic=line.topic,
            seq=line.seq,
            attempt=self._attempts + 1,
            **books.outcome(answer, self._clock()),
        )


async def post(sender: Sender, to: Any, event_id: str, body: bytes, clock: Clock, *, owner: UUID) -> Answer:
    """Signs and sends; `to` has a url and secrets."""
    timestamp = int(clock().timestamp())
    headers = signing.headers(to.secrets, event_id=event_id, timestamp=timestamp, body=body)
    return await sender.post(to.url, body, headers, owner=owner)
