"""Filters by time at the edge of the calendar: refused, never a broken answer."""

import pytest
from rest_framework.test import APIClient

from tests.analysis.conftest import signed_in
from tests.factories import make_user

pytestmark = pytest.mark.django_db
BEFORE_ALL, AFTER_ALL = "0001-01-01T00:00:00%2B23:00", "9999-12-31T23:59:59-23:00"
FILTERS = [
    ("events/", "start_time", BEFORE_ALL),
    ("events/", "end_time", AFTER_ALL),
    ("media/", "created_after", BEFORE_ALL),
    ("media/", "created_before", AFTER_ALL),
    ("runs/", "created_after", BEFORE_ALL),
    ("runs/", "created_before", AFTER_ALL),
]


@pytest.fixture
def client() -> APIClient:
    return signed_in(make_user())


@pytest.mark.parametrize(("address", "name", "time"), FILTERS)
def test_a_time_that_is_no_time_in_utc_is_refused(
    client: APIClient, address: str, name: str, time: str
) -> None:
    answer = client.get(f"/api/v1/{address}?{name}={time}")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, name)


@pytest.mark.parametrize("time", ["0001-01-01", "9999-12-31T23:59:59Z", "2026-05-03T14:00:00%2B23:00"])
@pytest.mark.parametrize(("address", "name"), sorted({(address, name) for address, name, _ in FILTERS}))
def test_the_first_and_the_last_time_are_times(client: APIClient, address: str, name: str, time: str) -> None:
    assert client.get(f"/api/v1/{address}?{name}={time}").status_code == 200
