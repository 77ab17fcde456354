"""Making, changing and ending webhooks; the only place that does, but for what deliveries themselves find out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from realtime.models import Webhook, WebhookDelivery, WebhookPlace
from realtime.webhooks import addresses, bell, sealing, types

WEBHOOKS_PER_USER = 20
WAITING_LIMIT = 20
PREVIOUS_SECONDS = 24 * 3600
LONGEST_PREVIOUS_SECONDS = 7 * 24 * 3600
TEST_TYPE = "webhook.tested"
# Everything said before the webhook was there is behind it. One statement, so that every topic is either here
# at its head or not here yet, and then all of it is new.
_HEADS = (
    "INSERT INTO realtime_webhookplace (webhook_id, topic_id, seq, attempts)"
    " SELECT %s, id, head, 0 FROM realtime_topic WHERE owner_id = %s"
)


class WebhookRefused(ValueError):
    """What was asked for cannot be done; `code` is stable."""

    code = "webhook_refused"


class TooManyWebhooks(WebhookRefused):
    """The user has as many webhooks as anyone may."""

    code = "too_many_webhooks"


class BadTypes(WebhookRefused):
    """Not a list of event types."""

    code = "bad_types"


class TooManyWaiting(WebhookRefused):
    """As many tests and redeliveries wait as may."""

    code = "too_many_waiting"


class IsDisabled(WebhookRefused):
    """The webhook is switched off."""

    code = "webhook_disabled"


@dataclass(frozen=True)
class Asked:
    """What became of a wish to send again. delivery: None when the next regular attempt was brought forward."""

    event_id: str
    delivery: WebhookDelivery | None


def of(user: User) -> Any:
    """A user's webhooks, newest first."""
    return Webhook.objects.filter(owner=user).order_by("-created", "-pk")


def create(
    owner: User, url: str, *, kinds: Sequence[str] = (), description: str = "", enabled: bool = True
) -> tuple[Webhook, str]:
    """A new webhook and its secret, which is not shown again. It is told what happens from now on.

    Raises AddressRefused, WebhookRefused.
    """
    addresses.refuse_known_bad(url)
    secret = sealing.new_secret()
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)  # of two at once, one counts first
        if of(owner).count() >= WEBHOOKS_PER_USER:
            raise TooManyWebhooks(f"You have {WEBHOOKS_PER_USER} webhooks; delete one first.")
        webhook = Webhook.objects.create(
            owner=owner,
            url=url,
            types=checked_types(kinds),
            description=description,
            enabled=enabled,
            secret=sealing.seal(secret),
            sealed_with=sealing.key_name(),
        )
        with connection.cursor() as cursor:
            cursor.execute(_HEADS, [webhook.pk, owner.pk])
        bell.ring()
    return webhook, secret


def change(webhook: Webhook, **fields: Any) -> Webhook:
    """Changes url, types, description or enabled. What waits is tried again at once.

    Switched on again it goes on where it stood: nothing that happened meanwhile is left out. What is under way
    at that moment counts for nothing. Raises AddressRefused, WebhookRefused.
    """
    if "url" in fields:
        addresses.refuse_known_bad(fields["url"])
    if "types" in fields:
        fields["types"] = checked_types(fields["types"])
    if "enabled" in fields:
        fields["disabled_reason"] = ""
    fresh = fields.get("enabled") or "url" in fields
    if fresh:
        fields["rests_until"] = None
    with transaction.atomic():
        if fresh:
            _try_now(WebhookPlace.objects.filter(webhook=webhook, due__isnull=False), attempts=0)
        for name, value in fields.items():
            setattr(webhook, name, value)
        webhook.save(update_fields=list(fields))
        bell.ring()
    return webhook


def rotate(webhook: Webhook, *, previous_seconds: int = PREVIOUS_SECONDS) -> str:
    """A new secret, shown this once; the one before stays good for a while, and both sign."""
    secret = sealing.new_secret()
    with transaction.atomic():
        webhook.refresh_from_db(from_queryset=Webhook.objects.select_for_update(no_key=True))
        keeps = webhook.secret_readable and previous_seconds
        webhook.previous_secret = webhook.secret if keeps else ""
        until = timezone.now() + timedelta(seconds=previous_seconds)
        webhook.previous_until = until if webhook.previous_secret else None
        webhook.secret, webhook.sealed_with = sealing.seal(secret), sealing.key_name()
        webhook.save(update_fields=["secret", "previous_secret", "previous_until", "sealed_with"])
    return secret


def end(webhook: Webhook) -> None:
    """Deletes a webhook with its log of deliveries."""
    webhook.delete()


def ask_for_test(webhook: Webhook) -> WebhookDelivery:
    """Has a signed test sent, once, which stands in no topic. Raises TooManyWaiting."""
    return _ask(webhook, WebhookDelivery.Kind.TEST, event_id=f"test/{uuid4()}", event_type=TEST_TYPE)


def ask_again(webhook: Webhook, delivery: WebhookDelivery) -> Asked:
    """Has the event of a delivery sent once more. Raises IsDisabled, TooManyWaiting.

    An event that is still being tried is tried now, instead of being sent beside its own line.
    """
    if delivery.kind == WebhookDelivery.Kind.TEST:
        again = ask_for_test(webhook)
        return Asked(again.event_id, again)
    if not webhook.enabled:
        raise IsDisabled("This webhook is switched off. Switch it on first.")
    tried = WebhookPlace.objects.filter(webhook=webhook, topic=delivery.topic, seq__lt=delivery.seq or 0)
    with transaction.atomic():
        if _try_now(tried):
            bell.ring()
            return Asked(delivery.event_id, None)
    return Asked(
        delivery.event_id,
        _ask(
            webhook,
            WebhookDelivery.Kind.REDELIVERY,
            event_id=delivery.event_id,
            event_type=delivery.event_type,
            topic=delivery.topic,
            seq=delivery.seq,
        ),
    )


def checked_types(kinds: Any) -> list[str]:
    """The types, each once. Raises BadTypes."""
    if not isinstance(kinds, list | tuple) or len(kinds) > types.LIMIT:
        raise BadTypes(f"types is a list of at most {types.LIMIT} event types; empty for all.")
    for kind in kinds:
        if not types.is_pattern(kind):
            raise BadTypes(f"{str(kind)[:80]!r} is no event type; they look like run.succeeded or run.*")
    return list(dict.fromkeys(kinds))


def delivery_of(webhook: Webhook, delivery_id: int) -> WebhookDelivery | None:
    """One line of its log."""
    return WebhookDelivery.objects.filter(webhook=webhook, pk=delivery_id).first()


def find(user: User, webhook_id: UUID) -> Webhook | None:
    """The user's webhook of this id."""
    return Webhook.objects.filter(owner=user, pk=webhook_id).first()


def _try_now(tried: QuerySet[WebhookPlace], **fields: Any) -> int:
    """Makes places due; how many. Whoever holds one now has lost it, and writes nothing of it any more."""
    # Lock places before their webhook, and in the order of those who mark, everywhere: as deliveries do.
    keys = list(tried.select_for_update().order_by("topic_id").values_list("pk", flat=True))
    freed = {"due": timezone.now(), "lease": None, "leased_until": None, **fields}
    return WebhookPlace.objects.filter(pk__in=keys).update(**freed)


def _ask(webhook: Webhook, kind: str, **event: Any) -> WebhookDelivery:
    waiting = WebhookDelivery.objects.filter(webhook=webhook, state=WebhookDelivery.State.WAITING)
    if waiting.count() >= WAITING_LIMIT:
        raise TooManyWaiting(f"{WAITING_LIMIT} tests and redeliveries wait already; is a worker running?")
    with transaction.atomic():
        asked = WebhookDelivery.objects.create(
            webhook=webhook, kind=kind, state=WebhookDelivery.State.WAITING, **event
        )
        bell.ring()
    return asked
