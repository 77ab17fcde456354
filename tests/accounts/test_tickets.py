"""Tickets let one socket in, once, within 30 seconds."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from accounts import credentials
from accounts.models import Credential, SocketTicket
from tests.accounts.conftest import signed_in
from tests.factories import make_user

pytestmark = pytest.mark.django_db
TICKET = "/api/v1/auth/ws-ticket/"


def test_a_ticket_says_who_it_was_issued_to() -> None:
    user = make_user()

    answer = signed_in(user).post(TICKET)

    identity = credentials.redeem_ticket(answer.json()["ticket"])
    assert (answer.status_code, answer.json()["expires_in"]) == (201, 30)
    assert identity is not None
    assert identity.user_id == user.pk
    assert identity.credential_id == Credential.objects.get(user=user).pk


def test_a_ticket_works_once() -> None:
    ticket = credentials.issue_ticket(credentials.issue(make_user(), "jwt"))

    assert credentials.redeem_ticket(ticket) is not None
    assert credentials.redeem_ticket(ticket) is None


def test_a_ticket_is_too_old_after_thirty_seconds() -> None:
    ticket = credentials.issue_ticket(credentials.issue(make_user(), "jwt"))
    row = SocketTicket.objects.get()
    assert timedelta(seconds=25) < row.expires - timezone.now() <= timedelta(seconds=30)

    SocketTicket.objects.update(expires=timezone.now())

    assert credentials.redeem_ticket(ticket) is None


def test_a_ticket_dies_with_its_credential() -> None:
    credential = credentials.issue(make_user(), "jwt")
    ticket = credentials.issue_ticket(credential)
    credentials.revoke(credential)

    assert credentials.redeem_ticket(ticket) is None


@pytest.mark.parametrize("ticket", ["", "x", "\x00", "\ud800", "a" * 100_000])
def test_what_is_no_ticket_lets_nobody_in(ticket: str) -> None:
    assert credentials.redeem_ticket(ticket) is None


@pytest.mark.django_db(transaction=True)
def test_of_two_sockets_with_one_ticket_one_gets_in() -> None:
    ticket = credentials.issue_ticket(credentials.issue(make_user(), "jwt"))

    def redeem(_: int) -> bool:
        try:
            return credentials.redeem_ticket(ticket) is not None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(redeem, range(4))) == [False, False, False, True]


def test_old_tickets_do_not_pile_up() -> None:
    credential = credentials.issue(make_user(), "jwt")
    credentials.issue_ticket(credential)
    SocketTicket.objects.update(expires=timezone.now() - timedelta(seconds=1))

    credentials.issue_ticket(credential)

    assert SocketTicket.objects.count() == 1


def test_neither_tickets_nor_keys_lie_readable_in_the_database() -> None:
    credential, key = credentials.issue_api_key(make_user())
    ticket = credentials.issue_ticket(credential)

    stored: list[Any] = [*Credential.objects.values_list(), *SocketTicket.objects.values_list()]
    assert key not in str(stored)
    assert ticket not in str(stored)
