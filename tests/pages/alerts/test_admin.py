"""Alerts in the admin: to look at, and no plate beyond what REST shows."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from analysis.alerts import keeping
from analysis.models import Alert, AlertRule, Camera, WatchedPlate
from tests.analysis.footage import track
from tests.factories import make_user
from tests.pages.alerts.conftest import KEY, NASTY, browser_of, shown, tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(db: None) -> Client:
    return browser_of(make_user(is_staff=True, is_superuser=True, role="admin"))


def place(row: AlertRule | WatchedPlate | Alert, page: str = "change") -> str:
    name = row._meta.model_name
    args = [row.pk] if page not in {"changelist", "add"} else []
    return reverse(f"admin:analysis_{name}_{page}", args=args)


def test_rules_plates_and_alerts_are_shown_as_text(
    admin: Client, ana: User, gate: Camera, rule: AlertRule
) -> None:
    AlertRule.objects.update(name=NASTY)
    watched = keeping.watch_for(ana, name=NASTY, plate="AB12", note=NASTY)
    tell(gate, track())

    for row in (AlertRule.objects.get(), watched, Alert.objects.get()):
        for page in ("change", "changelist"):
            answer = admin.get(place(row, page))
            assert answer.status_code == 200
            assert "<script>alert(1)" not in answer.content.decode()
    assert 'href="/alerts/?camera=' in shown(admin, place(Alert.objects.get()))


def test_nothing_is_made_changed_or_deleted_there(
    admin: Client, ana: User, gate: Camera, rule: AlertRule
) -> None:
    watched = keeping.watch_for(ana, name="Van", plate="AB12", note="")
    tell(gate, track())

    for row in (rule, watched, Alert.objects.get()):
        assert admin.post(place(row), {"name": "X"}).status_code == 403
        assert admin.post(place(row, "delete"), {"post": "yes"}).status_code == 403
        assert admin.get(place(row, "add")).status_code == 403
    assert AlertRule.objects.get().name == "Night"


def test_a_plate_is_shown_to_whom_rest_shows_all_of_them(admin: Client, ana: User, settings: Any) -> None:
    settings.PLATE_KEY = KEY
    watched = keeping.watch_for(ana, name="Van", plate="AB12CDE", note="")
    staff = make_user(is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_watchedplate"))

    to_admin, to_staff = shown(admin, place(watched)), shown(browser_of(staff), place(watched))
    settings.PLATE_KEY = ""
    without_key = shown(admin, place(watched))

    assert "AB12CDE" in to_admin
    assert "Van" in to_staff
    assert "AB12CDE" not in to_staff
    assert "AB12CDE" not in without_key
    assert watched.plate_sealed not in without_key
    assert "AB12CDE" not in shown(admin, place(watched, "changelist"))
