"""What people ask for: tests, redeliveries, another secret."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from realtime import log
from realtime.models import Event, Webhook, WebhookDelivery, WebhookPlace
from realtime.webhooks import books, keeping, sealing
from realtime.webhooks.dispatcher import Dispatcher
from tests.factories import make_run
from tests.realtime.conftest import stage
from tests.realtime.webhooks.conftest import Clock, Receiver, make_webhook, signature
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def ended(delivery: WebhookDelivery) -> WebhookDelivery:
    """The delivery once it was sent."""
    found = WebhookDelivery.objects.filter(pk=delivery.pk).exclude(state="waiting")
    return wait_until(found.first, what="the delivery was sent")


def test_a_test_is_signed_and_stands_in_no_log(receiver: Receiver, dispatcher: Dispatcher, ana: User) -> None:
    hook, secret = make_webhook(ana, receiver.url())

    asked = keeping.ask_for_test(hook)
    (got,) = receiver.wait(1)

    assert got.event["type"] == "webhook.tested"
    assert got.event["data"] == {"webhook": str(hook.pk)}
    assert (got.id, got.event["id"]) == (asked.event_id, asked.event_id)
    assert got.headers["webhook-signature"] == signature(secret, got)
    assert not {"topic", "seq", "hash"} & set(got.event)
    assert (ended(asked).state, Event.objects.count()) == ("succeeded", 0)


def test_a_webhook_that_is_off_can_be_tested(receiver: Receiver, dispatcher: Dispatcher, ana: User) -> None:
    hook, _ = make_webhook(ana, receiver.url(), enabled=False)

    assert ended(keeping.ask_for_test(hook)).state == "succeeded"


def test_an_event_can_be_sent_again(receiver: Receiver, dispatcher: Dispatcher, ana: User) -> None:
    hook, secret = make_webhook(ana, receiver.url())
    topic = make_run(owner=ana).topic_id
    log.append(topic, [stage(), stage()])
    receiver.wait(2)
    first = wait_until(WebhookDelivery.objects.filter(webhook=hook, seq=1).first)

    asked = keeping.ask_again(hook, first)
    assert asked.delivery
    done = ended(asked.delivery)

    sent = receiver.at()
    assert [one.id for one in sent] == [f"{topic}/1", f"{topic}/2", f"{topic}/1"]
    assert sent[2].body == sent[0].body
    assert sent[2].headers["webhook-signature"] == signature(secret, sent[2])
    assert (done.kind, done.state, WebhookPlace.objects.get(topic=topic).seq) == (
        "redelivery",
        "succeeded",
        2,
    )


def test_an_event_that_is_still_being_tried_is_tried_now(
    receiver: Receiver, dispatcher: Dispatcher, ana: User
) -> None:
    receiver.answer(500)
    hook, _ = make_webhook(ana, receiver.url())
    topic = make_run(owner=ana).topic_id
    log.append(topic, [stage(), stage()])
    failed = wait_until(WebhookDelivery.objects.filter(webhook=hook, state="failed").first)
    WebhookPlace.objects.filter(topic=topic).update(due=timezone.now() + timedelta(hours=5))

    asked = keeping.ask_again(hook, failed)
    receiver.wait(3)

    assert asked.delivery is None
    assert receiver.ids() == [f"{topic}/1", f"{topic}/1", f"{topic}/2"]


def test_what_retention_has_emptied_cannot_be_sent_again(
    receiver: Receiver, dispatcher: Dispatcher, ana: User
) -> None:
    hook, _ = make_webhook(ana, receiver.url())
    topic = make_run(owner=ana).topic_id
    log.append(topic, [stage()])
    sent = wait_until(WebhookDelivery.objects.filter(webhook=hook).first)
    log.empty(topic, 1, 1)

    asked = keeping.ask_again(hook, sent)

    assert asked.delivery
    assert ended(asked.delivery).error == "not_there"
    assert len(receiver.at()) == 1


def test_after_a_rotation_both_secrets_sign_until_the_first_has_ended(
    receiver: Receiver, start_dispatcher: Callable[..., Dispatcher], ana: User
) -> None:
    clock = Clock()
    clock.now = timezone.now()
    dispatcher = start_dispatcher(clock=clock)
    hook, old = make_webhook(ana, receiver.url())
    new = keeping.rotate(hook, previous_seconds=3600)
    topic = make_run(owner=ana).topic_id

    log.append(topic, [stage()])
    receiver.wait(1)
    clock.forward(3700)
    log.append(topic, [stage()])
    dispatcher.wake()
    both, alone = receiver.wait(2)

    assert both.headers["webhook-signature"].split() == [signature(new, both), signature(old, both)]
    assert alone.headers["webhook-signature"] == signature(new, alone)


def test_a_secret_can_be_replaced_at_once(receiver: Receiver, dispatcher: Dispatcher, ana: User) -> None:
    hook, _ = make_webhook(ana, receiver.url())
    new = keeping.rotate(hook, previous_seconds=0)

    keeping.ask_for_test(hook)
    (got,) = receiver.wait(1)

    assert got.headers["webhook-signature"] == signature(new, got)


def test_secrets_lie_sealed_in_the_database(ana: User) -> None:
    hook, secret = make_webhook(ana, "https://93.184.216.34/")
    keeping.rotate(hook)

    row = json.dumps(Webhook.objects.values().get(pk=hook.pk), default=str)

    assert secret not in row
    assert "whsec_" not in row
    assert secret.startswith("whsec_")
    assert sealing.unseal(hook.previous_secret) == secret


def test_an_installation_without_the_key_sends_nothing_and_a_new_secret_helps(
    receiver: Receiver, dispatcher: Dispatcher, ana: User, settings: Any
) -> None:
    hook, _ = make_webhook(ana, receiver.url())
    settings.WEBHOOKS_KEY = "another"
    make_webhook(ana, receiver.url("/other"))
    topic = make_run(owner=ana).topic_id
    log.append(topic, [stage()])
    receiver.wait(1, path="/other")
    early = receiver.at()

    new = keeping.rotate(hook)
    (got,) = receiver.wait(1)

    assert early == []
    assert got.headers["webhook-signature"] == signature(new, got)


def test_the_log_of_deliveries_is_bounded(ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "KEPT_PER_WEBHOOK", 3)
    hook, _ = make_webhook(ana, "https://93.184.216.34/")
    other, _ = make_webhook(ana, "https://93.184.216.34/")
    now = timezone.now()
    times = {hook: [now] * 5, other: [now - timedelta(days=31), now]}
    for webhook, all_times in times.items():
        for time in all_times:
            WebhookDelivery.objects.create(
                webhook=webhook, state="succeeded", event_id="t/1", event_type="run.started", time=time
            )
    vain = WebhookDelivery.objects.create(
        webhook=other, state="waiting", event_id="t/2", event_type="a.b", time=now - timedelta(hours=2)
    )

    books.trim(now)

    vain.refresh_from_db()
    assert (hook.deliveries.count(), other.deliveries.count()) == (3, 2)
    assert (vain.state, vain.error) == ("failed", "not_sent")


def test_a_webhook_that_was_deleted_while_it_was_called_leaves_nothing(
    receiver: Receiver, dispatcher: Dispatcher, ana: User
) -> None:
    held = receiver.hold("/hook")
    hook, _ = make_webhook(ana, receiver.url())
    make_webhook(ana, receiver.url("/other"))
    topic = make_run(owner=ana).topic_id
    log.append(topic, [stage(), stage()])
    receiver.wait(1)

    keeping.end(hook)
    held.set()
    log.append(topic, [stage()])
    receiver.wait(3, path="/other")

    assert not WebhookDelivery.objects.filter(webhook=hook.pk).exists()
    assert not WebhookPlace.objects.filter(webhook=hook.pk).exists()


def test_a_sender_that_was_paused_beyond_its_lease_writes_nothing(
    receiver: Receiver, dispatcher: Dispatcher, ana: User
) -> None:
    held = receiver.hold("/hook")
    hook, _ = make_webhook(ana, receiver.url())
    topic = make_run(owner=ana).topic_id
    log.append(topic, [stage(), stage()])
    receiver.wait(1)
    place = WebhookPlace.objects.get(webhook=hook, topic=topic)

    # as if another had claimed it, sent both and gone on
    WebhookPlace.objects.filter(pk=place.pk).update(seq=2, due=None, lease=None, leased_until=None)
    held.set()
    keeping.ask_for_test(hook)
    receiver.wait(3)
    wait_until(lambda: not dispatcher._busy()[2], what="the paused one has ended")

    place.refresh_from_db()
    assert (place.seq, place.attempts, place.due) == (2, 0, None)


def test_the_log_is_trimmed_also_while_no_webhook_is_on(
    receiver: Receiver, start_dispatcher: Callable[..., Dispatcher], ana: User
) -> None:
    hook, _ = make_webhook(ana, receiver.url(), enabled=False)
    old = timezone.now() - timedelta(days=40)
    WebhookDelivery.objects.create(webhook=hook, state="failed", event_id="t/1", event_type="a.b", time=old)

    start_dispatcher()

    wait_until(lambda: not hook.deliveries.exists(), limit=5, what="the old delivery is forgotten")


def test_what_was_asked_for_of_a_secret_nobody_can_read_ends_as_that(
    receiver: Receiver, start_dispatcher: Callable[..., Dispatcher], ana: User, settings: Any
) -> None:
    hook, _ = make_webhook(ana, receiver.url())
    asked = keeping.ask_for_test(hook)
    young = keeping.ask_for_test(hook)
    WebhookDelivery.objects.filter(pk=asked.pk).update(time=timezone.now() - timedelta(seconds=61))
    settings.WEBHOOKS_KEY = "another"

    start_dispatcher()

    assert (ended(asked).error, receiver.received) == ("secret_unreadable", [])
    young.refresh_from_db()
    assert young.state == "waiting"


def test_what_breaks_off_by_a_fault_of_ours_ends_as_that(
    receiver: Receiver, dispatcher: Dispatcher, ana: User
) -> None:
    hook, _ = make_webhook(ana, receiver.url())
    Webhook.objects.filter(pk=hook.pk).update(secret=sealing.seal("whsec_x"))

    asked = keeping.ask_for_test(hook)

    assert ended(asked).error == "internal"
