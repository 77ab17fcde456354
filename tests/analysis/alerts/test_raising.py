"""Alerts are raised once, in order, by what happens from now on, and are lines of record like everything else."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from analysis import sightings
from analysis.alerts import keeping, raising
from analysis.cameras import keeping as cameras
from analysis.models import Alert, AlertRule, Camera, Run, WatchedPlate
from analysis.plates import closed
from analysis.retention import expiry
from realtime import log
from realtime.log import Draft
from realtime.webhooks.dispatcher import Dispatcher
from tests.analysis.alerts.conftest import MakeCamera, See
from tests.analysis.conftest import signed_in
from tests.analysis.footage import motion, plate, track
from tests.analysis.retention.conftest import watched
from tests.factories import make_user
from tests.realtime.described import kind
from tests.realtime.webhooks.conftest import Receiver, make_webhook, signature

pytestmark = pytest.mark.django_db(transaction=True)
RULES, ALERTS, PLATES = (f"/api/v1/{name}/" for name in ("alert-rules", "alerts", "watched-plates"))


@pytest.fixture
def run(camera: Camera) -> Run:
    return camera.runs.get()


def rule(camera: Camera, since_days: float = 1, **conditions: Any) -> AlertRule:
    conditions.setdefault("cooldown_seconds", 0)
    made = keeping.create(camera.owner, {"name": "Gate", "conditions": conditions})
    AlertRule.objects.filter(pk=made.pk).update(since=timezone.now() - timedelta(days=since_days))
    return made


def raised(camera: Camera) -> list[dict[str, Any]]:
    return [
        json.loads(line.body)
        for line in log.read(camera.topic_id)
        if line.type == "alert.raised" and line.body
    ]


def test_an_alert_is_a_line_that_says_what_raised_it(camera: Camera, run: Run) -> None:
    made = rule(camera, classes=["person"])
    log.append(run.topic_id, [motion(), track(), track(**{"class": "car"})])

    raising.raise_due()

    [alert] = raised(camera)
    assert alert["message"] == "Alert “Gate”: A track entered."
    assert alert["subject"] == f"rule/{made.pk}"
    assert alert["data"]["cause"]["seq"] == 2
    assert alert["data"]["camera"]["key"] == "gate"
    assert (alert["data"]["rule"]["name"], alert["data"]["class"]) == ("Gate", "person")
    assert log.verify(camera.topic_id).ok
    assert kind("topic", alert) == "event"


def test_each_event_raises_a_rule_once_and_in_order(
    camera: Camera, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raising, "LINES_AT_ONCE", 2)
    rule(camera, types=["track.entered"])
    log.append(run.topic_id, [track(track=number) for number in range(5)])

    while raising.raise_due():
        pass
    raising.raise_due()

    assert [alert["data"]["cause"]["seq"] for alert in raised(camera)] == [1, 2, 3, 4, 5]
    assert Alert.objects.count() == 5


def test_what_is_lost_with_a_worker_is_raised_by_the_next(
    camera: Camera, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(camera)
    log.append(run.topic_id, [track()])
    with monkeypatch.context() as patched:
        patched.setattr(raising.Alert.objects, "bulk_create", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            raising.raise_due()
    assert raised(camera) == []

    raising.raise_due()

    assert len(raised(camera)) == 1


def test_a_parked_car_does_not_alarm_all_night(camera: Camera, run: Run, see: See) -> None:
    rule(camera, cooldown_seconds=3600)
    for minutes in (180, 150, 119, 60, 10):
        see(run, minutes / 1440)

    raising.raise_due()
    see(run, 5 / 1440)
    raising.raise_due()

    assert [alert["data"]["cause"]["seq"] for alert in raised(camera)] == [1, 3, 5]


def test_a_rule_of_a_camera_that_is_deleted_does_not_become_one_of_all(
    camera: Camera, make_camera: MakeCamera
) -> None:
    other = watched(make_camera(key="yard"))
    alone, both = rule(camera), rule(camera)
    alone.cameras.set([camera])
    both.cameras.set([camera, other])

    cameras.remove(camera, by=camera.owner)

    log.append(other.topic_id, [track()])
    raising.raise_due()
    assert not AlertRule.objects.get(pk=alone.pk).enabled
    assert [alert["subject"] for alert in raised(other)] == [f"rule/{both.pk}"]


def test_the_cooldown_is_that_of_each_camera(
    camera: Camera, run: Run, see: See, make_camera: MakeCamera
) -> None:
    other = watched(make_camera(key="yard"))
    rule(camera, cooldown_seconds=3600)
    for one in (run, other.runs.get()):
        see(one, 0.01)

    raising.raise_due()

    assert [len(raised(one)) for one in (camera, other)] == [1, 1]


def test_nothing_from_before_the_rule_counts(camera: Camera, run: Run, see: See) -> None:
    see(run, 1)
    made = rule(camera, since_days=0)

    raising.raise_due()
    log.append(run.topic_id, [track()])
    raising.raise_due()
    keeping.change(made, {"enabled": False})
    log.append(run.topic_id, [track()])
    raising.raise_due()
    keeping.change(made, {"enabled": True})
    raising.raise_due()

    assert [alert["data"]["cause"]["seq"] for alert in raised(camera)] == [2]


def test_a_rule_is_for_its_cameras_and_its_owner_s(
    camera: Camera, run: Run, make_camera: MakeCamera, home: Any
) -> None:
    other, foreign = watched(make_camera(key="yard")), watched(make_camera(key="away", owner=make_user()))
    made = rule(camera)
    made.cameras.set([other])
    for one in (camera, other, foreign):
        log.append(one.topic_id, [track()])

    raising.raise_due()

    assert [len(raised(one)) for one in (camera, other, foreign)] == [0, 1, 0]


def test_a_rule_nobody_can_read_does_not_end_the_others(camera: Camera, run: Run) -> None:
    broken = rule(camera)
    AlertRule.objects.filter(pk=broken.pk).update(conditions={"time_zone": "Gone/Away"})
    rule(camera)
    log.append(run.topic_id, [track()])

    raising.raise_due()

    assert len(raised(camera)) == 1


def test_a_watched_plate_is_found_though_a_sign_was_read_wrong(camera: Camera, run: Run) -> None:
    keeping.watch_for(camera.owner, name="Van", plate="AB12 CDE", note="")
    rule(camera, watchlist=True)
    log.append(run.topic_id, [plate("A812 CDE"), plate("XY34 ZZZ"), track()])

    raising.raise_due()

    [alert] = raised(camera)
    assert alert["data"]["cause"]["seq"] == 1
    assert alert["data"]["watchlist"]["name"] == "Van"
    assert alert["data"]["watchlist"]["distance"] > 0
    assert "read for" in alert["data"]["watchlist"]["distance_words"]


def test_under_a_key_no_alert_says_the_plate(
    camera: Camera, run: Run, settings: Any, client: APIClient
) -> None:
    settings.PLATE_KEY = "k" * 40
    keeping.watch_for(camera.owner, name="Van", plate="AB12 CDE", note="")
    rule(camera, watchlist=True)
    said = plate("AB12 CDE")
    log.append(run.topic_id, [Draft(said.type, "A plate was read.", closed(said.data))])

    raising.raise_due()

    [alert] = raised(camera)
    assert alert["data"]["watchlist"] == {
        "id": str(WatchedPlate.objects.get().pk),
        "name": "Van",
        "distance": 0.0,
    }
    assert "AB12" not in str(alert)
    assert WatchedPlate.objects.get().plate == ""
    assert client.get(PLATES).json()["results"][0]["plate"] == "AB12CDE"


def test_an_alert_goes_with_the_event_that_raised_it(camera: Camera, run: Run, see: See) -> None:
    rule(camera, since_days=50)
    see(run, 40, plate())
    young = see(run, 1, plate())
    raising.raise_due()
    Camera.objects.filter(pk=camera.pk).update(retention_days=30)

    expiry.expire()
    assert [alert["data"]["cause"]["seq"] for alert in raised(camera)] == [young.seq]
    sightings.remove(young)

    assert raised(camera) == []
    assert not Alert.objects.exists()
    assert log.verify(camera.topic_id).ok


def test_a_look_costs_one_query_where_nothing_moved(
    camera: Camera, run: Run, django_assert_num_queries: Any
) -> None:
    rule(camera)
    log.append(run.topic_id, [track()])
    while raising.raise_due():
        pass
    raising.raise_due()

    with django_assert_num_queries(1):
        raising.raise_due()


def test_alerts_are_listed_for_who_sees_the_camera(client: APIClient, camera: Camera, run: Run) -> None:
    made = rule(camera)
    log.append(run.topic_id, [track(), motion()])
    raising.raise_due()

    told = client.get(ALERTS).json()

    assert told["count"] == 2
    assert [alert["seq"] for alert in told["results"]] == [2, 1]
    assert told["results"][0]["message"].startswith("Alert “Gate”: ")
    assert client.get(ALERTS, {"rule": str(made.pk), "camera": str(camera.pk)}).json()["count"] == 2
    assert client.get(ALERTS, {"start_time": "2100-01-01"}).json()["count"] == 0
    assert client.get(ALERTS, {"unknown": 1}).status_code == 400
    assert signed_in(make_user()).get(ALERTS).json()["count"] == 0


def test_rules_are_made_changed_and_deleted(client: APIClient, camera: Camera) -> None:
    body = {"name": "Night", "cameras": [str(camera.pk)], "conditions": {"classes": ["car"]}}

    made = client.post(RULES, body, format="json").json()
    changed = client.patch(f"{RULES}{made['id']}/", {"conditions": {"zones": ["yard"]}}, format="json").json()

    assert (made["enabled"], made["cameras"]) == (True, [str(camera.pk)])
    assert (changed["conditions"]["classes"], changed["conditions"]["zones"]) == ([], ["yard"])
    assert client.get(RULES).json()["count"] == 1
    assert client.delete(f"{RULES}{made['id']}/").status_code == 204
    assert client.get(f"{RULES}{made['id']}/").status_code == 404


def test_rules_and_plates_are_one_s_own(client: APIClient, camera: Camera, home: Any) -> None:
    made = client.post(RULES, {"name": "Night"}, format="json").json()
    entry = client.post(PLATES, {"name": "Van", "plate": "AB*"}, format="json").json()
    other = signed_in(make_user())

    assert other.get(f"{RULES}{made['id']}/").status_code == 404
    assert other.patch(f"{RULES}{made['id']}/", {"name": "x"}, format="json").status_code == 404
    assert other.delete(f"{PLATES}{entry['id']}/").status_code == 404
    assert other.post(RULES, {"name": "x", "cameras": [str(camera.pk)]}, format="json").status_code == 400
    assert client.delete(f"{PLATES}{entry['id']}/").status_code == 204


@pytest.mark.parametrize(
    ("address", "body"),
    [
        (RULES, {}),
        (RULES, {"name": "x", "conditions": {"colour": "red"}}),
        (RULES, {"name": "x", "conditions": []}),
        (RULES, {"name": "x", "conditions": None}),
        (RULES, {"name": "x", "owner": "me"}),
        (RULES, {"name": "a\0b"}),
        (PLATES, {"name": "x", "plate": "(a+)+$"}),
        (PLATES, {"name": "x", "plate": ""}),
        (PLATES, {"name": "x", "plate": "A" * 65}),
    ],
)
def test_nonsense_is_refused(client: APIClient, address: str, body: dict[str, Any]) -> None:
    assert client.post(address, body, format="json").status_code == 400


def test_nobody_has_very_many_rules(
    client: APIClient, analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "RULES_PER_OWNER", 1)

    codes = [client.post(RULES, {"name": "x"}, format="json").status_code for _ in range(2)]

    assert codes == [201, 409]


def test_webhooks_are_sent_alerts_signed(
    camera: Camera, run: Run, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    _, secret = make_webhook(camera.owner, receiver.url(), kinds=["alert.raised"])
    rule(camera)
    log.append(run.topic_id, [track()])

    raising.raise_due()

    (got,) = receiver.wait(1)
    assert got.event["message"] == "Alert “Gate”: A track entered."
    assert got.id == f"{camera.topic_id}/2"
    assert got.headers["webhook-signature"] == signature(secret, got)
