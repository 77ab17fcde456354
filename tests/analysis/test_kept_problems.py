"""What Django refuses by itself at addresses existing clients know is a problem, like everything there."""

from typing import Any

import pytest
from django.test import Client

from tests.factories import make_user

pytestmark = pytest.mark.django_db
KEPT = ["/analyze", "/analyze/", "/jobs/create", "/jobs/create/", "/api/events", "/api/events/", "/ws/stats"]


def told(answer: Any) -> tuple[int, str, str]:
    return answer.status_code, answer["Content-Type"], answer.json()["code"]


@pytest.mark.parametrize("address", KEPT)
def test_a_host_nobody_serves(client: Client, address: str) -> None:
    answer = client.post(address, headers={"Host": "evil.example"})

    assert told(answer) == (400, "application/problem+json", "bad_request")


@pytest.mark.parametrize("address", ["/analyze", "/analyze/", "/jobs/create", "/jobs/create/"])
def test_a_form_of_another_site(address: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_user())

    status, media_type, _ = told(browser.post(address, {"x": "y"}))

    assert (status, media_type) == (403, "application/problem+json")


@pytest.mark.parametrize("address", ["/analyze/nothing", "/jobs/create/nothing", "/ws/nothing"])
def test_nothing_below_them(client: Client, address: str) -> None:
    assert told(client.get(address)) == (404, "application/problem+json", "not_found")


@pytest.mark.parametrize("address", ["/analyzed", "/jobs/created", "/jobs/nothing"])
def test_pages_stay_pages(client: Client, address: str) -> None:
    assert client.get(address)["Content-Type"].startswith("text/html")
