"""A cancel stops the attempt it was asked for, and nothing else."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from analysis import queue
from analysis.models import Run, Worker
from analysis.queue import Attempt
from analysis.worker.bell import Bell
from analysis.worker.reports import Order
from tests.analysis.test_queue import let_lease_lapse, take, told
from tests.factories import make_media
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker() -> UUID:
    return Worker.objects.create(host="here", pid=1, device="cpu").pk


@pytest.fixture
def run() -> Run:
    media = make_media()
    return queue.enqueue(media, owner=media.owner, detectors=["spectrum"])


@pytest.fixture
def bell(transactional_db: None) -> Iterator[Bell]:
    bell = Bell()
    yield bell
    bell.close()


def test_workers_hear_which_attempt_is_to_stop(run: Run, worker: UUID, bell: Bell) -> None:
    claim = take(run, worker)
    queue.release(claim)
    take(run, worker)

    queue.request_cancel(run, by=None)

    assert wait_until(bell.rung, what="the bell rang") == [Attempt(run.pk, 2)]


def test_workers_hear_nothing_of_a_run_that_only_waited(run: Run, worker: UUID, bell: Bell) -> None:
    running = queue.enqueue(run.media, owner=run.owner)
    take(running, worker)

    queue.request_cancel(run, by=None)
    queue.request_cancel(running, by=None)

    assert wait_until(bell.rung, what="the bell rang") == [Attempt(running.pk, 1)]


def test_a_run_whose_worker_died_is_cancelled_at_once(run: Run, worker: UUID) -> None:
    lost = take(run, worker)
    let_lease_lapse(run)

    cancelled = queue.request_cancel(run, by=None)

    assert cancelled.state == "cancelled"
    assert told(run)[-1] == "run.cancelled"
    with pytest.raises(queue.LeaseLost):
        queue.fence(lost)


def test_an_order_to_stop_names_the_attempt(run: Run) -> None:
    order = Order("cancel", Attempt(run.pk, 3))

    assert Order.parse(order.line().decode()) == order
