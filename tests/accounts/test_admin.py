"""Users, teams and credentials in the admin."""

import pytest
from django.test import Client

from accounts import tokens
from accounts.models import Credential, User
from tests.accounts.conftest import with_token
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(make_user(role="admin"))
    return client


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_the_admin_is_for_admins(role: str) -> None:
    client = Client()
    client.force_login(make_user(role=role))

    answer = client.get("/admin/", follow=True)

    assert answer.redirect_chain[-1][0].startswith("/sign-in/?next=%2Fadmin%2F")


@pytest.mark.parametrize("model", ["user", "team", "credential"])
def test_lists_open(admin: Client, model: str) -> None:
    assert admin.get(f"/admin/accounts/{model}/").status_code == 200


def test_the_admin_is_under_our_name(admin: Client) -> None:
    page = admin.get("/admin/").content.decode()

    assert "Assay administration" in page
    assert "Django administration" not in page


@pytest.mark.parametrize("page", ["outstandingtoken", "blacklistedtoken"])
def test_tokens_cannot_be_read_in_the_admin(admin: Client, page: str) -> None:
    tokens.start_family(make_user())

    answer = admin.get(f"/admin/token_blacklist/{page}/")

    assert answer.status_code == 404


def test_an_admin_makes_a_user_who_can_sign_in(admin: Client) -> None:
    given = {
        "email": "Ben@Example.org",
        "role": "admin",
        "usable_password": "true",
        "password1": "correct horse",
        "password2": "correct horse",
    }

    answer = admin.post("/admin/accounts/user/add/", given)

    ben = User.objects.get(email="ben@example.org")
    assert answer.status_code == 302
    assert (ben.is_staff, ben.is_superuser) == (True, True)
    assert Client().post("/sign-in/", {"email": ben.email, "password": "correct horse"}).status_code == 302


def test_taking_the_role_takes_the_admin(admin: Client) -> None:
    ben = make_user(role="admin")

    admin.post(
        f"/admin/accounts/user/{ben.pk}/change/", {"email": ben.email, "role": "viewer", "is_active": "on"}
    )

    ben.refresh_from_db()
    assert (ben.role, ben.is_staff, ben.is_superuser) == ("viewer", False, False)


@pytest.mark.parametrize("given", [{"role": "viewer", "is_active": "on"}, {"role": "admin"}])
def test_the_last_admin_can_neither_be_demoted_nor_switched_off(given: dict[str, str]) -> None:
    last = make_user(role="admin")
    client = Client()
    client.force_login(last)
    address = f"/admin/accounts/user/{last.pk}/change/"

    refused = client.post(address, {"email": last.email, **given})

    last.refresh_from_db()
    assert "is the last active admin" in refused.content.decode()
    assert (last.role, last.is_superuser, last.is_active) == ("admin", True, True)
    make_user(role="admin")
    assert client.post(address, {"email": last.email, **given}).status_code == 302


def test_an_admin_cannot_delete_the_account_they_are_signed_in_with(admin: Client) -> None:
    own, other = User.objects.get(), make_user(role="admin")

    for user in (own, other):
        admin.post(f"/admin/accounts/user/{user.pk}/delete/", {"post": "yes"})

    assert list(User.objects.all()) == [own]


def test_a_password_set_here_ends_the_users_sign_ins(admin: Client) -> None:
    ben = make_user()
    program = with_token(tokens.start_family(ben).access)
    given = {"usable_password": "true", "password1": "correct horse", "password2": "correct horse"}

    admin.post(f"/admin/accounts/user/{ben.pk}/password/", given)

    assert program.get("/api/v1/auth/api-keys/").status_code == 401


def test_credentials_are_ended_but_never_edited(admin: Client) -> None:
    ben = make_user()
    program = with_token(tokens.start_family(ben).access)
    credential = Credential.objects.get(user=ben)
    address = "/admin/accounts/credential/"

    assert admin.post(f"{address}{credential.pk}/change/", {"name": "x"}).status_code == 403
    assert admin.post(f"{address}{credential.pk}/delete/", {"post": "yes"}).status_code == 403
    admin.post(address, {"action": "revoke", "_selected_action": [str(credential.pk)]})
    assert program.get("/api/v1/auth/api-keys/").status_code == 401
