"""What webhooks are sent: whose events, from when on, signed how, in which order."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import connection

from accounts.models import User
from config.engines.postgres import with_database
from realtime import jobs, log
from realtime.jobs import Report
from realtime.log import Draft
from realtime.models import Webhook, WebhookDelivery, WebhookPlace
from realtime.webhooks.dispatcher import LOOK_SECONDS, Dispatcher
from tests.factories import make_media, make_run, make_user
from tests.realtime.conftest import progress, stage
from tests.realtime.webhooks.conftest import Receiver, make_webhook, signature
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def ids(topic: Any, *seqs: int) -> list[str]:
    return [f"{topic}/{seq}" for seq in seqs]


def test_an_event_is_posted_as_it_is_stored_and_signed(
    receiver: Receiver, dispatcher: Dispatcher, ana: User
) -> None:
    _, secret = make_webhook(ana, receiver.url())
    run = make_run(owner=ana)

    (line,) = log.append(run.topic_id, [Draft("run.started", "Grüße.", {"attempt": 1})])
    (got,) = receiver.wait(1)

    assert got.body.decode() == line.body
    assert got.headers["content-type"] == "application/json"
    assert got.id == f"{run.topic_id}/1"
    assert got.headers["webhook-signature"] == signature(secret, got)
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"


def test_events_from_before_the_webhook_are_not_sent(
    receiver: Receiver, dispatcher: Dispatcher, ana: User
) -> None:
    run = make_run(owner=ana)
    log.append(run.topic_id, [stage(), stage()])
    make_webhook(ana, receiver.url())

    log.append(run.topic_id, [stage(), stage()])
    receiver.wait(2)

    assert receiver.ids() == ids(run.topic_id, 3, 4)


def test_events_of_one_topic_come_in_order_and_once(
    receiver: Receiver, dispatcher: Dispatcher, ana: User
) -> None:
    make_webhook(ana, receiver.url())
    run = make_run(owner=ana)

    for first in range(0, 120, 40):
        log.append(run.topic_id, [progress(done) for done in range(first, first + 40)])
    receiver.wait(120, limit=30)

    assert receiver.ids() == ids(run.topic_id, *range(1, 121))
    assert receiver.most_at_once["/hook"] == 1


def test_what_happened_while_nobody_sent_is_sent_afterwards(
    receiver: Receiver, start_dispatcher: Callable[..., Dispatcher], ana: User
) -> None:
    make_webhook(ana, receiver.url())
    run = make_run(owner=ana)
    log.append(run.topic_id, [stage()])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE realtime_topic SET touched_minute = touched_minute - interval '3 days'")

    start_dispatcher()

    assert receiver.wait(1)[0].id == f"{run.topic_id}/1"


def test_only_the_types_asked_for_are_sent(receiver: Receiver, dispatcher: Dispatcher, ana: User) -> None:
    hook, _ = make_webhook(ana, receiver.url(), kinds=["run.*", "stage.finished"])
    run = make_run(owner=ana)
    kinds = [
        "run.started",
        "stage.started",
        "runner.started",
        "stage.finished",
        "detector.started",
        "run.failed",
    ]

    log.append(run.topic_id, [Draft(kind) for kind in [*kinds, "detector.failed"]])
    receiver.wait(3)

    assert receiver.ids() == ids(run.topic_id, 1, 4, 6)
    wait_until(lambda: WebhookPlace.objects.get(webhook=hook).seq == 7, what="the rest was passed over")


def test_lines_emptied_by_retention_are_passed_over(
    receiver: Receiver, start_dispatcher: Callable[..., Dispatcher], ana: User
) -> None:
    make_webhook(ana, receiver.url())
    run = make_run(owner=ana)
    log.append(run.topic_id, [stage() for _ in range(4)])
    log.empty(run.topic_id, 2, 3)

    start_dispatcher()
    receiver.wait(2)

    assert receiver.ids() == ids(run.topic_id, 1, 4)


def test_a_job_is_told_like_a_run(receiver: Receiver, dispatcher: Dispatcher, ana: User) -> None:
    make_webhook(ana, receiver.url())

    jobs.report(ana, "render-7", Report("encoding", 0.25, "Encoding."))
    told = receiver.wait(2)

    assert [one.event["data"]["stage"] for one in told] == ["queued", "encoding"]


def test_questions_about_scores_are_not_told(receiver: Receiver, dispatcher: Dispatcher, ana: User) -> None:
    make_webhook(ana, receiver.url())
    run = make_run(owner=ana)
    trace = log.create_topic("trace", ana)

    log.append(trace.pk, [Draft("run.succeeded")])
    log.append(run.topic_id, [stage()])

    receiver.wait(1)
    assert receiver.ids() == ids(run.topic_id, 1)
    assert not WebhookPlace.objects.filter(topic=trace, due__isnull=False).exists()


def test_nobody_is_told_of_somebody_elses_topics(
    receiver: Receiver, dispatcher: Dispatcher, ana: User
) -> None:
    make_webhook(make_user(role="admin"), receiver.url("/admins"))
    make_webhook(ana, receiver.url())
    run = make_run(owner=ana)

    log.append(run.topic_id, [stage()])
    receiver.wait(1)
    log.append(run.topic_id, [stage()])
    receiver.wait(2)

    assert receiver.at("/admins") == []


def test_a_topic_its_owner_may_not_watch_any_more_is_kept_back(
    receiver: Receiver, dispatcher: Dispatcher, ana: User
) -> None:
    hook, _ = make_webhook(ana, receiver.url())
    foreign = make_run(owner=ana, media=make_media(owner=make_user()))
    own = make_run(owner=ana)

    log.append(foreign.topic_id, [stage()])
    parked = WebhookPlace.objects.filter(webhook=hook, topic=foreign.topic_id, lease=None, due__isnull=False)
    wait_until(lambda: parked.filter(leased_until__isnull=False).exists(), what="it was looked at")
    log.append(own.topic_id, [stage()])
    receiver.wait(1)

    assert receiver.ids() == ids(own.topic_id, 1)
    assert parked.get().seq == 0


def test_a_deactivated_owner_is_told_nothing_until_they_are_back(
    receiver: Receiver, dispatcher: Dispatcher, ana: User
) -> None:
    ben = make_user()
    make_webhook(ana, receiver.url())
    make_webhook(ben, receiver.url("/ben"))
    run, other = make_run(owner=ana), make_run(owner=ben)
    User.objects.filter(pk=ana.pk).update(is_active=False)

    log.append(run.topic_id, [stage()])
    log.append(other.topic_id, [stage()])
    receiver.wait(1, path="/ben")
    early = receiver.at()
    User.objects.filter(pk=ana.pk).update(is_active=True)
    receiver.wait(1)

    assert (early, receiver.ids()) == ([], ids(run.topic_id, 1))


def test_two_dispatchers_send_every_event_once_and_in_order(
    receiver: Receiver, start_dispatcher: Callable[..., Dispatcher], ana: User
) -> None:
    make_webhook(ana, receiver.url())
    runs = [make_run(owner=ana) for _ in range(3)]
    first, second = start_dispatcher(), start_dispatcher()

    for _ in range(10):
        for run in runs:
            log.append(run.topic_id, [stage(), stage()])
        first.wake()
        second.wake()
    receiver.wait(60, limit=30)

    for run in runs:
        own = [one for one in receiver.ids() if one.startswith(str(run.topic_id))]
        assert own == ids(run.topic_id, *range(1, 21))


def test_a_killed_dispatchers_place_is_taken_over_when_its_lease_has_run_out(
    receiver: Receiver, dispatcher: Dispatcher, ana: User
) -> None:
    hook, _ = make_webhook(ana, receiver.url())
    run, other = make_run(owner=ana), make_run(owner=ana)
    lease = "00000000-0000-0000-0000-000000000001"
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO realtime_webhookplace (webhook_id, topic_id, seq, attempts, due, lease, leased_until)"
            " VALUES (%s, %s, 0, 0, now(), %s, now() + interval '1 hour')",
            [hook.pk, run.topic_id, lease],
        )
    log.append(run.topic_id, [stage()])
    log.append(other.topic_id, [stage()])
    receiver.wait(1)
    held = receiver.ids()

    with connection.cursor() as cursor:
        cursor.execute("UPDATE realtime_webhookplace SET leased_until = now() WHERE lease = %s", [lease])
    receiver.wait(2)

    assert held == ids(other.topic_id, 1)
    assert receiver.ids() == [*held, *ids(run.topic_id, 1)]


def test_a_slow_receiver_holds_up_nobody_else(receiver: Receiver, dispatcher: Dispatcher, ana: User) -> None:
    slow = receiver.hold("/slow")
    make_webhook(ana, receiver.url("/slow"))
    make_webhook(ana, receiver.url())
    runs = [make_run(owner=ana) for _ in range(12)]

    for run in runs:
        log.append(run.topic_id, [stage()])
    receiver.wait(12)

    assert not slow.is_set()
    assert len(receiver.at("/slow")) == 4
    slow.set()
    receiver.wait(12, path="/slow")
    assert receiver.most_at_once["/slow"] == 4


def test_webhooks_that_have_nothing_to_do_do_not_stand_in_the_way_of_others(
    receiver: Receiver, dispatcher: Dispatcher, ana: User
) -> None:
    for _ in range(10):
        make_webhook(ana, receiver.url("/idle"), kinds=["plate.read"])
    busy = [make_webhook(ana, receiver.url(f"/busy{number}"))[0] for number in range(10)]

    log.append(make_run(owner=ana).topic_id, [stage()])

    for number in range(len(busy)):
        receiver.wait(1, path=f"/busy{number}")


def test_without_a_webhook_nothing_is_asked_until_the_first_is_made(
    receiver: Receiver, dispatcher: Dispatcher, ana: User
) -> None:
    quiet = Quiet(seconds=3 * LOOK_SECONDS)

    wait_until(quiet, limit=20, what="the database is asked nothing for longer than between looks")
    make_webhook(ana, receiver.url())
    log.append(make_run(owner=ana).topic_id, [stage()])

    receiver.wait(1, limit=5)


def test_an_outage_of_the_database_ends_no_deliveries(
    receiver: Receiver, dispatcher: Dispatcher, ana: User
) -> None:
    held = receiver.hold("/hook")
    make_webhook(ana, receiver.url())
    run = make_run(owner=ana)
    log.append(run.topic_id, [stage(), stage()])
    receiver.wait(1)

    with outage():
        held.set()
        receiver.wait(2)  # what was read before goes on
        del receiver.held["/hook"]
        log.append(run.topic_id, [stage()])
    receiver.wait(3, limit=20)

    assert receiver.ids() == ids(run.topic_id, 1, 2, 3)


def test_what_was_sent_is_on_record(receiver: Receiver, dispatcher: Dispatcher, ana: User) -> None:
    receiver.answer(500, path="/hook", body=b"no\0 " + b"x" * 10_000)
    hook, _ = make_webhook(ana, receiver.url())
    run = make_run(owner=ana)

    log.append(run.topic_id, [stage()])
    found = wait_until(lambda: WebhookDelivery.objects.filter(webhook=hook).first())

    assert (found.state, found.status_code, found.attempt, found.seq) == ("failed", 500, 1, 1)
    assert found.response.startswith("no� x")
    assert len(found.response) == 500
    assert Webhook.objects.get(pk=hook.pk).failing_since == found.time


class Quiet:
    """True once no other connection to this database has begun a statement for so long."""

    def __init__(self, *, seconds: float) -> None:
        self._seconds = seconds
        self._last: tuple[Any, ...] = ()
        self._since = time.monotonic()

    def __call__(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid, query_start FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() ORDER BY pid"
            )
            now = tuple(cursor.fetchall())
        if now != self._last:
            self._last, self._since = now, time.monotonic()
        return time.monotonic() - self._since > self._seconds


@contextlib.contextmanager
def outage() -> Iterator[None]:
    """No connection to the test's database works but its own."""
    name = str(connection.settings_dict["NAME"])
    url = with_database(django_settings.ENV.database_url, "postgres")
    with psycopg.connect(url, autocommit=True) as outside:
        outside.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            outside.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> %s",
                [name, connection.connection.info.backend_pid],
            )
            yield
        finally:
            outside.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
