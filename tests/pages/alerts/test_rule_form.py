"""The form of a rule: what it makes, what it refuses and where that is said."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Team, User
from analysis.alerts.conditions import Conditions
from analysis.cameras import keeping as cameras
from analysis.models import AlertRule, Camera
from tests.factories import make_user
from tests.pages.alerts.conftest import a_camera, a_rule, errors, shown, wanted

pytestmark = pytest.mark.django_db


def test_a_rule_is_made_from_the_form(browser: Client, ana: User, gate: Camera) -> None:
    outline = {"name": "Door, back", "polygon": [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]}
    cameras.change(gate, {"settings": {"zones": [outline]}}, by=ana)
    shown(browser, "/alerts/rules/new/")

    answer = browser.post(
        "/alerts/rules/new/",
        wanted(
            cameras=[gate.pk],
            zones=["Door, back"],
            classes="person, car",
            types=["track.updated"],
            weekdays=["6", "7"],
            from_time="22:00",
            until_time="06:00",
            time_zone="Europe/Berlin",
            least_confidence="0.5",
            cooldown_seconds="1.5",
        ),
    )

    assert answer.status_code == 302
    rule = AlertRule.objects.get()
    assert (rule.owner, rule.name, rule.enabled, list(rule.cameras.all())) == (ana, "Night", True, [gate])
    assert rule.conditions == {
        "types": ["track.updated"],
        "classes": ["person", "car"],
        "zones": ["Door, back"],
        "lines": [],
        "weekdays": [6, 7],
        "from_time": "22:00",
        "until_time": "06:00",
        "time_zone": "Europe/Berlin",
        "watchlist": False,
        "most_distance": 0.6,
        "least_confidence": 0.5,
        "cooldown_seconds": 1.5,
    }


def test_a_form_that_is_left_as_it_comes_makes_the_rule_that_rest_makes(browser: Client, ana: User) -> None:
    browser.post("/alerts/rules/new/", wanted())

    assert AlertRule.objects.get().conditions == Conditions().model_dump(mode="json")


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"name": ""}, "name", "This field is required."),
        ({"name": "x" * 201}, "name", "Ensure this value has at most 200 characters (it has 201)."),
        ({"from_time": "22:00"}, "until_time", "Give both times, or none."),
        ({"from_time": "25:00", "until_time": "06:00"}, "from_time", "A time of day is written like 22:00."),
        ({"most_distance": "3.5"}, "most_distance", "Ensure this value is less than or equal to 3.0."),
        ({"most_distance": "near"}, "most_distance", "Enter a number."),
        ({"least_confidence": "nan"}, "least_confidence", "Enter a number."),
        ({"cooldown_seconds": "-1"}, "cooldown_seconds", "Ensure this value is greater than or equal to 0."),
        ({"classes": "x" * 65}, "classes", "String should have at most 64 characters"),
        ({"time_zone": "Mars/North"}, "time_zone", None),
        ({"types": ["plate.eaten"]}, "types", None),
        ({"weekdays": ["8"]}, "weekdays", None),
        ({"cameras": [str(uuid4())]}, "cameras", None),
        ({"cameras": ["gate"]}, "cameras", None),
        (
            {"watchlist": "on", "types": ["motion.started"]},
            "watchlist",
            "Then “A plate is read” must be among the events, or none chosen.",
        ),
    ],
)
def test_what_is_refused_stands_beside_its_field_and_what_was_typed_stays(
    browser: Client, given: dict[str, Any], field: str, said: str | None
) -> None:
    answer = browser.post("/alerts/rules/new/", wanted(classes="person") | given)

    assert answer.status_code == 400
    assert list(errors(answer)) == [field]
    assert said in (None, errors(answer)[field][0])
    assert f'value="{given.get("classes", "person")}"' in answer.content.decode()
    assert not AlertRule.objects.exists()


def test_a_zone_without_the_events_that_tell_of_zones_is_refused(
    browser: Client, gate: Camera, ana: User
) -> None:
    outline = {"name": "Door", "polygon": [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]}
    cameras.change(gate, {"settings": {"zones": [outline]}}, by=ana)

    answer = browser.post("/alerts/rules/new/", wanted(zones=["Door"], types=["track.entered"]))

    assert list(errors(answer)) == ["zones"]


def test_a_rule_holds_for_no_camera_of_somebody_else(browser: Client, gate: Camera, ana: User) -> None:
    theirs = a_camera(make_user(), "theirs")
    team = Team.objects.create(name="Gate keepers")
    team.members.add(ana)
    Camera.objects.filter(pk=theirs.pk).update(team=team)

    answer = browser.post("/alerts/rules/new/", wanted(cameras=[gate.pk, theirs.pk]))

    assert list(errors(answer)) == ["cameras"]
    assert "Theirs" not in shown(browser, "/alerts/rules/new/?camera=theirs")


def test_the_page_of_a_new_rule_begins_with_the_camera_that_led_there(browser: Client, gate: Camera) -> None:
    page = shown(browser, "/alerts/rules/new/?camera=gate")

    assert re.search(rf'value="{gate.pk}"[^>]* checked', page)


def test_a_rule_is_changed_from_the_form_and_counts_from_then_on(
    browser: Client, rule: AlertRule, gate: Camera
) -> None:
    before = AlertRule.objects.get().since

    browser.post(f"/alerts/rules/{rule.pk}/", wanted(name="Day", cooldown_seconds="5"))

    changed = AlertRule.objects.get()
    assert (changed.name, changed.conditions["cooldown_seconds"], changed.enabled) == ("Day", 5, True)
    assert changed.since > before


def test_another_name_alone_lets_a_rule_go_on(browser: Client, gate: Camera) -> None:
    browser.post("/alerts/rules/new/", wanted(cameras=[gate.pk]))
    before = AlertRule.objects.get()

    browser.post(f"/alerts/rules/{before.pk}/", wanted(name="Day", cameras=[gate.pk]))

    after = AlertRule.objects.get()
    assert (after.name, after.since) == ("Day", before.since)


def test_the_form_shows_a_rule_as_it_is(browser: Client, ana: User) -> None:
    rule = a_rule(
        ana, zones=["Gone"], weekdays=[1], from_time="08:00", until_time="09:00", time_zone="Asia/Tokyo"
    )

    form = browser.get(f"/alerts/rules/{rule.pk}/").context["form"]
    browser.post(f"/alerts/rules/{rule.pk}/", {n: v for n, v in form.initial.items() if v})

    assert AlertRule.objects.get().conditions == rule.conditions


def test_a_rule_that_is_not_understood_any_more_is_shown_and_can_be_mended(
    browser: Client, rule: AlertRule
) -> None:
    AlertRule.objects.update(conditions=rule.conditions | {"time_zone": "Mars/North"})

    assert "They are not understood any more" in shown(browser, "/alerts/rules/")
    shown(browser, f"/alerts/rules/{rule.pk}/")
    browser.post(f"/alerts/rules/{rule.pk}/", wanted())

    assert "They are not understood any more" not in shown(browser, "/alerts/rules/")
