"""Limits: for guessing passwords, and in general; with Redis and without."""

import logging
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from accounts import counting
from tests.accounts.conftest import signed_in
from tests.factories import make_user

pytestmark = pytest.mark.django_db
TOKEN = "/api/v1/auth/token/"
CLOSED = "/api/v1/auth/api-keys/"
WRONG = "wrong"


@pytest.fixture(autouse=True)
def _fast_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """All requests of a test fall into one window."""
    monkeypatch.setattr(counting.time, "time", lambda: 1_800_000_000.0)
    monkeypatch.setattr(counting, "counter", counting.SharedCounter())


@pytest.fixture
def no_redis(settings: Any) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"


def attempt(email: str, secret: str = WRONG, address: str = "192.0.2.1") -> Any:
    given = {"email": email, "password": secret}
    return APIClient().post(TOKEN, given, format="json", REMOTE_ADDR=address)


def limits(settings: Any, **changes: tuple[int, int]) -> None:
    settings.THROTTLES = {**settings.THROTTLES, **changes}


def test_ten_wrong_passwords_and_then_not_even_the_right_one() -> None:
    make_user(email="ana@example.org", password="correct horse")

    wrong = [attempt("ana@example.org").status_code for _ in range(10)]
    right = attempt("Ana@example.org", "correct horse")

    assert wrong == [401] * 10
    assert (right.status_code, right.json()["code"]) == (429, "too_many_attempts")
    assert 1 <= int(right["Retry-After"]) <= 300


def test_a_guesser_does_not_lock_out_the_owner_elsewhere() -> None:
    make_user(email="ana@example.org", password="correct horse")
    for _ in range(11):
        attempt("ana@example.org")

    assert attempt("ana@example.org", "correct horse").status_code == 429
    assert attempt("ana@example.org", "correct horse", address="192.0.2.9").status_code == 200


def test_guessing_one_account_from_many_addresses_is_limited(settings: Any) -> None:
    limits(settings, guesses_account=(3, 3600))
    make_user(email="ana@example.org")

    statuses = [attempt("ana@example.org", address=f"192.0.2.{n}").status_code for n in range(1, 6)]

    assert statuses == [401, 401, 401, 429, 429]


@pytest.mark.parametrize(
    "addresses",
    [["192.0.2.1"] * 5, [f"2001:db8::{n}" for n in range(1, 6)]],
    ids=["one IPv4 address", "one IPv6 network"],
)
def test_guessing_many_accounts_from_one_place_is_limited(settings: Any, addresses: list[str]) -> None:
    limits(settings, guesses_address=(3, 300))

    statuses = [
        attempt(f"user{n}@example.org", address=where).status_code for n, where in enumerate(addresses)
    ]

    assert statuses == [401, 401, 401, 429, 429]


def test_signing_in_often_with_the_right_password_is_no_guessing(settings: Any) -> None:
    limits(settings, guesses_pair=(3, 300))
    make_user(email="ana@example.org", password="correct horse")

    assert {attempt("ana@example.org", "correct horse").status_code for _ in range(8)} == {200}


def test_a_user_has_a_limit_of_their_own(settings: Any) -> None:
    limits(settings, user=(3, 10))
    ana, ben = signed_in(make_user()), signed_in(make_user())

    statuses = [ana.get(CLOSED).status_code for _ in range(4)]
    over = ana.get(CLOSED)

    assert statuses == [200, 200, 200, 429]
    assert over.json()["code"] == "throttled"
    assert 1 <= int(over["Retry-After"]) <= 11
    assert ben.get(CLOSED).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "assay_nonsense"}, {"Authorization": "Bearer x.y.z"}])
def test_strangers_have_a_limit_on_closed_addresses_too(settings: Any, headers: dict[str, str]) -> None:
    limits(settings, anonymous=(3, 10))
    ana = signed_in(make_user())

    statuses = [APIClient().get(CLOSED, headers=headers).status_code for _ in range(3)]
    over = APIClient().get(CLOSED, headers=headers)

    assert statuses == [401, 401, 401]
    assert (over.status_code, over.json()["code"]) == (429, "throttled")
    assert 1 <= int(over["Retry-After"]) <= 11
    assert ana.get(CLOSED).status_code == 200


def test_the_general_limit_is_at_least_fifty_a_second(settings: Any) -> None:
    limit, window_seconds = settings.THROTTLES["user"]

    assert limit / window_seconds >= 50


def test_counters_are_shared_by_processes(settings: Any) -> None:
    limits(settings, user=(3, 10))
    ana = signed_in(make_user())
    for _ in range(3):
        ana.get(CLOSED)

    with pytest.MonkeyPatch.context() as another_process:
        another_process.setattr(counting, "counter", counting.SharedCounter())
        cache.clear()

        assert ana.get(CLOSED).status_code == 429


def test_without_redis_work_goes_on_and_the_log_says_so(
    no_redis: None, caplog: pytest.LogCaptureFixture
) -> None:
    ana = signed_in(make_user())

    with caplog.at_level(logging.WARNING, "accounts.counting"):
        statuses = [ana.get(CLOSED).status_code for _ in range(3)]

    assert statuses == [200, 200, 200]
    assert [record.message for record in caplog.records if "redis is away" in record.message]


def test_without_redis_guessing_is_still_limited_in_each_process(no_redis: None, settings: Any) -> None:
    limits(settings, guesses_pair=(3, 300))

    assert [attempt("ana@example.org").status_code for _ in range(4)] == [401, 401, 401, 429]
