"""A worker process that sends what happens to a receiver."""

from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from accounts.models import User
from realtime import jobs, log
from realtime.jobs import Report
from realtime.webhooks import keeping
from tests.factories import make_user
from tests.flows import workers
from tests.product import Program
from tests.realtime.webhooks.conftest import Receiver, signature
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
HERE = {"ASSAY_WEBHOOK_NETWORKS": "127.0.0.0/8"}


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOK_NETWORKS = [ip_network("127.0.0.0/8")]
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def ana(transactional_db: None) -> User:
    return make_user(email="ana@example.org")


def bodies(receiver: Receiver) -> list[str]:
    return [one.body.decode() for one in receiver.at()]


def test_a_worker_tells_a_webhook_of_a_job_and_another_goes_on_when_it_is_killed(
    start_worker: Callable[..., Program], receiver: Receiver, ana: User
) -> None:
    _, secret = keeping.create(ana, receiver.url())
    first = start_worker("--device", "cpu", **HERE)
    job = jobs.report(ana, "render-7", Report("encoding", 0.5, "Half."))
    receiver.wait(2, limit=60)

    first.kill()
    jobs.complete(ana, "render-7", {"rows": 3})
    start_worker("--device", "cpu", **HERE)
    stored = [line.body for line in log.read(job.topic_id)]
    wait_until(lambda: stored[-1] in bodies(receiver), limit=90, what="the ending arrives")

    # what the killed one had not written down yet comes twice; nothing is missing or out of turn
    assert list(dict.fromkeys(bodies(receiver))) == stored
    signatures = [one.headers["webhook-signature"] for one in receiver.at()]
    assert signatures == [signature(secret, one) for one in receiver.at()]


def test_a_worker_does_not_send_to_this_machine_unless_told_to(
    start_worker: Callable[..., Program], receiver: Receiver, ana: User
) -> None:
    hook, _ = keeping.create(ana, receiver.url())
    worker = start_worker("--device", "cpu")

    asked = keeping.ask_for_test(hook)
    workers.wait_for_worker(worker)
    done = wait_until(
        hook.deliveries.filter(pk=asked.pk, state="failed").first, limit=30, what="it was refused"
    )

    assert (done.error, receiver.received) == ("address_refused", [])
