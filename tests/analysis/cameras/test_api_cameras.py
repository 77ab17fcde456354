"""Cameras in REST: one by one."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Role, User
from analysis import queue
from analysis.models import Camera, Run, Tombstone, Worker
from realtime.models import Event, Topic
from tests.analysis.cameras.conftest import CAMERAS, MakeCamera, wanted
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_a_camera_is_set_up_with_what_was_said_and_defaults(client: APIClient, analyst: User) -> None:
    answer = client.post(
        CAMERAS, wanted(notes="north", settings={"max_fps": 5}, retention_days=30), format="json"
    )

    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{CAMERAS}{body['id']}/"
    assert (body["key"], body["name"], body["notes"]) == ("gate", "gate", "north")
    assert (body["owner"], body["team"], body["retention_days"]) == (analyst.email, None, 30)
    assert (body["settings"]["max_fps"], body["settings"]["snapshots"]) == (5, "first")
    assert (body["enabled"], body["has_credentials"]) == (False, False)
    assert body["status"]["state"] == "off"


def test_a_new_camera_waits_for_a_slot_at_once(client: APIClient) -> None:
    sent = wanted()
    del sent["enabled"]

    body = client.post(CAMERAS, sent, format="json").json()

    assert (body["enabled"], body["status"]["state"]) == (True, "waiting")
    assert body["status"]["said"] == "Waiting for a free slot."
    assert Run.objects.get(pk=body["status"]["run"]).purpose == "watch"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"key": "north gate"}, "key"),
        ({"key": "gate\ntwo"}, "key"),
        ({"key": "../gate"}, "key"),
        ({"key": "."}, "key"),
        ({"key": ".."}, "key"),
        ({"key": ""}, "key"),
        ({"key": "a" * 101}, "key"),
        ({"source": "ftp"}, "source"),
        ({"address": "file:///etc/passwd"}, "address"),
        ({"address": "rtsp://127.0.0.1/a"}, "address"),
        ({"settings": {"speed": 1}}, "settings.speed"),
        ({"settings": []}, "settings"),
        ({"settings": {"loop": True}}, "settings.pace"),
        ({"retention_days": 0}, "retention_days"),
        ({"team": 4711}, "team"),
        ({"user": "a:b"}, "address"),
        ({"password": "a\r\nb"}, "address"),
        ({"colour": "red"}, "colour"),
        ({"has_credentials": True}, "has_credentials"),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(client: APIClient, fields: dict[str, Any], field: str) -> None:
    answer = client.post(CAMERAS, wanted(**fields), format="json")

    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {field}
    assert not Camera.objects.exists()
    assert not Topic.objects.exists()


def test_a_key_is_given_once(client: APIClient, make_camera: MakeCamera) -> None:
    make_camera(key="gate")

    answer = client.post(CAMERAS, wanted(), format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "key_taken")


def test_a_key_stays_and_may_be_sent_back(client: APIClient, make_camera: MakeCamera) -> None:
    camera = make_camera(key="gate")

    same = client.patch(f"{CAMERAS}{camera.pk}/", {"key": "gate", "name": "Yard"}, format="json")
    other = client.patch(f"{CAMERAS}{camera.pk}/", {"key": "yard"}, format="json")

    assert (same.status_code, same.json()["name"]) == (200, "Yard")
    assert (other.status_code, other.json()["code"]) == (409, "key_fixed")
    assert Camera.objects.get().key == "gate"


def test_a_camera_that_has_a_key_which_is_refused_today_goes_on(
    client: APIClient, make_camera: MakeCamera
) -> None:
    address = f"{CAMERAS}{make_camera(key='..').pk}/"

    changed = client.patch(address, {"key": "..", "name": "Yard"}, format="json")
    enabled = client.post(f"{address}enable/")

    assert (changed.status_code, changed.json()["key"], changed.json()["name"]) == (200, "..", "Yard")
    assert enabled.json()["enabled"] is True


def test_sent_twice_with_a_key_it_is_set_up_once(client: APIClient) -> None:
    once = {"HTTP_IDEMPOTENCY_KEY": "once"}

    first = client.post(CAMERAS, wanted(), format="json", **once)
    again = client.post(CAMERAS, wanted(), format="json", **once)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    assert Camera.objects.count() == 1


def test_a_list_is_by_key_paged_and_narrowed(client: APIClient, make_camera: MakeCamera) -> None:
    for key in ("c", "a", "b"):
        make_camera(key=key, enabled=key == "b")

    page = client.get(CAMERAS, {"page_size": 2}).json()
    narrowed = client.get(CAMERAS, {"enabled": "true"}).json()

    assert (page["count"], [camera["key"] for camera in page["results"]]) == (3, ["a", "b"])
    assert [camera["key"] for camera in narrowed["results"]] == ["b"]
    assert client.get(CAMERAS, {"colour": "red"}).status_code == 400


def test_a_list_takes_the_same_queries_however_long(
    client: APIClient, make_camera: MakeCamera, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        make_camera(enabled=True)

    # sign-in 1, count 1, page with owner and state 1, runs 1
    with django_assert_max_num_queries(4):
        client.get(CAMERAS)


def test_of_settings_those_named_are_changed(client: APIClient, make_camera: MakeCamera) -> None:
    camera = make_camera(settings={"max_fps": 5, "confidence": 0.3})

    body = client.patch(f"{CAMERAS}{camera.pk}/", {"settings": {"max_fps": 7}}, format="json").json()

    assert (body["settings"]["max_fps"], body["settings"]["confidence"]) == (7, 0.3)


def test_a_refused_change_changes_nothing(client: APIClient, make_camera: MakeCamera) -> None:
    camera = make_camera()

    answer = client.patch(
        f"{CAMERAS}{camera.pk}/", {"name": "New", "settings": {"max_fps": 0}}, format="json"
    )

    assert answer.status_code == 400
    assert Camera.objects.get().name == "Gate"


def test_another_kind_of_source_needs_another_address(client: APIClient, make_camera: MakeCamera) -> None:
    camera = make_camera()

    refused = client.patch(f"{CAMERAS}{camera.pk}/", {"source": "http"}, format="json")
    taken = client.patch(
        f"{CAMERAS}{camera.pk}/", {"source": "http", "address": "http://10.0.0.1/a"}, format="json"
    )

    assert (refused.status_code, taken.status_code) == (400, 200)


def test_enabling_and_disabling_switch_the_watching(client: APIClient, make_camera: MakeCamera) -> None:
    camera = make_camera()

    on = client.post(f"{CAMERAS}{camera.pk}/enable/").json()
    off = client.post(f"{CAMERAS}{camera.pk}/disable/").json()

    assert (on["enabled"], on["status"]["state"]) == (True, "waiting")
    assert (off["enabled"], off["status"]["state"]) == (False, "off")
    assert [run.state for run in Run.objects.filter(camera=camera)] == ["cancelled"]


def test_a_deleted_camera_leaves_a_tombstone_and_nothing_else(
    client: APIClient, make_camera: MakeCamera, analyst: User
) -> None:
    camera = make_camera(enabled=True)

    answer = client.delete(f"{CAMERAS}{camera.pk}/?reason=moved")

    assert answer.status_code == 204
    assert not Camera.objects.exists()
    assert not Run.objects.exists()
    assert not Topic.objects.exists()
    assert not Event.objects.exists()
    tombstone = Tombstone.objects.get()
    assert (tombstone.pk, tombstone.camera_key, tombstone.reason) == (camera.pk, camera.key, "moved")
    assert tombstone.removed_by == analyst
    assert client.get(f"{CAMERAS}{camera.pk}/").status_code == 404


def test_statistics_count_what_was_seen_and_how_cameras_do(
    client: APIClient, make_camera: MakeCamera
) -> None:
    camera = make_camera(enabled=True)
    make_camera()

    one = client.get(f"{CAMERAS}{camera.pk}/stats/").json()
    all_ = client.get(f"{CAMERAS}stats/").json()

    assert (one["status"]["state"], one["total"]) == ("waiting", 0)
    assert one["by_type"] == {"motion": 0, "tracking": 0, "anpr": 0}
    assert all_ == {"total": 2, "by_state": {"off": 1, "waiting": 1}}


def test_settings_are_described_in_the_schema(client: APIClient) -> None:
    schema = client.get("/api/v1/schema/?format=json").json()

    described = schema["components"]["schemas"]["CameraSettings"]["properties"]
    assert described["confidence"]["maximum"] == 1
    assert "zones" in described


def test_operations_lead_to_the_camera_a_slot_watches_and_count_no_wait_of_cameras(
    make_camera: MakeCamera,
) -> None:
    watched, _waiting = make_camera(enabled=True, key="gate"), make_camera(enabled=True)
    worker = Worker.objects.create(host="here", pid=1, device="cpu", queues=["camera"])
    queue.claim(watched.runs.get().pk, worker=worker.pk, slot=0)
    staff = Client()
    staff.force_login(make_user(role=Role.ADMIN, is_staff=True, is_superuser=True))

    now = staff.get("/api/v1/operations/").json()
    page = staff.get("/operations/").content.decode()

    assert (now["queue"]["queued"], now["oldest_queued_seconds"]) == (1, None)
    assert '<a href="/cameras/gate/">gate</a>' in page
