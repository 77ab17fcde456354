"""JWT: signing a program in, staying signed in, signing out."""

import base64
import functools
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connections
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts import tokens
from accounts.models import Credential
from tests.accounts.conftest import signed_in, with_token
from tests.factories import make_user

pytestmark = pytest.mark.django_db
TOKEN = "/api/v1/auth/token/"
REFRESH = "/api/v1/auth/token/refresh/"
BLACKLIST = "/api/v1/auth/token/blacklist/"
CLOSED = "/api/v1/auth/api-keys/"


def test_e_mail_in_any_case_and_password_sign_a_program_in(api: APIClient) -> None:
    make_user(email="ana@example.org", password="correct horse")

    answer = api.post(TOKEN, {"email": " Ana@Example.ORG ", "password": "correct horse"}, format="json")

    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh"}
    assert answer["Cache-Control"] == "no-store"
    assert with_token(answer.json()["access"]).get(CLOSED).status_code == 200


def test_access_lasts_five_minutes_and_refresh_seven_days() -> None:
    pair = tokens.start_family(make_user())

    claims = [jwt.decode(text, options={"verify_signature": False}) for text in (pair.access, pair.refresh)]
    assert [claim["exp"] - claim["iat"] for claim in claims] == [300, 7 * 24 * 3600]
    assert claims[0]["cred"] == claims[1]["cred"] == str(Credential.objects.get().pk)


@pytest.mark.parametrize(
    "given",
    [
        {"email": "ana@example.org", "password": "wrong"},
        {"email": "nobody@example.org", "password": "correct horse"},
        {"email": "off@example.org", "password": "correct horse"},
    ],
)
def test_wrong_unknown_and_switched_off_get_the_same_answer(api: APIClient, given: dict[str, str]) -> None:
    make_user(email="ana@example.org", password="correct horse")
    make_user(email="off@example.org", password="correct horse", is_active=False)

    answer = api.post(TOKEN, given, format="json")

    assert answer.status_code == 401
    assert (answer.json()["code"], answer.json()["detail"]) == (
        "wrong_credentials",
        "E-mail or password is wrong.",
    )
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("given", [{}, {"email": "a@b.c"}, {"email": "a@b.c", "password": "x", "otp": "1"}])
def test_a_malformed_sign_in_is_400(api: APIClient, given: dict[str, str]) -> None:
    assert api.post(TOKEN, given, format="json").status_code == 400


def _claims(user: Any, **changes: object) -> dict[str, Any]:
    access = AccessToken(tokens.start_family(user).access)  # type: ignore[arg-type]
    return {**access.payload, **changes}


def _unsigned(claims: dict[str, Any]) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts) + "."
    )


def _signed(claims: dict[str, Any], algorithm: str = "HS256") -> str:
    key = settings.SIMPLE_JWT.get("SIGNING_KEY", settings.SECRET_KEY)
    return jwt.encode(claims, key, algorithm=algorithm)


def test_forged_and_stale_tokens_let_nobody_in() -> None:
    claims = _claims(make_user())
    others = _claims(make_user())
    forged = {
        "none": _unsigned(claims),
        "other key": jwt.encode(claims, "x" * 64, algorithm="HS256"),
        "other algorithm": _signed(claims, "HS512"),
        "expired": _signed({**claims, "exp": claims["iat"] - 1}),
        "no credential": _signed({name: value for name, value in claims.items() if name != "cred"}),
        "odd credential": _signed({**claims, "cred": ["x"]}),
        "unknown credential": _signed({**claims, "cred": str(claims["jti"])}),
        "refresh as access": _signed({**claims, "token_type": "refresh"}),
        "empty": "",
        "garbage": "a.b.c",
    }

    answers = {name: with_token(text).get(CLOSED) for name, text in forged.items()}

    assert with_token(_signed(others)).get(CLOSED).status_code == 200
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(forged, 401)
    assert answers["expired"].json()["code"] == "token_expired"


def test_refresh_rotates_and_both_tokens_are_new(api: APIClient) -> None:
    first = tokens.start_family(make_user())

    second = api.post(REFRESH, {"refresh": first.refresh}, format="json").json()

    assert second["refresh"] != first.refresh
    assert with_token(second["access"]).get(CLOSED).status_code == 200
    assert api.post(REFRESH, {"refresh": second["refresh"]}, format="json").status_code == 200


def test_a_refresh_token_used_twice_ends_its_family_and_no_other(api: APIClient) -> None:
    user = make_user()
    first, other = tokens.start_family(user), tokens.start_family(user)
    second = api.post(REFRESH, {"refresh": first.refresh}, format="json").json()

    reused = api.post(REFRESH, {"refresh": first.refresh}, format="json")

    assert (reused.status_code, reused.json()["code"]) == (401, "token_reused")
    assert api.post(REFRESH, {"refresh": second["refresh"]}, format="json").status_code == 401
    assert with_token(second["access"]).get(CLOSED).status_code == 401
    assert with_token(other.access).get(CLOSED).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_two_refreshes_at_once_one_wins() -> None:
    pair = tokens.start_family(make_user())

    def refresh(_: int) -> int:
        try:
            return APIClient().post(REFRESH, {"refresh": pair.refresh}, format="json").status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(refresh, range(4)))

    assert sorted(statuses) == [200, 401, 401, 401]


def test_blacklisting_ends_access_and_refresh_at_once(api: APIClient) -> None:
    pair = tokens.start_family(make_user())
    before = with_token(pair.access).get(CLOSED).status_code

    answer = api.post(BLACKLIST, {"refresh": pair.refresh}, format="json")

    assert (before, answer.status_code) == (200, 200)
    assert with_token(pair.access).get(CLOSED).status_code == 401
    assert api.post(REFRESH, {"refresh": pair.refresh}, format="json").status_code == 401


@pytest.mark.parametrize("address", [REFRESH, BLACKLIST])
def test_what_is_no_refresh_token_is_refused(api: APIClient, address: str) -> None:
    pair = tokens.start_family(make_user())
    old = RefreshToken(pair.refresh)  # type: ignore[arg-type]
    old.set_exp(lifetime=timedelta(seconds=-1))

    answers = [api.post(address, {"refresh": t}, format="json") for t in (pair.access, "x", str(old))]

    assert [(a.status_code, a.json()["code"]) for a in answers] == [
        (401, "token_invalid"),
        (401, "token_invalid"),
        (401, "token_expired"),
    ]


def test_tokens_that_ran_out_do_not_pile_up(api: APIClient) -> None:
    pair = tokens.start_family(make_user())
    for _ in range(3):
        pair = tokens.rotate(pair.refresh)
    OutstandingToken.objects.exclude(blacklistedtoken=None).update(expires_at=timezone.now())

    tokens.rotate(pair.refresh)

    assert OutstandingToken.objects.count() == 2


def test_no_token_lies_readable_in_the_database() -> None:
    tokens.start_family(make_user())

    assert set(OutstandingToken.objects.values_list("token", flat=True)) == {""}


def test_a_request_with_a_token_costs_one_query_to_know_who_asks(
    django_assert_num_queries: Any,
) -> None:
    client = signed_in(make_user())

    with django_assert_num_queries(2):  # who asks, and the count of an empty list
        client.get(CLOSED)


@pytest.mark.parametrize(
    "email", ["ana@example.org", "off@example.org", "none@example.org", "nobody@example.org"]
)
def test_every_failure_costs_exactly_one_hash(
    api: APIClient, monkeypatch: pytest.MonkeyPatch, email: str
) -> None:
    make_user(email="ana@example.org", password="correct horse")
    make_user(email="off@example.org", password="correct horse", is_active=False)
    make_user(email="none@example.org")
    hashed: list[str] = []
    for name in ("encode", "verify"):
        hashing = getattr(Argon2PasswordHasher, name)
        counted = functools.partialmethod(_counted, hashing, hashed)
        monkeypatch.setattr(Argon2PasswordHasher, name, counted)

    answer = api.post(TOKEN, {"email": email, "password": "wrong"}, format="json")

    assert answer.status_code == 401
    assert len(hashed) == 1


def _counted(hasher: Any, hashing: Any, hashed: list[str], *args: Any) -> Any:
    hashed.append(hashing.__name__)
    return hashing(hasher, *args)
