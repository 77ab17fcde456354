"""The channel of Redis on which workers come and go."""

import json
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from redis import Redis

from realtime import outside
from tests.flows.workers import wait_for_worker
from tests.product import Program
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def said() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What was said since the test began."""
    client = Redis.from_url(settings.REDIS_URL, decode_responses=True)
    pubsub = client.pubsub(ignore_subscribe_messages=True)
    pubsub.subscribe(outside.system_channel())
    heard: list[dict[str, Any]] = []

    def listen() -> list[dict[str, Any]]:
        while message := pubsub.get_message(timeout=0.05):
            heard.append(json.loads(message["data"]))
        return heard

    listen()
    yield listen
    client.close()


def test_a_worker_that_comes_and_goes_is_told(
    start_worker: Callable[..., Program], said: Callable[[], list[dict[str, Any]]]
) -> None:
    program = start_worker()
    worker = wait_for_worker(program)
    program.stop()

    wait_until(lambda: len(said()) >= 4, what="four messages")
    assert [(one["type"], one.get("worker"), one.get("status")) for one in said()] == [
        ("worker.started", str(worker.pk), None),
        ("health.changed", None, "ok"),
        ("worker.stopped", str(worker.pk), None),
        ("health.changed", None, "not ready"),
    ]


def test_a_worker_that_dies_is_told_by_another(
    start_worker: Callable[..., Program], said: Callable[[], list[dict[str, Any]]]
) -> None:
    one, two = start_worker(), start_worker()
    rows = sorted([(wait_for_worker(one), one), (wait_for_worker(two), two)], key=lambda pair: pair[0].pk)
    (_, speaker), (dead, program) = rows

    program.send(signal.SIGKILL)

    wait_until(
        lambda: [said_["worker"] for said_ in said() if said_["type"] == "worker.lost"] == [str(dead.pk)],
        limit=40,
        what="the other one says that it is lost",
    )
    assert speaker.alive()
