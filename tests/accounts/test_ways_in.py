"""REST: a token or key first, then the sign-in cookie with CSRF; anonymous is 401."""

from datetime import timedelta
from typing import Any

import pytest
from django.middleware.csrf import get_token
from django.test import Client, RequestFactory
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import credentials, tokens
from tests.accounts.conftest import with_token
from tests.factories import make_user

pytestmark = pytest.mark.django_db
CLOSED = "/api/v1/auth/api-keys/"
TICKET = "/api/v1/auth/ws-ticket/"


def test_anonymous_is_told_to_sign_in(api: APIClient) -> None:
    answer = api.get(CLOSED)

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="assay"'


@pytest.mark.parametrize(
    "headers", [{"Authorization": "Bearer {}"}, {"Authorization": "bearer {}"}, {"X-API-Key": "{}"}]
)
def test_an_api_key_lets_in_by_either_header(api: APIClient, headers: dict[str, str]) -> None:
    _, key = credentials.issue_api_key(make_user())

    answer = api.post(TICKET, headers={name: text.format(key) for name, text in headers.items()})

    assert answer.status_code == 201


def test_keys_that_are_unknown_expired_or_revoked_do_not() -> None:
    user = make_user()
    _, good = credentials.issue_api_key(user)
    _, old = credentials.issue_api_key(user, expires=timezone.now() - timedelta(seconds=1))
    gone, revoked = credentials.issue_api_key(user)
    credentials.revoke(gone)

    statuses = [
        with_token(key).post(TICKET).status_code for key in (good, old, revoked, f"{good}x", "assay_")
    ]

    assert statuses == [201, 401, 401, 401, 401]


def _browser(**fields: Any) -> Client:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_user(**fields))
    return browser


def _csrf(browser: Client) -> str:
    request = RequestFactory().get("/")
    token = get_token(request)
    browser.cookies["csrftoken"] = request.META["CSRF_COOKIE"]
    return token


def test_the_cookie_lets_in_to_read() -> None:
    assert _browser().get(CLOSED).status_code == 200


def test_the_cookie_needs_the_csrf_token_to_write() -> None:
    browser = _browser()
    token = _csrf(browser)

    without = browser.post(TICKET)
    foreign = browser.post(TICKET, headers={"X-CSRFToken": token, "Origin": "https://evil.example"})
    with_it = browser.post(TICKET, headers={"X-CSRFToken": token})

    assert (without.status_code, without.json()["code"]) == (403, "csrf_failed")
    assert foreign.status_code == 403
    assert with_it.status_code == 201


def test_a_token_needs_no_csrf_even_beside_a_cookie() -> None:
    browser = _browser()
    token = tokens.start_family(make_user()).access

    assert browser.post(TICKET, headers={"Authorization": f"Bearer {token}"}).status_code == 201


def test_a_bad_token_is_not_saved_by_a_good_cookie() -> None:
    browser = _browser()

    assert browser.get(CLOSED).status_code == 200
    assert browser.get(CLOSED, headers={"Authorization": "Bearer x.y.z"}).status_code == 401


def test_another_scheme_is_no_token_of_ours(api: APIClient) -> None:
    assert api.get(CLOSED, headers={"Authorization": "Basic YTpi"}).status_code == 401


def test_the_session_costs_two_queries_to_know_who_asks(django_assert_num_queries: Any) -> None:
    browser = _browser()

    with django_assert_num_queries(3):  # the session, the credential with its user, the empty list
        browser.get(CLOSED)


@pytest.mark.parametrize(
    "address",
    [CLOSED, TICKET, "/api/v1/auth/api-keys/00000000-0000-0000-0000-000000000000/"],
)
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
def test_nothing_closed_answers_the_anonymous(api: APIClient, address: str, method: str) -> None:
    assert getattr(api, method)(address).status_code == 401
