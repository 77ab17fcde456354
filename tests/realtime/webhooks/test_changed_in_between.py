"""A webhook that is changed, or asked to try again, while something is under way to it."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from realtime import log
from realtime.models import Webhook, WebhookDelivery, WebhookPlace
from realtime.webhooks import keeping, places
from realtime.webhooks.dispatcher import Dispatcher
from realtime.webhooks.places import Free
from tests.factories import make_run
from tests.realtime.conftest import stage
from tests.realtime.webhooks.conftest import Receiver, make_webhook
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def nothing_under_way(dispatcher: Dispatcher) -> None:
    wait_until(lambda: not dispatcher._busy()[2], what="the one that was held has ended")


@pytest.mark.parametrize("status", [410, 503])
def test_what_the_old_address_says_holds_up_nothing_at_the_new_one(
    receiver: Receiver, dispatcher: Dispatcher, ana: User, status: int
) -> None:
    held = receiver.hold("/old")
    receiver.answer(then=status, path="/old", headers={"Retry-After": "80000"})
    hook, _ = make_webhook(ana, receiver.url("/old"))
    topic = make_run(owner=ana).topic_id
    log.append(topic, [stage()])
    receiver.wait(1, path="/old")

    keeping.change(Webhook.objects.get(pk=hook.pk), url=receiver.url("/new"))
    receiver.wait(1, path="/new")
    held.set()
    nothing_under_way(dispatcher)
    log.append(topic, [stage()])
    receiver.wait(2, path="/new")

    hook.refresh_from_db()
    assert (hook.enabled, hook.rests_until) == (True, None)
    assert receiver.ids("/new") == [f"{topic}/1", f"{topic}/2"]


def test_a_wish_to_try_now_is_not_undone_by_the_attempt_under_way(
    receiver: Receiver, dispatcher: Dispatcher, ana: User
) -> None:
    receiver.answer(500, 500)
    hook, _ = make_webhook(ana, receiver.url())
    topic = make_run(owner=ana).topic_id
    log.append(topic, [stage()])
    failed = wait_until(WebhookDelivery.objects.filter(webhook=hook, state="failed").first)
    held = receiver.hold("/hook")
    WebhookPlace.objects.filter(topic=topic).update(due=timezone.now(), attempts=8)
    dispatcher.wake()
    receiver.wait(2)

    del receiver.held["/hook"]
    keeping.ask_again(hook, failed)
    held.set()
    receiver.wait(3)
    nothing_under_way(dispatcher)

    place = WebhookPlace.objects.get(topic=topic)
    assert (place.seq, place.attempts, place.due) == (1, 0, None)


def in_a_thread(done: list[Any], work: Callable[[], Any]) -> threading.Thread:
    """Runs `work` beside us; what came of it is in `done`."""

    def run() -> None:
        try:
            done.append(work())
        except Exception as error:
            done.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return bool(cursor.fetchone()[0])


def test_a_change_and_a_settling_do_not_lock_each_other_out(ana: User) -> None:
    hook, _ = make_webhook(ana, "https://93.184.216.34/a")
    topic = make_run(owner=ana).topic_id
    log.append(topic, [stage()])
    places.mark(timezone.now(), everything=True)
    (place,) = places.claim(timezone.now(), [Free(hook.pk, ana.pk, 4, 16)], 10)
    done: list[Any] = []

    with transaction.atomic():  # what a settling does, with time between its two steps
        WebhookPlace.objects.select_for_update().get(pk=place.id)
        changing = in_a_thread(
            done, lambda: keeping.change(Webhook.objects.get(pk=hook.pk), url="https://93.184.216.34/b")
        )
        wait_until(somebody_waits_for_us)
        places.note_health(hook.pk, WebhookDelivery(state="failed", time=timezone.now()))
    changing.join(10)

    assert [one.url for one in done] == ["https://93.184.216.34/b"]
    assert Webhook.objects.get(pk=hook.pk).failing_since


def test_a_secret_made_in_between_stays_good_for_a_while(ana: User) -> None:
    hook, _ = make_webhook(ana, "https://93.184.216.34/")
    seen_before = Webhook.objects.get(pk=hook.pk)
    first = keeping.rotate(hook)

    second = keeping.rotate(seen_before)

    now = Webhook.objects.get(pk=hook.pk)
    assert places.secrets_of(now, timezone.now()) == [second, first]
