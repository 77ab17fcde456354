"""Where every webhook stands in every topic: what moved is marked, what is due is claimed, sent and settled.

A claimed place is leased for a while. Everything written for it names the lease: a sender that was paused
beyond it writes nothing any more, and a killed one's place is claimed by the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import Min

from realtime import log, topics
from realtime.lines import Line
from realtime.models import Webhook, WebhookDelivery
from realtime.topics import RECENT_SECONDS
from realtime.webhooks import sealing, types

# A killed worker's place is claimed by the next after this; longer than any single delivery may take.
LEASE_SECONDS = 30.0
PAGE, PAGE_BYTES = 100, 256 * 1024
# How many pages without anything to send are passed over before others get their turn.
PAGES_AT_ONCE = 20
PARKED_SECONDS = 600.0
MARKED_AT_ONCE = 10_000

# Whose webhooks can be told anything, as far as this installation can sign for them.
_LIVE = (
    "SELECT w.id, w.owner_id FROM realtime_webhook w JOIN accounts_user u ON u.id = w.owner_id AND u.is_active"
    " WHERE w.enabled AND w.sealed_with = %(key)s AND (w.rests_until IS NULL OR w.rests_until <= %(now)s)"
)
# In one order, so that two who mark at the same time wait for each other instead of locking each other out.
_MARK = (
    f"INSERT INTO realtime_webhookplace (webhook_id, topic_id, seq, attempts, due)"  # noqa: S608  # our own text
    f" SELECT live.id, t.id, 0, 0, %(now)s FROM ({_LIVE}) live"
    " JOIN realtime_topic t ON t.owner_id = live.owner_id"
    " LEFT JOIN realtime_webhookplace p ON p.webhook_id = live.id AND p.topic_id = t.id"
    # stable, unlike clock_timestamp(): only then the index is used
    " WHERE (%(everything)s OR t.touched_minute >="
    " date_trunc('minute', statement_timestamp() - make_interval(secs => %(recent)s)))"
    " AND t.head > coalesce(p.seq, 0) AND p.due IS NULL AND t.kind <> ALL(%(untold)s)"
    " ORDER BY live.id, t.id LIMIT %(limit)s"
    " ON CONFLICT (webhook_id, topic_id) DO UPDATE SET due = excluded.due WHERE realtime_webhookplace.due IS NULL"
)
# Locked are the oldest few of each webhook; taken are, of those, as many as their owner and all may have.
_CLAIM = (
    "WITH free AS (SELECT * FROM unnest(%(hooks)s::uuid[], %(owners)s::uuid[], %(of_hook)s::int[],"
    " %(of_owner)s::int[]) AS f(hook, owner, of_hook, of_owner)),"
    " locked AS (SELECT p.id, p.due, free.owner, free.of_owner FROM free CROSS JOIN LATERAL"
    " (SELECT id, due FROM realtime_webhookplace WHERE webhook_id = free.hook AND due <= %(now)s"
    " AND (leased_until IS NULL OR leased_until < clock_timestamp())"
    " ORDER BY due LIMIT free.of_hook FOR UPDATE SKIP LOCKED) p),"
    " ranked AS (SELECT id, of_owner, row_number() OVER (PARTITION BY owner ORDER BY due) AS rank FROM locked),"
    " picked AS (SELECT id FROM ranked WHERE rank <= of_owner ORDER BY rank LIMIT %(in_all)s)"
    " UPDATE realtime_webhookplace p SET lease = %(lease)s,"
    " leased_until = clock_timestamp() + make_interval(secs => %(seconds)s)"
    " FROM picked, realtime_webhook w WHERE p.id = picked.id AND w.id = p.webhook_id"
    " RETURNING p.id, p.webhook_id, w.owner_id, p.topic_id, p.seq, p.attempts"
)


@dataclass(frozen=True)
class Place:
    """A claimed place: nobody else sends this webhook anything of this topic while the lease holds."""

    id: int
    webhook: UUID
    owner: UUID
    topic: UUID
    seq: int
    attempts: int
    lease: UUID


@dataclass(frozen=True)
class Free:
    """How many more topics of a webhook may be begun, by what is under way of it and of its owner."""

    webhook: UUID
    owner: UUID
    of_webhook: int
    of_owner: int


@dataclass(frozen=True)
class Page:
    """What is to be sent next, and how. `reached`: the place when all of it was sent.

    Without lines and `more` nothing is left. `parked`: the owner may not watch the topic now.
    """

    url: str
    secrets: Sequence[str]
    lines: Sequence[Line]
    reached: int
    more: bool = False
    parked: bool = False


@dataclass(frozen=True)
class Step:
    """Where a place is now. due: when to go on; None when nothing is left. keep: the lease goes on.

    rests_until, gone: what the receiver at `url` asked for.
    """

    seq: int
    attempts: int = 0
    due: datetime | None = None
    keep: bool = False
    log: Sequence[WebhookDelivery] = ()
    url: str = ""
    rests_until: datetime | None = None
    gone: bool = False


def live(now: datetime) -> dict[UUID, UUID]:
    """The webhooks that may be told something, with their owners; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_LIVE, {"key": sealing.key_name(), "now": now})
        return dict(cursor.fetchall())


def first_end_of_rest(now: datetime) -> datetime | None:
    """When the first of the webhooks that rest may be told something again; None when none rests."""
    resting = Webhook.objects.filter(enabled=True, owner__is_active=True, rests_until__gt=now)
    ends = resting.filter(sealed_with=sealing.key_name()).aggregate(first=Min("rests_until"))
    first: datetime | None = ends["first"]
    return first


def mark(now: datetime, *, everything: bool) -> int:
    """Makes the places due whose topic has moved lately, or at any time; how many. One query."""
    given: dict[str, Any] = {
        "key": sealing.key_name(),
        "now": now,
        "recent": RECENT_SECONDS,
        "everything": everything,
        "limit": MARKED_AT_ONCE,
        "untold": topics.untold(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_MARK, given)
        return cursor.rowcount


def claim(now: datetime, free: Sequence[Free], in_all: int) -> list[Place]:
    """Leases places that are due, within the bounds given. One query."""
    lease = uuid4()
    given: dict[str, Any] = {
        "hooks": [one.webhook for one in free],
        "owners": [one.owner for one in free],
        "of_hook": [one.of_webhook for one in free],
        "of_owner": [one.of_owner for one in free],
        "in_all": in_all,
        "now": now,
        "lease": lease,
        "seconds": LEASE_SECONDS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, given)
        return [
            Place(key, webhook, owner, topic, seq, attempts, lease)
            for key, webhook, owner, topic, seq, attempts in cursor.fetchall()
        ]


def read(place: Place, after: int, now: datetime) -> Page | None:
    """The next lines to send; None when the webhook is to be told nothing any more."""
    webhook = Webhook.objects.filter(pk=place.webhook, enabled=True, owner__is_active=True).first()
    if webhook is None or webhook.sealed_with != sealing.key_name():
        return None
    if webhook.rests_until and webhook.rests_until > now:
        return None
    keys = secrets_of(webhook, now)
    if place.topic not in topics.find_own([place.topic], user=place.owner):
        return Page(webhook.url, keys, (), after, parked=True)
    for _ in range(PAGES_AT_ONCE):
        lines = log.read(place.topic, after=after, limit=PAGE, limit_bytes=PAGE_BYTES)
        if not lines:
            return Page(webhook.url, keys, (), after)
        after = lines[-1].seq
        # what retention has emptied is passed over, and so is what was not asked for
        wanted = [line for line in lines if line.body and types.matches(webhook.types, line.type)]
        if wanted:
            return Page(webhook.url, keys, wanted, after, more=True)
    return Page(webhook.url, keys, (), after, more=True)


def secrets_of(webhook: Webhook, now: datetime) -> list[str]:
    """What to sign with: the secret, and the one before while it is still good. Raises Unsealable."""
    sealed = [webhook.secret]
    if webhook.previous_secret and webhook.previous_until and webhook.previous_until > now:
        sealed.append(webhook.previous_secret)
    return [sealing.unseal(one) for one in sealed]


def settle(place: Place, step: Step) -> bool:
    """Writes what became of a claimed place; False when the lease was lost and nothing was written."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE realtime_webhookplace SET seq = %s, attempts = %s, due = %s, lease = %s,"
            " leased_until = clock_timestamp() + make_interval(secs => %s) WHERE id = %s AND lease = %s",
            [
                step.seq,
                step.attempts,
                step.due,
                place.lease if step.keep else None,
                LEASE_SECONDS if step.keep else 0,
                place.id,
                place.lease,
            ],
        )
        if not cursor.rowcount:
            return False
        WebhookDelivery.objects.bulk_create(step.log)
        if step.log:
            note_health(place.webhook, step.log[-1])
        if step.rests_until:
            Webhook.objects.filter(pk=place.webhook, url=step.url).update(rests_until=step.rests_until)
        if step.gone:
            gone(place.webhook, step.url)
    return True


def note_health(webhook: UUID, last: WebhookDelivery) -> None:
    """Keeps since when a webhook has been failing."""
    held = Webhook.objects.filter(pk=webhook)
    if last.state == WebhookDelivery.State.SUCCEEDED:
        held.filter(failing_since__isnull=False).update(failing_since=None)
    else:
        held.filter(failing_since=None).update(failing_since=last.time)


def gone(webhook: UUID, url: str) -> None:
    """The receiver at `url` said that it wants nothing any more (410); another address is not meant."""
    meant = Webhook.objects.filter(pk=webhook, url=url)
    meant.update(enabled=False, disabled_reason=Webhook.Disabled.GONE)
