"""Sockets of the deployed server: who gets in, and that what ends a sign-in ends them too."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.test import Client
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from accounts import credentials, tokens
from accounts.models import Credential, User
from tests.factories import make_user
from tests.product import Server

pytestmark = pytest.mark.django_db(transaction=True)


Opened = Callable[..., ClientConnection]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """`opened(server, "?ticket=…", Authorization=…)`; every socket is closed after the test."""
    with ExitStack() as sockets:

        def open_socket(server: Server, query: str = "", **headers: str) -> ClientConnection:
            address = f"{server.ws_url}/ws/user/{query}"
            return sockets.enter_context(connect(address, additional_headers=headers))

        yield open_socket


def first_frame(socket: ClientConnection) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(socket.recv(timeout=10))
    return frame


def closing_code(socket: ClientConnection, *, limit: float) -> int | None:
    """The code the server closes with; TimeoutError if it does not within `limit` seconds."""
    until = time.monotonic() + limit
    try:
        while True:
            socket.recv(timeout=max(0.0, until - time.monotonic()))
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


def sign_out(user: User) -> None:
    credentials.revoke(Credential.objects.get(user=user))


def set_password(user: User) -> None:
    user.set_password("battery staple")
    user.save()


def switch_off(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def test_what_ends_a_sign_in_ends_its_sockets_within_five_seconds(
    live_server_process: Server, opened: Opened
) -> None:
    users = {end: make_user() for end in (sign_out, set_password, switch_off)}
    headers = {end: f"Bearer {tokens.start_family(user).access}" for end, user in users.items()}
    sockets = {end: opened(live_server_process, Authorization=header) for end, header in headers.items()}
    bystander = opened(
        live_server_process, Authorization=f"Bearer {credentials.issue_api_key(make_user())[1]}"
    )
    assert all(first_frame(socket)["type"] == "snapshot" for socket in (*sockets.values(), bystander))

    for end, user in users.items():
        end(user)

    # 5 s are promised; 2 s more for a loaded machine
    assert {closing_code(socket, limit=7) for socket in sockets.values()} == {4001}
    with pytest.raises(TimeoutError):
        closing_code(bystander, limit=0.5)


def test_a_ticket_opens_one_socket_and_no_second(live_server_process: Server, opened: Opened) -> None:
    ticket = credentials.issue_ticket(credentials.issue(make_user(), "jwt"))

    first = opened(live_server_process, f"?ticket={ticket}")
    second = opened(live_server_process, f"?ticket={ticket}")

    assert first_frame(first)["type"] == "snapshot"
    assert closing_code(second, limit=10) == 4001


def test_the_sign_in_cookie_opens_a_socket_for_our_own_pages(
    live_server_process: Server, opened: Opened
) -> None:
    browser = Client()
    browser.force_login(make_user())
    cookie = f"sessionid_{live_server_process.port}={browser.cookies['sessionid'].value}"

    ours = opened(live_server_process, Cookie=cookie, Origin=live_server_process.url)
    a_program = opened(live_server_process, Cookie=cookie)

    assert first_frame(ours)["type"] == "snapshot"
    assert closing_code(a_program, limit=10) == 4001


def test_no_token_reaches_the_log_of_the_server(live_server_process: Server, opened: Opened) -> None:
    access = tokens.start_family(make_user()).access
    ticket = credentials.issue_ticket(credentials.issue(make_user(), "jwt"))

    for query in (f"?token={access}", f"?ticket={ticket}&after=0"):
        assert first_frame(opened(live_server_process, query))["type"] == "snapshot"
    live_server_process.stop()

    log = live_server_process.log()
    assert "/ws/user/" in log
    assert access not in log
    assert ticket not in log
