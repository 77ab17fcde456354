"""What is kept of deliveries, and for how long."""

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q

from realtime.models import WebhookDelivery
from realtime.webhooks.sending import Answer

KEPT_DAYS = 30
KEPT_PER_WEBHOOK = 2000
WAITING_SECONDS = 3600
# Of each webhook the newest stay. One look into its index finds where they begin.
_TRIM = (
    "DELETE FROM realtime_webhookdelivery d USING (SELECT h.id, (SELECT o.id FROM realtime_webhookdelivery o"
    " WHERE o.webhook_id = h.id ORDER BY o.id DESC OFFSET %s LIMIT 1) AS last FROM realtime_webhook h) old"
    " WHERE d.webhook_id = old.id AND d.id <= old.last"
)
# Places have no constraint that would keep one from being made while its topic is deleted.
_ORPHANS = (
    "DELETE FROM realtime_webhookplace p"
    " WHERE NOT EXISTS (SELECT 1 FROM realtime_topic t WHERE t.id = p.topic_id)"
)


def outcome(answer: Answer, time: datetime) -> dict[str, object]:
    """The fields of a delivery that say what came of it."""
    state = WebhookDelivery.State.SUCCEEDED if answer.succeeded else WebhookDelivery.State.FAILED
    return {
        "state": state,
        "status_code": answer.status,
        "error": answer.error,
        "response": answer.response,
        "duration_ms": answer.duration_ms,
        "time": time,
    }


def trim(now: datetime) -> None:
    """Deletes what is older than 30 days or beyond 2000 per webhook, and gives up what waited in vain."""
    kept_since = now - timedelta(days=KEPT_DAYS)
    WebhookDelivery.objects.filter(time__lt=kept_since).delete()
    waited_since = now - timedelta(seconds=WAITING_SECONDS)
    vain = Q(state=WebhookDelivery.State.WAITING, time__lt=waited_since)
    WebhookDelivery.objects.filter(vain).update(state=WebhookDelivery.State.FAILED, error="not_sent")
    with connection.cursor() as cursor:
        cursor.execute(_TRIM, [KEPT_PER_WEBHOOK])
        cursor.execute(_ORPHANS)
