"""/ws/health and /ws/stats: whether sockets can work, and how many there are."""

import uuid
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from accounts import credentials
from realtime import stats
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/ws/health", "/ws/health/"])
def test_sockets_can_work_with_the_database_and_redis(client: Client, address: str) -> None:
    answer = client.get(address)

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "checks": {"database": "ok", "redis": "ok"}}


def test_sockets_cannot_work_well_without_redis(client: Client, settings: Any) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"

    answer = client.get("/ws/health")

    assert answer.status_code == 503
    assert "Redis" in answer.json()["checks"]["redis"]


@pytest.mark.parametrize("address", ["/ws/stats", "/ws/stats/"])
def test_an_admin_sees_the_sockets_of_every_web_process(client: Client, settings: Any, address: str) -> None:
    settings.REDIS_PREFIX = f"test.{uuid.uuid4().hex}."
    _, key = credentials.issue_api_key(make_user(is_staff=True))
    counts = stats.Sockets(
        sockets=3, by_path={"user": 2, "topic": 1}, topics=1, outbox_bytes=70, outbox_largest_bytes=50
    )
    async_to_sync(stats.report)(counts)

    body = client.get(address, headers={"X-API-Key": key}).json()

    assert (body["sockets"], body["topics"], body["outbox_bytes"]) == (3, 1, 70)
    assert [one["by_path"] for one in body["processes"]] == [{"user": 2, "topic": 1}]


def test_nobody_else_does(client: Client) -> None:
    _, key = credentials.issue_api_key(make_user())

    anonymous, analyst = client.get("/ws/stats"), client.get("/ws/stats", headers={"X-API-Key": key})

    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "not_authenticated")
    assert (analyst.status_code, analyst.json()["code"]) == (403, "admins_only")
