"""Sign-out, a new password and being switched off end REST and sockets alike."""

from uuid import UUID

import pytest
from django.test import Client

from accounts import credentials, tokens
from accounts.models import Credential, User
from tests.accounts.conftest import with_token
from tests.factories import make_user

pytestmark = pytest.mark.django_db
CLOSED = "/api/v1/auth/api-keys/"
TICKET = "/api/v1/auth/ws-ticket/"


class Everything:
    """One user, signed in in every way."""

    def __init__(self) -> None:
        self.user = make_user(password="correct horse")
        self.browser = Client()
        self.browser.force_login(self.user)
        self.jwt = with_token(tokens.start_family(self.user).access)
        self.key = with_token(credentials.issue_api_key(self.user)[1])
        self.ids = set(Credential.objects.filter(user=self.user).values_list("pk", flat=True))

    def statuses(self) -> list[int]:
        return [
            self.browser.get(CLOSED).status_code,
            self.jwt.get(CLOSED).status_code,
            self.key.post(TICKET).status_code,
        ]

    def live(self) -> set[UUID]:
        return credentials.live(self.ids)


@pytest.fixture
def everything() -> Everything:
    return Everything()


def test_all_of_it_lets_in_at_first(everything: Everything) -> None:
    assert everything.statuses() == [200, 200, 201]
    assert everything.live() == everything.ids
    assert len(everything.ids) == 3


def test_a_new_password_ends_everything(everything: Everything) -> None:
    user = User.objects.get(pk=everything.user.pk)
    user.set_password("another horse")
    user.save()

    assert everything.statuses() == [401, 401, 401]
    assert everything.live() == set()


def test_saving_a_user_without_a_new_password_ends_nothing(everything: Everything) -> None:
    user = User.objects.get(pk=everything.user.pk)
    user.name = "Ana"
    user.save()

    assert everything.statuses() == [200, 200, 201]


def test_being_switched_off_ends_everything_for_good(everything: Everything) -> None:
    user = User.objects.get(pk=everything.user.pk)
    user.is_active = False
    user.save()
    off = everything.statuses()
    user.is_active = True
    user.save()

    assert off == [401, 401, 401]
    assert everything.statuses() == [401, 401, 401]


def test_being_switched_off_in_bulk_ends_everything_too(everything: Everything) -> None:
    User.objects.update(is_active=False)

    assert everything.live() == set()
    assert everything.statuses() == [401, 401, 401]


def test_signing_out_ends_that_browser_alone(everything: Everything) -> None:
    everything.browser.logout()

    assert everything.statuses() == [401, 200, 201]


def test_a_copy_of_the_cookie_dies_with_the_sign_out(everything: Everything) -> None:
    copy = Client()
    copy.cookies.update(everything.browser.cookies)
    before = copy.get(CLOSED).status_code

    credentials.revoke(Credential.objects.get(user=everything.user, kind="session"))

    assert (before, copy.get(CLOSED).status_code) == (200, 401)


def test_a_second_sign_in_in_the_same_browser_ends_the_first(everything: Everything) -> None:
    everything.browser.get(CLOSED)

    everything.browser.post("/sign-in/", {"email": everything.user.email, "password": "correct horse"})

    live = Credential.objects.filter(user=everything.user, kind="session", revoked=None)
    assert len(live) == 1
    assert everything.statuses() == [200, 200, 201]


def test_asking_who_is_live_costs_one_query(
    everything: Everything, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        everything.live()
