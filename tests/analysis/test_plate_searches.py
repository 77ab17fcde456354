"""Whoever searches for a plate is on record for it, for a time; admins read who asked for what."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Role, User
from analysis import plates
from analysis.models import PlateSearch, Run
from analysis.plate_searches import forget_old
from analysis.resealing import reseal
from analysis.uploads import sweeping
from realtime import log
from tests.analysis.conftest import signed_in
from tests.analysis.footage import plate, track
from tests.factories import make_run, make_user

pytestmark = pytest.mark.django_db
EVENTS = "/api/v1/events/"
SEARCHES = "/api/v1/plate-searches/"
KEY = "k3Jx9-_pQw7ZtYb2LmNcVr5sHdFg8aEo1u"


@pytest.fixture
def run(analyst: User) -> Run:
    run = make_run(owner=analyst)
    log.append(run.topic_id, [plate("AB12 CDE"), plate("AB99 XYZ"), track()])
    return run


@pytest.fixture
def admin(db: None) -> APIClient:
    return signed_in(make_user(role=Role.ADMIN))


def on_record(admin: APIClient) -> list[dict[str, Any]]:
    answer = admin.get(SEARCHES)
    assert answer.status_code == 200, answer.json()
    return list(answer.json()["results"])


@pytest.mark.parametrize("address", [EVENTS, f"{EVENTS}stats/", "/api/events", "/api/events/stats"])
def test_every_search_says_who_when_what_and_how_many(
    client: APIClient, analyst: User, run: Run, admin: APIClient, address: str
) -> None:
    before = timezone.now()

    client.get(address, {"license_plate": "ab*", "event_type": "anpr", "start_time": "2026-01-01"})

    (search,) = on_record(admin)
    assert (search["user"], search["email"]) == (str(analyst.pk), analyst.email)
    assert (search["license_plate"], search["found"]) == ("AB*", 2)
    assert search["filters"] == {"event_type": "anpr", "start_time": "2026-01-01"}
    assert PlateSearch.objects.get().created >= before


def test_a_search_that_finds_nothing_is_on_record_too(client: APIClient, run: Run, admin: APIClient) -> None:
    client.get(EVENTS, {"license_plate": "XX1"})

    assert [(search["license_plate"], search["found"]) for search in on_record(admin)] == [("XX1", 0)]


def test_one_that_is_refused_or_asks_for_a_page_there_is_none_of_is_on_record(
    client: APIClient, run: Run, admin: APIClient, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PLATE_KEY = KEY
    monkeypatch.setattr(plates, "PLATES_OPENED", 0)
    log.append(run.topic_id, [plate("AB12 CDE")])

    answers = [
        client.get(EVENTS, {"license_plate": "AB*"}),
        client.get(EVENTS, {"license_plate": "X", "page": 9}),
    ]

    assert [answer.status_code for answer in answers] == [422, 404]
    assert [(search["license_plate"], search["found"]) for search in on_record(admin)] == [
        ("X", None),
        ("AB*", None),
    ]


def test_what_searches_no_plate_is_on_no_record(client: APIClient, run: Run, admin: APIClient) -> None:
    client.get(EVENTS)
    client.get(EVENTS, {"event_type": "anpr", "license_plate": ""})
    client.get(f"{EVENTS}stats/")
    client.get(EVENTS, {"license_plate": "A%"})  # refused before anything is looked for

    assert on_record(admin) == []


def test_a_search_costs_one_query_more(client: APIClient, run: Run, django_assert_num_queries: Any) -> None:
    client.get(EVENTS)

    with django_assert_num_queries(5):
        client.get(EVENTS, {"license_plate": "AB*"})


def test_under_a_key_what_was_asked_is_kept_as_plates_are(
    client: APIClient, run: Run, admin: APIClient, settings: Any
) -> None:
    client.get(EVENTS, {"license_plate": "AB12CDE"})
    settings.PLATE_KEY = KEY
    client.get(EVENTS, {"license_plate": "AB1*"})

    newest = PlateSearch.objects.order_by("-pk")[0]
    assert (newest.asked, len(newest.asked_hash), "AB1" in newest.asked_sealed) == ("", 64, False)
    assert [search["license_plate"] for search in on_record(admin)] == ["AB1*", "AB12CDE"]
    assert reseal().sealed == 3  # two sightings and the earlier search
    assert set(PlateSearch.objects.values_list("asked", flat=True)) == {""}
    assert [search["license_plate"] for search in on_record(admin)] == ["AB1*", "AB12CDE"]
    settings.PLATE_KEY = KEY[::-1]
    assert [search["license_plate"] for search in on_record(admin)] == [None, None]


def test_only_admins_read_them(client: APIClient, run: Run) -> None:
    client.get(EVENTS, {"license_plate": "AB*"})

    answer = client.get(SEARCHES)

    assert (answer.status_code, answer.json()["code"]) == (403, "admins_only")
    assert APIClient().get(SEARCHES).status_code == 401


def test_they_are_listed_in_pages_with_as_many_queries_for_many_as_for_one(
    client: APIClient, run: Run, admin: APIClient, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        client.get(EVENTS, {"license_plate": f"AB{number}"})
    admin.get(SEARCHES)

    with django_assert_num_queries(3):
        page = admin.get(SEARCHES, {"page_size": 2}).json()

    assert (page["count"], [one["license_plate"] for one in page["results"]]) == (5, ["AB4", "AB3"])


def test_the_admin_shows_them_and_changes_none(run: Run, client: APIClient) -> None:
    client.get(EVENTS, {"license_plate": "AB*"})
    (search,) = PlateSearch.objects.all()
    browser = Client()
    browser.force_login(make_user(role=Role.ADMIN))
    pages = "/admin/analysis/platesearch/"

    listed, shown = browser.get(pages), browser.get(f"{pages}{search.pk}/change/")

    assert "AB*" in listed.content.decode()
    assert "AB*" in shown.content.decode()
    assert 'name="_save"' not in shown.content.decode()
    assert browser.post(f"{pages}{search.pk}/delete/", {"post": "yes"}).status_code == 403
    assert browser.get(f"{pages}add/").status_code == 403


def test_they_stay_when_the_user_goes(run: Run) -> None:
    somebody = make_user()
    signed_in(somebody).get(EVENTS, {"license_plate": "AB*"})
    email = somebody.email

    somebody.delete()

    assert list(PlateSearch.objects.values_list("user", "email", "found")) == [(None, email, 0)]


def test_they_are_forgotten_after_the_days_that_are_set(client: APIClient, run: Run, settings: Any) -> None:
    settings.PLATE_SEARCH_DAYS = 30
    for days in (29, 31):
        client.get(EVENTS, {"license_plate": f"AB{days}"})
        PlateSearch.objects.filter(asked=f"AB{days}").update(created=timezone.now() - timedelta(days=days))

    sweeping.sweep()

    assert list(PlateSearch.objects.values_list("asked", flat=True)) == ["AB29"]
    assert forget_old() == 0
