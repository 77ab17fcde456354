"""What happens when a receiver does not take an event."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from realtime import log
from realtime.models import Webhook, WebhookDelivery, WebhookPlace
from realtime.webhooks import keeping, ladder, places, sealing
from realtime.webhooks.dispatcher import Dispatcher
from tests.factories import make_run
from tests.realtime.conftest import stage
from tests.realtime.webhooks.conftest import Clock, Receiver, make_webhook
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE, HOUR = 60, 3600
PAUSES = [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(start_dispatcher: Callable[..., Dispatcher], clock: Clock) -> Dispatcher:
    """A dispatcher that goes by the clock."""
    return start_dispatcher(clock=clock)


def waiting_place(topic: Any, *, attempts: int) -> WebhookPlace:
    """The place of a topic whose event failed that often and is not being sent."""
    found = WebhookPlace.objects.filter(topic=topic, attempts=attempts, lease=None)
    return wait_until(found.first, what=f"attempt {attempts} is on record")


@pytest.fixture
def endless_port() -> Iterator[int]:
    """The port of a receiver that says 200 and "ok", and then neither more nor that this was all."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        kept: list[socket.socket] = []

        def serve() -> None:
            with contextlib.suppress(OSError):  # closed after the test
                while True:
                    one, _ = listening.accept()
                    kept.append(one)
                    one.recv(65536)
                    one.sendall(b"HTTP/1.1 200 OK\r\n\r\nok")

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        yield int(listening.getsockname()[1])
        listening.shutdown(socket.SHUT_RDWR)
        serving.join()
        for one in kept:
            one.close()


def last_delivery(hook: Webhook) -> WebhookDelivery:
    return wait_until(lambda: WebhookDelivery.objects.filter(webhook=hook).order_by("-id").first())


def test_a_failing_event_climbs_the_whole_ladder_and_then_the_next_has_its_turn(
    receiver: Receiver, timed: Dispatcher, clock: Clock, ana: User
) -> None:
    receiver.answer(*[500] * 10)
    make_webhook(ana, receiver.url())
    topic = make_run(owner=ana).topic_id

    log.append(topic, [stage(), stage()])
    for attempt, pause in enumerate(PAUSES, start=1):
        receiver.wait(attempt)
        place = waiting_place(topic, attempts=attempt)
        waits_seconds = (place.due - clock.now).total_seconds()  # type: ignore[operator]  # it is due
        assert 0.9 * pause <= waits_seconds <= 1.1 * pause
        clock.forward(waits_seconds)
        timed.wake()
    receiver.wait(11)

    assert receiver.ids() == [f"{topic}/1"] * 10 + [f"{topic}/2"]
    stamps = [int(one.headers["webhook-timestamp"]) for one in receiver.at()]
    assert stamps == sorted(stamps)
    assert stamps[9] - stamps[0] > 75 * HOUR * 0.9


def test_nothing_is_tried_before_its_time_and_other_topics_go_on(
    receiver: Receiver, timed: Dispatcher, clock: Clock, ana: User
) -> None:
    receiver.answer(503)
    make_webhook(ana, receiver.url())
    failed, other = make_run(owner=ana).topic_id, make_run(owner=ana).topic_id
    log.append(failed, [stage(), stage()])
    receiver.wait(1)
    waiting_place(failed, attempts=1)

    clock.forward(4)
    log.append(other, [stage()])
    receiver.wait(2)
    clock.forward(2)
    receiver.wait(4)

    assert receiver.ids() == [f"{failed}/1", f"{other}/1", f"{failed}/1", f"{failed}/2"]


def test_gone_switches_the_webhook_off_and_on_again_it_goes_on_where_it_stood(
    receiver: Receiver, dispatcher: Dispatcher, ana: User
) -> None:
    receiver.answer(410)
    hook, _ = make_webhook(ana, receiver.url())
    topic = make_run(owner=ana).topic_id
    log.append(topic, [stage(), stage()])
    receiver.wait(1)
    wait_until(lambda: not Webhook.objects.get(pk=hook.pk).enabled, what="it is off")
    hook.refresh_from_db()
    reason = hook.disabled_reason

    log.append(topic, [stage()])
    keeping.change(hook, enabled=True)
    receiver.wait(4)

    assert reason == "gone"
    assert receiver.ids() == [f"{topic}/{seq}" for seq in (1, 1, 2, 3)]


def test_what_happened_long_ago_while_it_was_off_is_sent_once_it_is_on(
    receiver: Receiver, dispatcher: Dispatcher, ana: User
) -> None:
    hook, _ = make_webhook(ana, receiver.url(), enabled=False)
    make_webhook(ana, receiver.url("/other"))
    topic = make_run(owner=ana).topic_id
    log.append(topic, [stage()])
    receiver.wait(1, path="/other")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE realtime_topic SET touched_minute = touched_minute - interval '3 days'")

    keeping.change(hook, enabled=True)

    assert receiver.wait(1)[0].id == f"{topic}/1"


def test_however_much_waits_when_it_is_switched_on_nothing_waits_for_the_next_look_at_everything(
    receiver: Receiver, dispatcher: Dispatcher, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "MARKED_AT_ONCE", 2, raising=True)
    hook, _ = make_webhook(ana, receiver.url(), enabled=False)
    topics = [make_run(owner=ana).topic_id for _ in range(5)]
    for topic in topics:
        log.append(topic, [stage()])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE realtime_topic SET touched_minute = touched_minute - interval '3 days'")

    keeping.change(hook, enabled=True)
    receiver.wait(5, limit=10)

    assert sorted(receiver.ids()) == sorted(f"{topic}/1" for topic in topics)


def test_a_success_ends_the_failing(receiver: Receiver, timed: Dispatcher, clock: Clock, ana: User) -> None:
    receiver.answer(500)
    hook, _ = make_webhook(ana, receiver.url())
    topic = make_run(owner=ana).topic_id
    log.append(topic, [stage()])
    waiting_place(topic, attempts=1)
    since = Webhook.objects.get(pk=hook.pk).failing_since

    clock.forward(6)
    timed.wake()
    wait_until(lambda: Webhook.objects.get(pk=hook.pk).failing_since is None, what="it is well")

    assert since == clock.now - timedelta(seconds=6)
    found = WebhookDelivery.objects.filter(webhook=hook).order_by("id")
    assert [(one.attempt, one.state) for one in found] == [(1, "failed"), (2, "succeeded")]


@pytest.mark.parametrize("how", ["seconds", "date"])
def test_a_receiver_that_asks_for_rest_gets_it_for_all_its_topics(
    receiver: Receiver, timed: Dispatcher, clock: Clock, ana: User, how: str
) -> None:
    later = "90" if how == "seconds" else format_datetime(clock.now + timedelta(seconds=90), usegmt=True)
    receiver.answer(429, headers={"Retry-After": later})
    make_webhook(ana, receiver.url())
    make_webhook(ana, receiver.url("/other"))
    topic, second = make_run(owner=ana).topic_id, make_run(owner=ana).topic_id
    log.append(topic, [stage()])
    waiting_place(topic, attempts=1)

    clock.forward(80)
    log.append(second, [stage()])
    receiver.wait(2, path="/other")
    early = receiver.ids()
    clock.forward(11)
    timed.wake()
    receiver.wait(3)

    assert early == [f"{topic}/1"]
    assert sorted(receiver.ids()[1:]) == sorted([f"{topic}/1", f"{second}/1"])


@pytest.mark.parametrize(
    ("status", "asked", "rests"),
    [
        (503, "10", 10.0),
        (429, "999999999", 86400.0),
        (500, "10", None),
        (429, "soon", None),
        (429, "-5", None),
        (429, "Sun, 03 May 2026 11:00:00 GMT", None),
    ],
)
def test_rest_is_given_within_bounds(status: int, asked: str, rests: float | None) -> None:
    assert ladder.rest_seconds(status, asked, Clock().now) == rests


@pytest.mark.parametrize("status", [300, 301, 307, 308, 400, 404, 500])
def test_what_is_no_success_is_a_failure_and_no_redirect_is_followed(
    receiver: Receiver, dispatcher: Dispatcher, ana: User, status: int
) -> None:
    receiver.answer(status, headers={"Location": receiver.url("/elsewhere")})
    hook, _ = make_webhook(ana, receiver.url())

    log.append(make_run(owner=ana).topic_id, [stage()])
    found = last_delivery(hook)

    assert (found.state, found.status_code) == ("failed", status)
    assert receiver.at("/elsewhere") == []


def test_a_receiver_that_does_not_answer_in_time_has_failed(
    receiver: Receiver, start_dispatcher: Callable[..., Dispatcher], ana: User
) -> None:
    receiver.hold("/hook")
    start_dispatcher(limit_seconds=0.3)
    hook, _ = make_webhook(ana, receiver.url())

    log.append(make_run(owner=ana).topic_id, [stage()])
    found = last_delivery(hook)

    assert (found.state, found.status_code, found.error) == ("failed", None, "timeout")


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port of this machine nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


@pytest.mark.parametrize(("scheme", "error"), [("http", "no_connection"), ("https", "no_connection")])
def test_a_receiver_that_is_not_there_has_failed(
    receiver: Receiver, dispatcher: Dispatcher, ana: User, deaf_port: int, scheme: str, error: str
) -> None:
    hook, _ = make_webhook(ana, f"{scheme}://127.0.0.1:{deaf_port}/")

    log.append(make_run(owner=ana).topic_id, [stage()])

    assert last_delivery(hook).error == error


def test_a_receiver_that_speaks_no_tls_has_failed(
    receiver: Receiver, dispatcher: Dispatcher, ana: User
) -> None:
    hook, _ = make_webhook(ana, receiver.url().replace("http:", "https:"))

    log.append(make_run(owner=ana).topic_id, [stage()])

    assert last_delivery(hook).error == "tls"


def test_a_short_rest_of_the_only_webhook_is_no_longer_than_asked(
    receiver: Receiver, dispatcher: Dispatcher, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ladder, "PAUSES_SECONDS", (0.1,) * 9)
    receiver.answer(503, headers={"Retry-After": "1"})
    make_webhook(ana, receiver.url())
    topic = make_run(owner=ana).topic_id

    log.append(topic, [stage()])
    receiver.wait(2, limit=10)

    assert receiver.ids() == [f"{topic}/1"] * 2


def test_a_date_that_is_none_is_no_wish_for_rest() -> None:
    asked = "1 jan 2024 1.2.34 +9999999419999999"

    assert ladder.rest_seconds(503, asked, Clock().now) is None


def test_a_secret_that_signs_nothing_climbs_the_ladder(
    receiver: Receiver, timed: Dispatcher, clock: Clock, ana: User
) -> None:
    hook, secret = make_webhook(ana, receiver.url())
    topic = make_run(owner=ana).topic_id
    Webhook.objects.filter(pk=hook.pk).update(secret=sealing.seal("whsec_x"))
    log.append(topic, [stage()])
    timed.wake()
    place = waiting_place(topic, attempts=1)
    early = last_delivery(hook)

    Webhook.objects.filter(pk=hook.pk).update(secret=sealing.seal(secret))
    clock.forward(6)
    timed.wake()
    receiver.wait(1)

    assert (early.state, early.error, early.attempt) == ("failed", "internal", 1)
    assert 4.5 <= (place.due - early.time).total_seconds() <= 5.5  # type: ignore[operator]  # it is due


def test_what_cannot_even_be_read_is_looked_at_again_later(
    receiver: Receiver, timed: Dispatcher, clock: Clock, ana: User
) -> None:
    hook, secret = make_webhook(ana, receiver.url())
    topic = make_run(owner=ana).topic_id
    Webhook.objects.filter(pk=hook.pk).update(secret="torn")
    log.append(topic, [stage()])
    left = WebhookPlace.objects.filter(topic=topic, lease=None, due__gt=clock.now)
    wait_until(left.exists, limit=5, what="it was left for later")

    Webhook.objects.filter(pk=hook.pk).update(secret=sealing.seal(secret))
    clock.forward(600)
    timed.wake()

    assert receiver.wait(1)[0].id == f"{topic}/1"


def test_an_answer_whose_body_does_not_end_counts_by_its_status(
    endless_port: int, receiver: Receiver, start_dispatcher: Callable[..., Dispatcher], ana: User
) -> None:
    start_dispatcher(limit_seconds=2.0)
    hook, _ = make_webhook(ana, f"http://127.0.0.1:{endless_port}/")

    log.append(make_run(owner=ana).topic_id, [stage()])
    found = last_delivery(hook)

    assert (found.state, found.status_code, found.response) == ("succeeded", 200, "ok")
