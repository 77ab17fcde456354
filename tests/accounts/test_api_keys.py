"""API keys: shown once, listed without their text, ended by their owner alone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import credentials
from accounts.models import Credential
from tests.accounts.conftest import signed_in, with_token
from tests.factories import make_user

pytestmark = pytest.mark.django_db
KEYS = "/api/v1/auth/api-keys/"


def test_a_key_is_shown_once_and_lets_in() -> None:
    client = signed_in(make_user())

    made = client.post(KEYS, {"name": "nightly"}, format="json")
    listed = client.get(KEYS).json()

    assert made.status_code == 201
    assert with_token(made.json()["key"]).post("/api/v1/auth/ws-ticket/").status_code == 201
    assert [entry["name"] for entry in listed["results"]] == ["nightly"]
    assert (listed["count"], listed["page"], listed["page_size"]) == (1, 1, 50)
    assert "key" not in listed["results"][0]
    assert not Credential.objects.filter(secret_sha256=made.json()["key"]).exists()


@pytest.mark.parametrize(
    "given", [{}, {"name": ""}, {"name": "a", "user": "x"}, {"name": "a", "created": "x"}]
)
def test_a_key_without_a_name_or_with_unknown_fields_is_refused(given: dict[str, str]) -> None:
    client = signed_in(make_user())

    assert client.post(KEYS, {"name": "a"}, format="json").status_code == 201
    assert client.post(KEYS, given, format="json").status_code == 400


def test_a_key_that_ends_must_end_in_the_future() -> None:
    client = signed_in(make_user())
    later, before = timezone.now() + timedelta(days=1), timezone.now() - timedelta(days=1)

    good = client.post(KEYS, {"name": "a", "expires": later.isoformat()}, format="json")
    bad = client.post(KEYS, {"name": "a", "expires": before.isoformat()}, format="json")

    assert (good.status_code, bad.status_code) == (201, 400)


def test_a_deleted_key_is_dead() -> None:
    user = make_user()
    credential, key = credentials.issue_api_key(user, name="nightly")
    client = signed_in(user)

    assert client.delete(f"{KEYS}{credential.pk}/").status_code == 204
    assert with_token(key).post("/api/v1/auth/ws-ticket/").status_code == 401
    assert client.get(KEYS).json()["count"] == 0
    assert client.delete(f"{KEYS}{credential.pk}/").status_code == 404


def test_other_peoples_keys_are_not_there() -> None:
    theirs, _ = credentials.issue_api_key(make_user(), name="theirs")
    client = signed_in(make_user())

    foreign = client.delete(f"{KEYS}{theirs.pk}/")
    missing = client.delete(f"{KEYS}00000000-0000-0000-0000-000000000000/")

    assert client.get(KEYS).json()["count"] == 0
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["detail"] == missing.json()["detail"]
    assert credentials.live([theirs.pk]) == {theirs.pk}


def test_a_sign_in_cannot_be_ended_as_if_it_were_a_key() -> None:
    user = make_user()
    client = signed_in(user)
    own = Credential.objects.get(user=user)

    assert client.delete(f"{KEYS}{own.pk}/").status_code == 404


def test_a_key_cannot_manage_keys() -> None:
    credential, key = credentials.issue_api_key(make_user())
    client = with_token(key)

    answers = [client.get(KEYS), client.post(KEYS, {"name": "b"}), client.delete(f"{KEYS}{credential.pk}/")]

    assert [(a.status_code, a.json()["code"]) for a in answers] == [(403, "not_by_api_key")] * 3


@pytest.mark.parametrize(
    ("query", "status"),
    [("page=1", 200), ("page=2", 404), ("page=x", 404), ("page=-1", 404), ("page=" + "9" * 5000, 404)],
)
def test_pages_that_are_not_there(query: str, status: int) -> None:
    assert signed_in(make_user()).get(f"{KEYS}?{query}").status_code == status
