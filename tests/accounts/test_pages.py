"""Signing in and out in a browser, and the account page."""

import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import credentials, tokens
from accounts.models import Credential, Team, User
from tests.accounts.conftest import with_token
from tests.factories import make_user

pytestmark = pytest.mark.django_db
CLOSED = "/api/v1/auth/api-keys/"
GOOD = {"email": "ana@example.org", "password": "correct horse"}


@pytest.fixture
def ana() -> User:
    return make_user(name="Ana", **GOOD)


@pytest.fixture
def browser(ana: User) -> Client:
    client = Client()
    client.post("/sign-in/", GOOD)
    return client


def test_signing_in_goes_where_one_wanted_to_go(ana: User, client: Client) -> None:
    answer = client.post("/sign-in/", {**GOOD, "next": "/account/"})

    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    assert client.get("/account/").status_code == 200


@pytest.mark.parametrize(
    "onward", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_but_never_to_another_site(ana: User, client: Client, onward: str) -> None:
    assert client.post("/sign-in/", {**GOOD, "next": onward})["Location"] == "/"


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_says_so_and_signs_nobody_in(ana: User, client: Client, password: str) -> None:
    answer = client.post("/sign-in/", {**GOOD, "password": password, "next": "/account/"})

    assert answer.status_code in {400, 401}
    assert 'value="/account/"' in answer.content.decode()
    assert client.get(CLOSED).status_code == 401


def test_guessing_is_limited_here_too(ana: User, client: Client, settings: Any) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "guesses_pair": (1, 300)}
    client.post("/sign-in/", {**GOOD, "password": "wrong"})

    assert client.post("/sign-in/", GOOD).status_code == 429


def test_the_form_needs_the_csrf_token(ana: User) -> None:
    assert Client(enforce_csrf_checks=True).post("/sign-in/", GOOD).status_code == 403


def test_a_page_that_needs_a_sign_in_asks_for_one(client: Client) -> None:
    answer = client.get("/account/")

    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=/account/")


def test_signing_out_needs_a_post(browser: Client) -> None:
    assert browser.get("/sign-out/").status_code == 405
    assert browser.get(CLOSED).status_code == 200
    assert browser.post("/sign-out/")["Location"] == "/sign-in/"
    assert browser.get(CLOSED).status_code == 401


def test_the_sign_in_cookie_is_not_for_scripts_or_other_sites(browser: Client) -> None:
    cookie = browser.cookies["sessionid"]

    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_sessions_that_ran_out_do_not_pile_up(ana: User, browser: Client) -> None:
    Session.objects.update(expire_date=timezone.now())

    Client().post("/sign-in/", GOOD)

    assert Session.objects.count() == 1


def test_the_account_page_shows_who_you_are(browser: Client, ana: User) -> None:
    Team.objects.create(name="Verification desk").members.add(ana)
    credentials.issue_api_key(ana, name="nightly")

    text = browser.get("/account/").content.decode()

    assert all(word in text for word in ("ana@example.org", "Verification desk", "nightly", "this one"))


def test_changing_the_name(browser: Client, ana: User) -> None:
    answer = browser.post("/account/name/", {"name": "Ana B."}, follow=True)

    ana.refresh_from_db()
    assert ana.name == "Ana B."
    assert "Ana B." in answer.content.decode()


def test_changing_the_password_ends_everything_else(browser: Client, ana: User) -> None:
    program = with_token(tokens.start_family(ana).access)
    elsewhere = Client()
    elsewhere.post("/sign-in/", GOOD)
    before = [program.get(CLOSED).status_code, elsewhere.get(CLOSED).status_code]

    new = "battery staple"
    browser.post(
        "/account/password/", {"old_password": "correct horse", "new_password1": new, "new_password2": new}
    )

    assert before == [200, 200]
    assert [program.get(CLOSED).status_code, elsewhere.get(CLOSED).status_code] == [401, 401]
    assert browser.get(CLOSED).status_code == 200
    assert Client().post("/sign-in/", {**GOOD, "password": new}).status_code == 302


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("wrong", "battery staple", "battery staple"),
        ("correct horse", "battery staple", "battery stable"),
        ("correct horse", "short", "short"),
        ("correct horse", "password123", "password123"),
    ],
)
def test_a_bad_change_of_password_changes_nothing(browser: Client, old: str, new: str, again: str) -> None:
    given = {"old_password": old, "new_password1": new, "new_password2": again}

    assert browser.post("/account/password/", given).status_code == 400
    assert Client().post("/sign-in/", GOOD).status_code == 302


def test_a_key_made_here_is_shown_once(browser: Client) -> None:
    made = browser.post("/account/keys/", {"name": "nightly"}).content.decode()

    key = re.search(r"assay_[\w-]{43}", made)
    assert key is not None
    assert with_token(key[0]).post("/api/v1/auth/ws-ticket/").status_code == 201
    assert key[0] not in browser.get("/account/").content.decode()


def test_ending_a_line_of_the_list(browser: Client, ana: User) -> None:
    program = with_token(tokens.start_family(ana).access)
    line = Credential.objects.get(user=ana, kind="jwt")

    answer = browser.post(f"/account/credentials/{line.pk}/revoke/")

    assert answer.status_code == 302
    assert program.get(CLOSED).status_code == 401


def test_ending_other_peoples_lines_is_404(browser: Client) -> None:
    theirs = credentials.issue(make_user(), "jwt")

    assert browser.post(f"/account/credentials/{theirs.pk}/revoke/").status_code == 404
    assert credentials.live([theirs.pk]) == {theirs.pk}


def test_every_field_of_the_account_page_has_an_id_of_its_own(browser: Client) -> None:
    ids = re.findall(r'\sid="([^"]+)"', browser.get("/account/").content.decode())

    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("address", ["/sign-in/", "/account/", "/api/v1/docs/"])
def test_pages_need_no_inline_script(browser: Client, address: str) -> None:
    answer = browser.get(address)

    scripts = re.findall(r"<script\b([^>]*)>", answer.content.decode())
    policy = answer["Content-Security-Policy"]
    assert answer.status_code == 200
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy
    assert all("src=" in script or "application/json" in script for script in scripts)
    assert not re.search(r"\son\w+=|javascript:", answer.content.decode())
