"""The list of rules: what each asks for, switching, and who sends on what they raise."""

import re

import pytest
from django.test import Client

from accounts.models import Team, User
from analysis.models import AlertRule, Camera
from realtime.webhooks import keeping as webhooks
from tests.analysis.footage import track
from tests.factories import make_user
from tests.pages.alerts.conftest import a_camera, a_rule, browser_of, shown, tell

pytestmark = pytest.mark.django_db


def test_the_list_of_rules_says_what_each_asks_for(browser: Client, ana: User, gate: Camera) -> None:
    a_rule(
        ana,
        types=["plate.read"],
        watchlist=True,
        most_distance=0.2,
        weekdays=[5, 1],
        time_zone="Europe/Berlin",
    )
    tell(gate, track())

    page = re.sub("<[^>]+>", " ", shown(browser, "/alerts/rules/"))

    for said in (
        "A plate is read",
        "within a distance of 0.2",
        "Monday, Friday (Europe/Berlin)",
        "all of its owner's",
    ):
        assert said in page
    assert "never raised yet" in page


def test_a_rule_is_switched_off_and_on_and_asking_twice_is_asking_once(
    browser: Client, rule: AlertRule
) -> None:
    browser.post(f"/alerts/rules/{rule.pk}/disable/")
    off = AlertRule.objects.get()
    browser.post(f"/alerts/rules/{rule.pk}/disable/")
    again = AlertRule.objects.get()
    browser.post(f"/alerts/rules/{rule.pk}/enable/")

    assert not off.enabled
    assert again.since == off.since
    assert AlertRule.objects.get().enabled


def test_where_no_webhook_listens_it_is_said(browser: Client, ana: User, rule: AlertRule) -> None:
    webhooks.create(ana, "https://93.184.216.34/runs", kinds=["run.*"])
    webhooks.create(ana, "https://93.184.216.34/off", kinds=["alert.raised"], enabled=False)
    webhooks.create(make_user(), "https://93.184.216.34/theirs")
    paths = ("/alerts/rules/", "/alerts/rules/new/", f"/alerts/rules/{rule.pk}/")

    before = [shown(browser, path) for path in paths]
    webhooks.create(ana, "https://93.184.216.34/alerts", kinds=["alert.*"])
    after = [shown(browser, path) for path in paths]

    assert all("No webhook listens" in page and 'href="/account/webhooks/"' in page for page in before)
    assert all("https://93.184.216.34/alerts" in page for page in after)
    assert not any("No webhook listens" in page or "/runs" in page.split("main")[-1] for page in after)


def test_a_shared_rule_names_no_camera_that_is_not_shared_and_no_time_of_it(ana: User) -> None:
    team, colleague = Team.objects.create(name="Desk"), make_user()
    team.members.add(ana, colleague)
    seen, hidden = a_camera(ana, "gate", team=team), a_camera(ana, "entrance")
    rule = a_rule(ana)
    rule.cameras.set([seen, hidden])
    AlertRule.objects.update(team=team)
    tell(hidden, track())

    theirs, own = (shown(browser_of(user), "/alerts/rules/") for user in (colleague, ana))

    assert "Gate, 1 that is not shared with you" in theirs
    assert "Entrance" not in theirs
    assert "never raised yet" in theirs
    assert re.search("Gate, Entrance|Entrance, Gate", own)
    assert "last raised" in own
