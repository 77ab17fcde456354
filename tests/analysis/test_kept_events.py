"""The addresses of footage events that existing clients know."""

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from analysis.models import Sighting
from realtime import log
from tests.analysis.footage import plate, track
from tests.factories import make_run

pytestmark = pytest.mark.django_db
slashes = pytest.mark.parametrize("slash", ["", "/"], ids=["bare", "slash"])


@pytest.fixture
def number(analyst: User) -> int:
    """The id of one of two events."""
    log.append(make_run(owner=analyst).topic_id, [track(), plate()])
    return Sighting.objects.get(event_type="anpr").pk


@slashes
def test_they_answer_like_the_new_ones(client: APIClient, number: int, slash: str) -> None:
    for kept, new, query in [
        ("/api/events", "/api/v1/events/", {"event_type": "anpr", "page_size": "1"}),
        (f"/api/events/{number}", f"/api/v1/events/{number}/", {}),
        ("/api/events/stats", "/api/v1/events/stats/", {}),
    ]:
        answer, expected = client.get(kept + slash, query), client.get(new, query)

        assert answer.status_code == expected.status_code == 200
        assert answer.json() == expected.json()


@slashes
def test_a_missing_picture_is_a_problem(client: APIClient, number: int, slash: str) -> None:
    answer = client.get(f"/api/events/{number}/snapshot{slash}")

    assert (answer.status_code, answer.json()["code"]) == (404, "no_snapshot")


@slashes
def test_an_event_is_deleted(client: APIClient, number: int, slash: str) -> None:
    assert client.delete(f"/api/events/{number}{slash}").status_code == 204

    assert [record["event_type"] for record in client.get("/api/events").json()["results"]] == ["tracking"]


@slashes
@pytest.mark.parametrize(
    "address", ["/api/events", "/api/events/stats", "/api/events/1", "/api/events/1/snapshot"]
)
def test_strangers_get_nothing(number: int, address: str, slash: str) -> None:
    answer = Client().get(address + slash)

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_an_unknown_field_is_refused_here_too(client: APIClient) -> None:
    assert client.get("/api/events", {"cam": "1"}).json()["code"] == "invalid"
