"""In the admin holds are a record to look at, and no deletion there leads round one."""

import pytest
from django.test import Client

from accounts.models import User
from analysis.models import Camera, LegalHold, Run
from analysis.retention import holds
from tests.factories import make_run, make_user

pytestmark = pytest.mark.django_db
HOLDS = "/admin/analysis/legalhold/"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def browser(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


@pytest.fixture
def hold(camera: Camera) -> LegalHold:
    return holds.place(camera, by=camera.owner, reason=f"case 7 {HOSTILE}")


def test_it_is_listed_and_its_reason_is_text(browser: Client, hold: LegalHold) -> None:
    for path in (HOLDS, f"{HOLDS}{hold.pk}/change/", f"{HOLDS}?q=case"):
        page = browser.get(path).content.decode()
        assert "case 7" in page
        assert HOSTILE not in page


def test_it_is_neither_made_nor_changed_nor_deleted_there(browser: Client, hold: LegalHold) -> None:
    refused = [
        browser.post(f"{HOLDS}add/", {"reason": "mine"}).status_code,
        browser.post(f"{HOLDS}{hold.pk}/change/", {"reason": "mine"}).status_code,
        browser.post(f"{HOLDS}{hold.pk}/delete/", {"post": "yes"}).status_code,
        browser.post(f"/admin/analysis/camera/{hold.about}/delete/", {"post": "yes"}).status_code,
    ]
    selected = {"action": "delete_selected", "_selected_action": str(hold.pk), "post": "yes"}
    browser.post(HOLDS, selected)

    assert refused == [403, 403, 403, 403]
    assert LegalHold.objects.get().reason == hold.reason


def test_the_owner_of_what_is_held_is_not_deleted(browser: Client, hold: LegalHold, camera: Camera) -> None:
    browser.post(f"/admin/accounts/user/{camera.owner_id}/delete/", {"post": "yes"})

    assert User.objects.filter(pk=camera.owner_id).exists()
    assert Camera.objects.filter(pk=camera.pk).exists()


def test_who_examined_a_held_file_of_another_is_not_deleted_with_that_run(
    browser: Client, analyst: User
) -> None:
    first = make_run(owner=analyst)
    assert first.media
    guest = make_user()
    run = make_run(media=first.media, owner=guest)
    holds.place(first.media, by=analyst, reason="case 7")

    browser.post(f"/admin/accounts/user/{guest.pk}/delete/", {"post": "yes"})

    assert Run.objects.filter(pk=run.pk).exists()
