"""Who opened a socket: every way in, and what does not let in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken

from accounts import credentials, tokens
from accounts.models import User
from accounts.sockets import authenticate_scope, identify_token
from tests.factories import make_user

pytestmark = pytest.mark.django_db
OURS = {"origin": "http://127.0.0.1:8000"}


def scope(query: str = "", **headers: str) -> dict[str, Any]:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "websocket", "path": "/ws/user/", "query_string": query.encode(), "headers": raw}


def cookie_of(user: User) -> str:
    browser = Client()
    browser.force_login(user)
    return f"a=b; sessionid={browser.cookies['sessionid'].value}"


class Ways:
    """Every way in of one user, as scopes."""

    def __init__(self, user: User) -> None:
        credential, self.key = credentials.issue_api_key(user)
        self.access = tokens.start_family(user).access
        self.all = {
            "sign-in cookie": scope(cookie=cookie_of(user), **OURS),
            "bearer jwt": scope(authorization=f"Bearer {self.access}"),
            "bearer key": scope(authorization=f"Bearer {self.key}"),
            "x-api-key": scope(**{"x-api-key": self.key}),
            "ticket": scope(f"after=3&ticket={credentials.issue_ticket(credential)}"),
            "access_token cookie": scope(cookie=f"access_token={self.access}", **OURS),
            "?token=": scope(f"token={self.access}"),
        }


def who(ways: dict[str, dict[str, Any]]) -> dict[str, object]:
    identities = {name: authenticate_scope(given) for name, given in ways.items()}
    return {name: identity and identity.user_id for name, identity in identities.items()}


def test_every_way_lets_its_user_in() -> None:
    user = make_user()
    ways = Ways(user).all

    assert who(ways) == dict.fromkeys(ways, user.pk)


def test_no_way_lets_in_who_was_switched_off() -> None:
    user = make_user()
    ways = Ways(user).all
    user.is_active = False
    user.save()

    assert who(ways) == dict.fromkeys(ways, None)


def test_cookies_count_only_with_an_origin() -> None:
    user = make_user()
    access = tokens.start_family(user).access
    cookies = [cookie_of(user), f"access_token={access}"]

    with_origin = [authenticate_scope(scope(cookie=cookie, **OURS)) for cookie in cookies]
    without = [authenticate_scope(scope(cookie=cookie)) for cookie in cookies]

    assert None not in with_origin
    assert without == [None, None]


def test_the_query_token_can_be_switched_off(settings: Any) -> None:
    ways = Ways(make_user())
    before = authenticate_scope(ways.all["?token="])

    settings.ASSAY_SOCKET_QUERY_TOKEN = False

    assert before is not None
    assert authenticate_scope(ways.all["?token="]) is None


def test_an_api_key_in_an_address_lets_nobody_in() -> None:
    ways = Ways(make_user())

    assert authenticate_scope(scope(f"token={ways.key}")) is None
    assert authenticate_scope(scope(f"token={ways.access}")) is not None


def test_an_expired_token_lets_nobody_in() -> None:
    access = AccessToken(tokens.start_family(make_user()).access)  # type: ignore[arg-type]
    fresh = str(access)
    access.set_exp(lifetime=timedelta(seconds=-1))

    assert identify_token(fresh) is not None
    assert identify_token(str(access)) is None


def test_the_identity_says_when_a_jwt_ends() -> None:
    access = tokens.start_family(make_user()).access

    identity = identify_token(access)

    assert identity is not None and identity.expires is not None
    assert timedelta(minutes=4) < identity.expires - datetime.now(UTC) <= timedelta(minutes=5)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"authorization": "Bearer "},
        {"authorization": "Basic YTpi"},
        {"cookie": "sessionid=nonsense", **OURS},
        {"cookie": "sessionid=../../etc/passwd; \x00=;;;", **OURS},
        {"cookie": "access_token=x", **OURS},
        {"x-api-key": "assay_nonsense"},
    ],
)
def test_nonsense_lets_nobody_in(given: dict[str, str]) -> None:
    assert authenticate_scope(scope("ticket=x&ticket=y&token=", **given)) is None


def test_the_first_message_takes_a_jwt_or_a_key() -> None:
    user = make_user()
    ways = Ways(user)

    identities = [identify_token(text) for text in (ways.access, ways.key, "", "x", None)]

    assert [found and found.user_id for found in identities] == [user.pk, user.pk, None, None, None]
