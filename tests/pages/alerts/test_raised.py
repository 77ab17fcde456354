"""What was raised, as a page: where it leads, its order, its filters, who sees it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Team, User
from analysis import alert_sheet
from analysis.alerts import keeping
from analysis.models import Alert, AlertRule, Camera, PlateSearch, Sighting, WatchedPlate
from analysis.plates import closed
from realtime.log import Draft
from tests.analysis.footage import motion, plate, track
from tests.factories import make_user
from tests.pages.alerts.conftest import KEY, NASTY, a_camera, a_rule, browser_of, shown, tell

pytestmark = pytest.mark.django_db


def test_an_alert_leads_to_its_camera_its_event_and_its_snapshot(
    browser: Client, gate: Camera, rule: AlertRule
) -> None:
    tell(gate, track())
    Sighting.objects.update(snapshot_path="a/1/00/picture.jpg")
    seen = Sighting.objects.get()

    page = shown(browser, "/alerts/")

    assert "Night" in page
    assert "Object: Person 15 came" in page
    assert 'href="/cameras/gate/"' in page
    assert f'src="/api/v1/events/{seen.pk}/snapshot/"' in page
    [there] = re.findall(r'href="(/cameras/gate/\?[^"]+)#events-title"', page)
    assert "Person 15 came" in shown(browser, there)


def test_the_newest_alert_is_the_first_and_pages_stay_as_they_are_while_more_is_raised(
    browser: Client, gate: Camera, rule: AlertRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_sheet, "ALERTS_PER_PAGE", 2)
    start = datetime(2026, 5, 3, 12, tzinfo=UTC)
    tell(gate, *[track(track=number) for number in range(5)])
    for number, one in enumerate(Alert.objects.order_by("seq")):
        Alert.objects.filter(pk=one.pk).update(time=start + timedelta(minutes=number))

    first = browser.get("/alerts/")
    tell(gate, track())
    second = browser.get(f"/alerts/?{first.context['page'].older}")
    last = browser.get(f"/alerts/?{second.context['page'].older}")
    back = browser.get(f"/alerts/?{last.context['page'].newer}")

    assert [one.time.minute for one in first.context["page"].alerts] == [4, 3]
    assert [one.time.minute for one in second.context["page"].alerts] == [2, 1]
    assert [one.time.minute for one in last.context["page"].alerts] == [0]
    assert last.context["page"].older == ""
    assert [one.time.minute for one in back.context["page"].alerts] == [2, 1]


@pytest.mark.parametrize("place", ["x", "2026-05-03T12:00:00.000000_x", "9999999_1", "%00"])
def test_a_place_that_no_page_asks_for_is_the_first_page(
    browser: Client, gate: Camera, rule: AlertRule, place: str
) -> None:
    tell(gate, track())

    assert "Person 15 came" in shown(browser, f"/alerts/?before={place}&after={place}")


def test_a_page_of_alerts_takes_as_many_queries_as_one_alert(
    browser: Client, gate: Camera, rule: AlertRule, django_assert_max_num_queries: Any
) -> None:
    tell(gate, *[track(track=number) for number in range(12)])

    with django_assert_max_num_queries(9):
        shown(browser, "/alerts/")


def test_alerts_are_narrowed_by_camera_and_by_rule(browser: Client, ana: User, gate: Camera) -> None:
    yard = a_camera(ana, "yard")
    people, moves = (
        a_rule(ana, "People", types=["track.entered"]),
        a_rule(ana, "Moves", types=["motion.started"]),
    )
    tell(gate, track(), motion())
    tell(yard, track())

    of_gate = browser.get(f"/alerts/?camera={gate.pk}").context["rows"]
    of_people = browser.get(f"/alerts/?rule={people.pk}").context["rows"]
    of_both = browser.get(f"/alerts/?camera={yard.pk}&rule={moves.pk}").context["rows"]

    assert [row.rule for row in of_gate] == ["Moves", "People"]
    assert {row.alert.camera.key for row in of_people} == {"gate", "yard"}
    assert of_both == []
    assert "No alert matches" in shown(browser, f"/alerts/?camera={yard.pk}&rule={moves.pk}")


def test_a_filter_that_is_none_is_said(browser: Client, gate: Camera, rule: AlertRule) -> None:
    tell(gate, track())

    page = shown(browser, "/alerts/?camera=gate&start_time=never")

    assert "The list below is not filtered." in page
    assert "Person 15 came" in page


def test_the_navigation_and_the_page_of_a_camera_lead_to_alerts(browser: Client, gate: Camera) -> None:
    assert 'href="/alerts/"' in shown(browser, "/cameras/")
    assert f'href="/alerts/?camera={gate.pk}"' in shown(browser, "/cameras/gate/")


def test_alerts_of_cameras_one_may_not_see_are_not_there(gate: Camera, ana: User, rule: AlertRule) -> None:
    tell(gate, track())
    team = Team.objects.create(name="Gate keepers")
    friend = make_user(role="viewer")
    team.members.add(friend)
    friends, strangers = browser_of(friend), browser_of(make_user())

    assert "Person 15" not in shown(friends, "/alerts/")
    assert "Person 15" not in shown(strangers, f"/alerts/?camera={gate.pk}")
    assert "Gate" not in shown(strangers, "/alerts/")
    Camera.objects.update(team=team)
    assert "Person 15" in shown(friends, "/alerts/")


def test_an_alert_stays_with_its_name_when_its_rule_is_deleted(
    browser: Client, gate: Camera, rule: AlertRule
) -> None:
    tell(gate, track())
    question = shown(browser, f"/alerts/rules/{rule.pk}/delete/")

    browser.post(f"/alerts/rules/{rule.pk}/delete/")

    assert "The 1 alert it raised stays" in question
    assert not AlertRule.objects.exists()
    assert "Night (deleted since)" in re.sub("<[^>]+>", "", shown(browser, "/alerts/"))


def test_a_watched_plate_is_named_with_its_distance(browser: Client, ana: User, gate: Camera) -> None:
    keeping.watch_for(ana, name="The white van", plate="A812CDE", note="")
    a_rule(ana, watchlist=True)

    tell(gate, plate("AB12 CDE"))

    page = shown(browser, "/alerts/")
    assert "Plate: AB12 CDE (gb)" in page
    assert "watched: The white van, distance 0.2: B read for 8" in page
    assert not PlateSearch.objects.exists()


def test_under_a_key_a_plate_is_shown_only_where_the_key_is(
    browser: Client, ana: User, gate: Camera, settings: Any
) -> None:
    settings.PLATE_KEY = KEY
    keeping.watch_for(ana, name="The white van", plate="A812*", note="")
    keeping.watch_for(ana, name="Another van", plate="AB12CDE", note="")
    a_rule(ana, watchlist=True)
    sealed = closed(plate("AB12 CDE").data)
    tell(gate, Draft("plate.read", "A plate was read.", sealed))

    with_key = shown(browser, "/alerts/")
    settings.PLATE_KEY = ""
    without = shown(browser, "/alerts/")

    assert "Plate: AB12 CDE (gb)" in with_key
    assert "watched: Another van" in without
    assert "AB12" not in without


def test_names_are_shown_as_text(browser: Client, ana: User, gate: Camera) -> None:
    Camera.objects.update(name=NASTY)
    a_rule(ana, NASTY, zones=[NASTY])
    a_rule(ana, NASTY)
    keeping.watch_for(ana, name=NASTY, plate="AB12", note=NASTY)
    tell(gate, track())
    rule, watched = AlertRule.objects.latest("created"), WatchedPlate.objects.get()
    rules, plates = f"/alerts/rules/{rule.pk}/", f"/alerts/watchlist/{watched.pk}/delete/"

    for path in ("/alerts/", "/alerts/rules/", rules, f"{rules}delete/", "/alerts/watchlist/", plates):
        raw = browser.get(path).content.decode()
        assert "<script>alert" not in raw
        assert "&lt;script&gt;alert" in raw
