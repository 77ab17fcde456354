"""What opens a camera is taken, and shown nowhere."""

import json
import logging
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import User
from analysis.cameras import keeping
from analysis.cameras.secrets import SecretUnreadable
from analysis.models import Camera
from realtime.models import Event
from tests.analysis.cameras.conftest import CAMERAS, MakeCamera, wanted
from tests.factories import make_user

pytestmark = pytest.mark.django_db
HIDDEN = ("hidden-user", "hidden-password", "hidden-token")
ADDRESS = "http://hidden-user:hidden-password@10.0.0.1/video.mjpg?token=hidden-token"


def shows(text: str) -> bool:
    return any(word in text for word in HIDDEN)


def test_no_answer_of_the_api_shows_it(client: APIClient) -> None:
    sent = wanted(source="http", address=ADDRESS, enabled=True)

    created = client.post(CAMERAS, sent, format="json", HTTP_IDEMPOTENCY_KEY="once")
    again = client.post(CAMERAS, sent, format="json", HTTP_IDEMPOTENCY_KEY="once")
    address = f"{CAMERAS}{created.json()['id']}/"
    run = client.get(f"/api/v1/runs/{created.json()['status']['run']}/")
    changed = client.patch(address, {"password": "hidden-password-2"}, format="json")
    answers = [
        created,
        again,
        run,
        changed,
        client.get(address),
        client.get(CAMERAS),
        client.get(f"{address}stats/"),
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 200, 200, 200, 200, 200]
    assert created.json()["address"] == "http://10.0.0.1/video.mjpg?…"
    assert created.json()["has_credentials"] is True
    assert not any(shows(answer.content.decode()) for answer in answers)


@pytest.mark.parametrize(
    "fields",
    [
        {"address": ADDRESS.replace("10.0.0.1", "127.0.0.1")},
        {"address": ADDRESS + "\n"},
        {"address": ADDRESS, "user": "hidden-user"},
        {"address": ADDRESS, "settings": {"speed": 1}},
        {"address": "http://10.0.0.1/a", "password": "hidden-password\n"},
        {"address": "http://10.0.0.1/a", "user": "hidden-user:hidden-password"},
    ],
)
def test_no_refusal_and_no_log_line_shows_it(
    client: APIClient, fields: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    one = client.post(CAMERAS, wanted(source="http", **fields), format="json")
    many = client.post(CAMERAS, [wanted(source="http", **fields)], format="json")

    assert (one.status_code, many.json()["results"][0]["status"]) == (400, 400)
    assert not shows(one.content.decode() + many.content.decode())
    # what the test itself sends is in no record of ours
    assert not shows("\n".join(record.getMessage() for record in caplog.records if "sql" not in record.name))


def test_no_row_and_no_event_holds_it_readable(client: APIClient) -> None:
    client.post(CAMERAS, wanted(source="http", address=ADDRESS, enabled=True), format="json")

    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(c)::text FROM analysis_camera c")
        [(row,)] = cursor.fetchall()
    events = json.dumps(list(Event.objects.values_list("body", "data", "message")), default=str)

    assert "video.mjpg" in row
    assert not shows(row + events)


def test_the_admin_shows_that_there_is_something_and_not_what(client: APIClient) -> None:
    client.post(CAMERAS, wanted(source="http", address=ADDRESS), format="json")
    admin = APIClient()
    admin.force_login(make_user(role="admin"))

    listed = admin.get("/admin/analysis/camera/").content.decode()
    one = admin.get(f"/admin/analysis/camera/{Camera.objects.get().pk}/change/").content.decode()

    assert "video.mjpg" in one
    assert not shows(listed + one)
    assert Camera.objects.get().secret not in one


def test_sent_back_as_shown_an_address_stays_whole(client: APIClient) -> None:
    body = client.post(CAMERAS, wanted(source="http", address=ADDRESS), format="json").json()

    client.patch(f"{CAMERAS}{body['id']}/", {"address": body["address"], "name": "North"}, format="json")

    secret = keeping.secret_of(Camera.objects.get())
    assert (secret.user, secret.password) == ("hidden-user", "hidden-password")
    assert secret.target == "/video.mjpg?token=hidden-token"


def test_an_address_of_which_more_is_hidden_today_is_hidden_when_it_is_sent_again(
    make_camera: MakeCamera, analyst: User
) -> None:
    address = "rtsp://10.0.0.1/0/admin:hidden-password/main"
    camera = make_camera()
    Camera.objects.filter(pk=camera.pk).update(address=address)

    changed = keeping.change(camera, {"address": address}, by=analyst)

    assert (changed.address, keeping.secret_of(changed).target) == (
        "rtsp://10.0.0.1/0/…",
        "/0/admin:hidden-password/main",
    )


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ("rtsp://10.0.0.1/a", "rtsp://10.0.0.1/b", True),
        ("rtsp://10.0.0.1/a", "rtsp://10.0.0.2/a", False),
        ("rtsp://10.0.0.1/a", "rtsp://10.0.0.1:5554/a", False),
        ("rtsps://10.0.0.1:554/a", "rtsp://10.0.0.1:554/a", False),
    ],
)
def test_credentials_go_to_no_other_host(
    client: APIClient, make_camera: MakeCamera, before: str, after: str, kept: bool
) -> None:
    camera = make_camera(address=before, user="hidden-user", password="hidden-password")

    body = client.patch(f"{CAMERAS}{camera.pk}/", {"address": after}, format="json").json()

    assert body["has_credentials"] is kept


def test_another_key_of_the_installation_opens_nothing_and_says_so(
    make_camera: MakeCamera, settings: Any
) -> None:
    camera = make_camera(user="hidden-user", password="hidden-password")
    settings.CAMERAS_KEY = "another installation's"

    with pytest.raises(SecretUnreadable, match="Enter them again"):
        keeping.secret_of(camera)


def test_with_another_key_new_credentials_may_be_set(
    client: APIClient, make_camera: MakeCamera, settings: Any, analyst: User
) -> None:
    camera = make_camera(user="hidden-user", password="hidden-password")
    settings.CAMERAS_KEY = "another installation's"

    client.patch(f"{CAMERAS}{camera.pk}/", {"user": "new", "password": "newer"}, format="json")

    assert keeping.secret_of(Camera.objects.get()).password == "newer"
