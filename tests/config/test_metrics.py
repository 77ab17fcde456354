"""/metrics: for Prometheus on this machine, otherwise for admins."""

import uuid
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from accounts import credentials
from analysis.models import Worker
from realtime import stats
from tests.factories import make_user

pytestmark = pytest.mark.django_db
ELSEWHERE = "192.0.2.7"


def values(client: Client) -> dict[str, float]:
    text = client.get("/metrics", headers={"Accept": "application/openmetrics-text"}).content.decode()
    families = text_string_to_metric_families(text)
    return {
        sample.name + "".join(sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_it_counts_runs_by_state_queue_and_workers(client: Client) -> None:
    Worker.objects.create(host="h", pid=1, device="cpu", slots=[{}, {}], heartbeat=timezone.now())

    seen = values(client)

    assert (seen["assay_workers"], seen["assay_worker_slots"]) == (1, 2)
    assert (seen["assay_runsqueued"], seen["assay_runsfailed"], seen["assay_queue_depth"]) == (0, 0, 0)


def test_it_counts_the_sockets_of_every_web_process(client: Client, settings: Any) -> None:
    settings.REDIS_PREFIX = f"test.{uuid.uuid4().hex}."
    async_to_sync(stats.report)(stats.Sockets(sockets=3, outbox_bytes=70, outbox_largest_bytes=50))

    seen = values(client)

    assert [value for name, value in seen.items() if "assay_sockets" in name] == [3]
    assert [value for name, value in seen.items() if "outbox" in name] == [70, 50]


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("127.0.0.1", {"X-Forwarded-For": ELSEWHERE}, 401),
        (ELSEWHERE, {}, 401),
        ("", {}, 401),
    ],
)
def test_it_is_open_to_this_machine_alone(
    client: Client, address: str, headers: dict[str, str], status: int
) -> None:
    assert client.get("/metrics", headers=headers, REMOTE_ADDR=address).status_code == status


@pytest.mark.parametrize(("staff", "status"), [(True, 200), (False, 403)])
def test_elsewhere_it_takes_an_admins_key(client: Client, staff: bool, status: int) -> None:
    _, key = credentials.issue_api_key(make_user(is_staff=staff))

    assert client.get("/metrics", headers={"X-API-Key": key}, REMOTE_ADDR=ELSEWHERE).status_code == status
