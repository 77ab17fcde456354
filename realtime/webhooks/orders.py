"""Tests and redeliveries: what people ask to have sent, once, out of turn."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from realtime import log, topics
from realtime.envelope import canonical, rfc3339
from realtime.models import Webhook, WebhookDelivery
from realtime.webhooks import places, sealing
from realtime.webhooks.keeping import TEST_TYPE

LEASE_SECONDS = 60.0
# Until then a worker that can read the secret may be found.
UNREADABLE_SECONDS = 50.0
_CLAIM = (
    "UPDATE realtime_webhookdelivery d SET leased_until = clock_timestamp() + make_interval(secs => %s)"
    " FROM (SELECT w.id FROM realtime_webhookdelivery w JOIN realtime_webhook h ON h.id = w.webhook_id"
    " AND (h.sealed_with = %s OR w.time < %s) WHERE w.state = 'waiting'"
    " AND (w.leased_until IS NULL OR w.leased_until < clock_timestamp())"
    " ORDER BY w.id LIMIT %s FOR UPDATE OF w SKIP LOCKED) picked WHERE d.id = picked.id RETURNING d.id"
)


@dataclass(frozen=True)
class Order:
    """What to send for a waiting delivery. `refusal`: why it cannot be, in a word."""

    delivery: int
    webhook: UUID
    owner: UUID
    event_id: str
    url: str = ""
    secrets: tuple[str, ...] = ()
    body: bytes = b""
    refusal: str = ""


def claim(limit: int, now: datetime) -> list[Order]:
    """Takes what waits, oldest first, ready to be sent."""
    old = now - timedelta(seconds=UNREADABLE_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [LEASE_SECONDS, sealing.key_name(), old, limit])
        taken = [row[0] for row in cursor.fetchall()]
    if not taken:
        return []
    waiting = WebhookDelivery.objects.filter(pk__in=taken).select_related("webhook__owner").order_by("pk")
    return [_order(delivery, now) for delivery in waiting]


def settle(order: Order, outcome: dict[str, Any]) -> None:
    """Writes what became of it; the first that does so counts."""
    with transaction.atomic():
        waiting = WebhookDelivery.objects.filter(pk=order.delivery, state=WebhookDelivery.State.WAITING)
        if waiting.update(**outcome, leased_until=None):
            places.note_health(order.webhook, WebhookDelivery(state=outcome["state"], time=outcome["time"]))


def _order(delivery: WebhookDelivery, now: datetime) -> Order:
    webhook = delivery.webhook
    order = Order(delivery.pk, webhook.pk, webhook.owner_id, delivery.event_id)
    try:
        keys = tuple(places.secrets_of(webhook, now))
    except sealing.Unsealable as error:
        return replace(order, refusal=error.code)
    if not webhook.owner.is_active:
        return replace(order, refusal="not_allowed")
    body = _test(delivery, now) if delivery.kind == WebhookDelivery.Kind.TEST else _event(delivery)
    if not body:
        return replace(order, refusal="not_there")
    return replace(order, url=webhook.url, secrets=keys, body=body.encode())


def _event(delivery: WebhookDelivery) -> str:
    """The event as it is stored; empty when it is not there any more, or not for its owner."""
    webhook: Webhook = delivery.webhook
    if delivery.topic is None or delivery.seq is None:
        return ""
    if delivery.topic not in topics.find_own([delivery.topic], user=webhook.owner_id):
        return ""
    lines = log.read(delivery.topic, after=delivery.seq - 1, limit=1)
    return lines[0].body if lines and lines[0].seq == delivery.seq else ""


def _test(delivery: WebhookDelivery, now: datetime) -> str:
    """An event that stands in no topic, and so has no seq and no hash."""
    return canonical(
        {
            "specversion": "1.0",
            "id": delivery.event_id,
            "source": f"/webhooks/{delivery.webhook_id}",
            "type": TEST_TYPE,
            "time": rfc3339(now),
            "datacontenttype": "application/json",
            "message": "A test of this webhook; nothing has happened.",
            "data": {"webhook": str(delivery.webhook_id)},
        }
    )
