"""Rules and watched plates are shared with a team: it sees them, waits for the plates too, and changes nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Team, User
from analysis.alerts import keeping, raising
from analysis.models import Alert, AlertRule, Camera, WatchedPlate
from realtime import log
from tests.analysis.alerts.conftest import MakeCamera
from tests.analysis.conftest import signed_in
from tests.analysis.footage import plate
from tests.analysis.retention.conftest import watched
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)
RULES, PLATES = "/api/v1/alert-rules/", "/api/v1/watched-plates/"


@pytest.fixture
def friend(db: None) -> User:
    return make_user()


@pytest.fixture
def team(camera: Camera, friend: User) -> Team:
    """The owner of the camera, and a friend."""
    team = Team.objects.create(name="Gate keepers")
    team.members.add(camera.owner, friend)
    return team


@pytest.fixture
def owners(camera: Camera) -> APIClient:
    return signed_in(camera.owner)


@pytest.fixture
def friends(friend: User) -> APIClient:
    return signed_in(friend)


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def shared(client: APIClient, team: Team | None) -> tuple[str, str]:
    """The addresses of a rule and a watched plate of this team."""
    pk = team.pk if team else None
    rule = client.post(RULES, {"name": "Night", "team": pk}, format="json").json()
    entry = client.post(PLATES, {"name": "Van", "plate": "AB12CDE", "team": pk}, format="json").json()
    return f"{RULES}{rule['id']}/", f"{PLATES}{entry['id']}/"


def test_a_team_sees_what_is_shared_with_it(
    owners: APIClient, friends: APIClient, camera: Camera, team: Team
) -> None:
    rule, _ = shared(owners, team)
    shared(owners, None)

    [seen] = friends.get(RULES).json()["results"]
    [entry] = friends.get(PLATES).json()["results"]

    assert (seen["name"], seen["owner"], seen["team"]) == ("Night", camera.owner.email, str(team.pk))
    assert (entry["plate"], entry["owner"], entry["team"]) == ("AB12CDE", camera.owner.email, str(team.pk))
    assert friends.get(rule).json() == seen


def test_who_is_in_no_team_of_it_sees_nothing(owners: APIClient, team: Team) -> None:
    rule, entry = shared(owners, team)
    stranger = signed_in(make_user())

    assert stranger.get(RULES).json()["count"] == stranger.get(PLATES).json()["count"] == 0
    assert stranger.get(rule).status_code == 404
    assert stranger.delete(rule).status_code == stranger.delete(entry).status_code == 404


def test_a_team_changes_nothing_that_is_only_shared(
    owners: APIClient, friends: APIClient, team: Team
) -> None:
    rule, entry = shared(owners, team)

    answers = [
        friends.patch(rule, {"enabled": False}, format="json"),
        friends.delete(rule),
        friends.delete(entry),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "not_the_owner")] * 3
    assert AlertRule.objects.get().enabled
    assert WatchedPlate.objects.exists()


def test_an_admin_sees_and_changes_them(owners: APIClient, team: Team, admin: User) -> None:
    User.objects.filter(pk=admin.pk).update(is_superuser=True)
    rule, entry = shared(owners, None)
    program = signed_in(User.objects.get(pk=admin.pk))

    assert program.patch(rule, {"name": "Day"}, format="json").json()["name"] == "Day"
    assert program.delete(entry).status_code == 204


def test_only_with_a_team_of_ones_own(owners: APIClient) -> None:
    other = Team.objects.create(name="Others")
    body: dict[str, Any] = {"name": "Night", "team": other.pk}

    assert owners.post(RULES, body, format="json").status_code == 400
    assert owners.post(PLATES, {**body, "plate": "AB12"}, format="json").status_code == 400
    assert not AlertRule.objects.exists()
    assert not WatchedPlate.objects.exists()


def test_who_is_told_of_a_rule_does_not_change_what_counts(owners: APIClient, team: Team) -> None:
    rule, _ = shared(owners, None)
    before = AlertRule.objects.get()

    owners.patch(rule, {"team": team.pk}, format="json")

    after = AlertRule.objects.get()
    assert (after.team, after.since) == (team, before.since)


@pytest.mark.parametrize(("together", "alerts"), [(True, 1), (False, 0)])
def test_rules_of_a_team_wait_for_the_plates_that_are_shared_with_it(
    camera: Camera, friend: User, team: Team, make_camera: MakeCamera, together: bool, alerts: int
) -> None:
    keeping.watch_for(friend, name="Van", plate="AB12CDE", note="", team=team if together else None)
    made = keeping.create(camera.owner, {"name": "Watched", "conditions": {"watchlist": True}})
    AlertRule.objects.filter(pk=made.pk).update(since=timezone.now() - timedelta(days=1))
    theirs = watched(make_camera(owner=friend, key="theirs"))

    for one in (camera, theirs):
        log.append(one.topic_id, [plate("AB12 CDE")])
    raising.raise_due()

    assert list(Alert.objects.values_list("camera__key", flat=True)) == ["gate"] * alerts


def test_an_admins_rules_do_not_wait_for_everybodys_plates(camera: Camera, friend: User) -> None:
    User.objects.filter(pk=camera.owner_id).update(is_superuser=True)
    keeping.watch_for(friend, name="Van", plate="AB12CDE", note="")
    made = keeping.create(camera.owner, {"name": "Watched", "conditions": {"watchlist": True}})
    AlertRule.objects.filter(pk=made.pk).update(since=timezone.now() - timedelta(days=1))

    log.append(camera.topic_id, [plate("AB12 CDE")])
    raising.raise_due()

    assert not Alert.objects.exists()


def test_more_plates_than_a_list_holds_leave_out_shared_ones(
    camera: Camera, friend: User, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raising, "MOST_ENTRIES", 1)
    keeping.watch_for(friend, name="Shared", plate="AB12CDE", note="", team=team)
    keeping.watch_for(camera.owner, name="Own", plate="XY34ZZZ", note="")
    made = keeping.create(
        camera.owner, {"name": "Watched", "conditions": {"watchlist": True, "cooldown_seconds": 0}}
    )
    AlertRule.objects.filter(pk=made.pk).update(since=timezone.now() - timedelta(days=1))

    log.append(camera.topic_id, [plate("AB12 CDE"), plate("XY34 ZZZ")])
    raising.raise_due()

    assert list(Alert.objects.values_list("seq", flat=True)) == [2]


def test_pages_show_a_team_what_is_shared_and_refuse_changes(
    owners: APIClient, friend: User, team: Team
) -> None:
    shared(owners, team)
    rule, entry = AlertRule.objects.get(), WatchedPlate.objects.get()
    browser, places = (
        browser_of(friend),
        (f"/alerts/rules/{rule.pk}/", f"/alerts/watchlist/{entry.pk}/delete/"),
    )

    rules, plates = (browser.get(f"/alerts/{name}/").content.decode() for name in ("rules", "watchlist"))

    assert "Night" in rules
    assert "shared with Gate keepers" in rules
    assert "Switch off" not in rules
    assert "AB12CDE" in plates
    assert "/delete/" not in plates
    for place in (*places, f"/alerts/rules/{rule.pk}/delete/"):
        assert browser.get(place).status_code == 403
        assert browser.post(place, {"name": "X"}).status_code == 403
    assert browser.post(f"/alerts/rules/{rule.pk}/disable/").status_code == 403
    assert AlertRule.objects.get().enabled
    assert WatchedPlate.objects.exists()


def test_pages_share_with_teams_of_ones_own(camera: Camera, team: Team) -> None:
    other = Team.objects.create(name="Others")
    browser = browser_of(camera.owner)
    rule = {"name": "Night", "time_zone": "UTC"}
    entry = {"name": "Van", "plate": "AB12"}

    for number, status in ((other.pk, 400), (team.pk, 302)):
        assert browser.post("/alerts/rules/new/", {**rule, "team": number}).status_code == status
        assert browser.post("/alerts/watchlist/", {**entry, "team": number}).status_code == status

    assert (AlertRule.objects.get().team, WatchedPlate.objects.get().team) == (team, team)
