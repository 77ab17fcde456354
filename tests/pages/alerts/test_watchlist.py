"""Watched plates as a page."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from analysis.models import WatchedPlate
from tests.pages.alerts.conftest import KEY, errors, shown

pytestmark = pytest.mark.django_db


def test_a_plate_is_waited_for_and_no_longer(browser: Client, ana: User) -> None:
    browser.post("/alerts/watchlist/", {"plate": "ab-1?c *", "name": "Van", "note": "White"})

    watched = WatchedPlate.objects.get()
    page = shown(browser, "/alerts/watchlist/")
    assert (watched.owner, watched.plate) == (ana, "AB1?C*")
    assert all(said in page for said in ("AB1?C*", "Van", "White"))
    assert "encrypted on this desk" not in page

    question = shown(browser, f"/alerts/watchlist/{watched.pk}/delete/")
    browser.post(f"/alerts/watchlist/{watched.pk}/delete/")
    assert "AB1?C*" in question
    assert not WatchedPlate.objects.exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"plate": ""}, "plate"),
        ({"plate": "--"}, "plate"),
        ({"plate": "AB(12|13)"}, "plate"),
        ({"plate": "A" * 65}, "plate"),
        ({"plate": "A\0B"}, "plate"),
        ({"name": ""}, "name"),
    ],
)
def test_a_plate_that_none_can_be_is_refused_beside_its_field(
    browser: Client, given: dict[str, str], field: str
) -> None:
    answer = browser.post("/alerts/watchlist/", {"plate": "AB12", "name": "Van", "note": "White"} | given)

    assert answer.status_code == 400
    assert list(errors(answer)) == [field]
    assert "White</textarea>" in answer.content.decode()
    assert not WatchedPlate.objects.exists()


def test_under_a_key_the_list_says_so_and_what_cannot_be_read_is_told(
    browser: Client, ana: User, settings: Any
) -> None:
    settings.PLATE_KEY = KEY
    browser.post("/alerts/watchlist/", {"plate": "AB1?", "name": "Van"})
    kept = WatchedPlate.objects.get()

    with_key = shown(browser, "/alerts/watchlist/")
    settings.PLATE_KEY = "another key that nobody could guess"
    with_another = shown(browser, "/alerts/watchlist/")

    assert kept.plate == ""
    assert "AB1?" in with_key
    assert "Plates are encrypted on this desk" in with_key
    assert "Cannot be read with this key" in with_another
    assert "AB1?" not in with_another
