"""/health: what a load balancer may rely on."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from analysis.models import Worker

pytestmark = pytest.mark.django_db
READY = "/health/ready"


@pytest.fixture
def worker() -> Worker:
    return Worker.objects.create(host="h", pid=1, device="cpu", heartbeat=timezone.now())


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from django.db.utils import OperationalError

    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("connection refused")

    with monkeypatch.context() as broken:
        broken.setattr(connection, "cursor", refuse)
        yield


@pytest.mark.parametrize("address", ["/health", "/health/", "/health/live", "/health/live/"])
def test_a_process_that_answers_is_alive(client: Client, address: str) -> None:
    assert (client.get(address).status_code, client.get(address).json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("address", [READY, f"{READY}/"])
def test_ready_with_database_redis_and_a_live_worker(client: Client, worker: Worker, address: str) -> None:
    answer = client.get(address)

    assert answer.status_code == 200
    assert answer.json()["checks"] == {"database": "ok", "redis": "ok", "worker": "ok"}


@pytest.mark.parametrize(
    "changes",
    [
        {"heartbeat": timezone.now() - timedelta(seconds=16)},
        {"heartbeat": timezone.now() + timedelta(minutes=5), "stopped": timezone.now()},
    ],
    ids=["silent for 16 s", "stopped"],
)
def test_not_ready_without_a_live_worker(client: Client, worker: Worker, changes: dict[str, Any]) -> None:
    before = client.get(READY).status_code
    Worker.objects.update(**changes)

    answer = client.get(READY)

    assert (before, answer.status_code) == (200, 503)
    assert "runworker" in answer.json()["checks"]["worker"]


def test_not_ready_without_redis(client: Client, worker: Worker, settings: Any) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"

    answer = client.get(READY)

    assert answer.status_code == 503
    assert "Redis" in answer.json()["checks"]["redis"]


def test_not_ready_without_the_database(client: Client, worker: Worker, no_database: None) -> None:
    answer = client.get(READY)

    assert answer.status_code == 503
    assert "PostgreSQL" in answer.json()["checks"]["database"]
    assert client.get("/health/live").status_code == 200
