"""Several cameras in one call: success or reason for each."""

import pytest
from rest_framework.test import APIClient

from analysis.models import Camera
from tests.analysis.cameras.conftest import CAMERAS, MakeCamera, wanted

pytestmark = pytest.mark.django_db


def test_each_of_a_list_gets_its_own_success_or_reason(client: APIClient, make_camera: MakeCamera) -> None:
    make_camera(key="taken")
    sent = [
        wanted(key="a"),
        wanted(key="taken"),
        wanted(key="b", address="rtsp://127.0.0.1/x"),
        wanted(key="a"),
        wanted(key="c", settings={"speed": 1}),
        "nonsense",
        wanted(key="d", enabled=True),
    ]

    answer = client.post(CAMERAS, sent, format="json")

    assert answer.status_code == 207
    body = answer.json()["results"]
    assert [made["status"] for made in body] == [201, 409, 400, 409, 400, 400, 201]
    assert [made["key"] for made in body] == ["a", "taken", "b", "a", "c", None, "d"]
    assert body[0]["camera"]["key"] == "a"
    assert body[1]["problem"]["code"] == "key_taken"
    assert body[2]["problem"]["errors"][0]["field"] == "address"
    assert body[6]["camera"]["status"]["state"] == "waiting"
    assert sorted(Camera.objects.values_list("key", flat=True)) == ["a", "d", "taken"]


def test_a_list_sent_twice_with_a_key_is_done_once(client: APIClient) -> None:
    once = {"HTTP_IDEMPOTENCY_KEY": "once"}
    sent = [wanted(key="a"), wanted(key="a"), wanted(key="b")]

    first = client.post(CAMERAS, sent, format="json", **once)
    again = client.post(CAMERAS, sent, format="json", **once)

    assert [made["status"] for made in first.json()["results"]] == [201, 409, 201]
    assert again.json() == first.json()
    assert Camera.objects.count() == 2


@pytest.mark.parametrize("count", [0, 101])
def test_a_list_has_its_limits(client: APIClient, count: int) -> None:
    answer = client.post(CAMERAS, [wanted(key=f"c{n}") for n in range(count)], format="json")

    assert answer.status_code == 400
    assert not Camera.objects.exists()
