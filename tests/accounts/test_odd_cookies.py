"""Cookies of other programs on the same host, and cookies made to break us."""

import pytest
from django.test import Client

from accounts.sockets import authenticate_scope
from tests.accounts.test_sockets import OURS, cookie_of, scope
from tests.factories import make_user

pytestmark = pytest.mark.django_db
NUL = '"\\000aaaaaaaaaaaaaaaaaaaa"'


@pytest.mark.parametrize(
    "other", ['theme={"dark":true}', "a=[]", "a b=c", "=x", "x", 'q="un', "ü=ü", "a@b=1"]
)
def test_a_cookie_of_another_program_costs_nobody_the_socket(other: str) -> None:
    user = make_user()

    identity = authenticate_scope(scope(cookie=f"{other}; {cookie_of(user)}; {other}", **OURS))

    assert identity is not None
    assert identity.user_id == user.pk


def test_a_session_with_a_null_character_is_nobody() -> None:
    client = Client(headers={"Cookie": f"sessionid={NUL}"})
    client.cookies["sessionid"] = "\x00aaaaaaaaaaaaaaaaaaaa"

    assert client.get("/sign-in/").status_code == 200
    assert client.get("/api/v1/runs/").status_code == 401
    assert authenticate_scope(scope(cookie=f"sessionid={NUL}", **OURS)) is None
