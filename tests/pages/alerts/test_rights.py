"""Who sees and who changes rules and watched plates."""

import pytest
from django.test import Client

from accounts.models import User
from analysis.alerts import keeping
from analysis.models import AlertRule, WatchedPlate
from tests.factories import make_user
from tests.pages.alerts.conftest import browser_of, shown, wanted

pytestmark = pytest.mark.django_db


def test_somebody_elses_rules_and_plates_are_missing(ana: User, rule: AlertRule) -> None:
    watched = keeping.watch_for(ana, name="Van", plate="AB12", note="")
    stranger = browser_of(make_user())

    assert "Night" not in shown(stranger, "/alerts/rules/")
    assert "AB12" not in shown(stranger, "/alerts/watchlist/")
    for path in ("", "delete/"):
        shown(stranger, f"/alerts/rules/{rule.pk}/{path}", 404)
        assert stranger.post(f"/alerts/rules/{rule.pk}/{path}", wanted()).status_code == 404
    assert stranger.post(f"/alerts/rules/{rule.pk}/disable/").status_code == 404
    assert stranger.post(f"/alerts/watchlist/{watched.pk}/delete/").status_code == 404
    assert AlertRule.objects.get().enabled
    assert WatchedPlate.objects.exists()


def test_a_viewer_looks_and_changes_nothing(ana: User, rule: AlertRule) -> None:
    watched = keeping.watch_for(ana, name="Van", plate="AB12", note="")
    User.objects.filter(pk=ana.pk).update(role="viewer")
    viewer = browser_of(User.objects.get(pk=ana.pk))
    new, rules, plates = "/alerts/rules/new/", f"/alerts/rules/{rule.pk}/", "/alerts/watchlist/"

    assert "Night" in shown(viewer, "/alerts/rules/")
    assert "AB12" in shown(viewer, plates)
    for path in (new, rules, f"{rules}delete/", f"{plates}{watched.pk}/delete/"):
        shown(viewer, path, 403)
    for path in (new, rules, f"{rules}delete/", f"{rules}disable/", plates, f"{plates}{watched.pk}/delete/"):
        assert viewer.post(path, wanted(plate="X")).status_code == 403
    assert AlertRule.objects.get().enabled
    assert WatchedPlate.objects.get() == watched


@pytest.mark.parametrize("path", ["", "rules/", "rules/new/", "watchlist/"])
def test_a_stranger_is_led_to_the_sign_in(db: None, path: str) -> None:
    answer = Client().get(f"/alerts/{path}")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/")
