"""The live view through the deployed web server, of a camera a real worker watches."""

import time
from collections.abc import Callable
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as desk
from django.db import connection
from django.test import Client
from redis import Redis

from accounts import credentials
from accounts.models import Credential, Team, User
from analysis.cameras import keeping
from analysis.cameras.live_view import frame_key, watched_key
from analysis.models import Camera
from tests.clips import write_video
from tests.factories import make_user
from tests.flows.live_views import Viewer
from tests.product import Program, Server
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
StartServer = Callable[..., Server]
StartWorker = Callable[..., Program]
JPEG = b"\xff\xd8\xff"


@pytest.fixture
def owner(transactional_db: None) -> User:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    return make_user()


@pytest.fixture
def env(tmp_path: Path, settings: Any) -> dict[str, str]:
    folder = tmp_path / "films"
    folder.mkdir()
    write_video(folder / "yard.mp4", seconds=3.0)
    settings.CAMERA_FOLDER = str(folder)
    return {"ASSAY_CAMERA_FOLDER": str(folder)}


@pytest.fixture
def camera(owner: User, env: dict[str, str]) -> Camera:
    """A drawn film, watched again and again at its own pace."""
    return a_camera(owner)


def a_camera(owner: User, key: str = "yard", **given: Any) -> Camera:
    said = {"source": "file", "address": "yard.mp4", "settings": {"detectors": ["motion"], "loop": True}}
    return keeping.create(owner, {"key": key, "enabled": True, **said, **given})


def key_of(user: User) -> dict[str, str]:
    return {"X-API-Key": credentials.issue_api_key(user)[1]}


def still(server: Server, camera: Camera, headers: dict[str, str]) -> tuple[int, bytes]:
    asked = HTTPConnection("127.0.0.1", server.port, timeout=30)
    asked.request("GET", f"/api/v1/cameras/{camera.pk}/still/", headers=headers)
    answer = asked.getresponse()
    return answer.status, answer.read()


def pictures(viewer: Viewer, count: int) -> list[bytes]:
    """The next pictures of the camera itself."""
    shown = (part.picture for part in viewer.parts() if part.shows == "picture")
    return list(islice(shown, count))


def test_a_camera_is_seen_as_it_goes_and_only_while_somebody_watches(
    start_worker: StartWorker, start_server: StartServer, env: dict[str, str], owner: User, camera: Camera
) -> None:
    server = start_server(**env)
    start_worker("--queue", "camera", **env)
    redis = Redis.from_url(desk.REDIS_URL)
    wait_until(lambda: Camera.objects.get(pk=camera.pk).state.online, limit=60)
    unwatched = redis.exists(frame_key(camera.pk), watched_key(camera.pk))

    with Viewer(server, camera.pk, key_of(owner)) as viewer:
        began = time.monotonic()
        seen = pictures(viewer, 8)
        took = time.monotonic() - began
    status, picture = still(server, camera, key_of(owner))

    assert unwatched == 0
    assert viewer.answer.headers["Content-Type"] == "multipart/x-mixed-replace; boundary=assay-frame"
    assert viewer.answer.headers["Cache-Control"] == "no-store"
    assert all(one.startswith(JPEG) for one in seen)
    assert len(set(seen)) > 2  # it moves
    assert took > 7 * 0.19  # never more than five a second
    assert (status, picture[:3]) == (200, JPEG)
    wait_until(lambda: not redis.exists(frame_key(camera.pk), watched_key(camera.pk)), limit=15)


def test_who_may_not_see_the_camera_gets_what_a_missing_one_gives(
    start_server: StartServer, env: dict[str, str], camera: Camera
) -> None:
    server = start_server(**env)
    stranger = make_user()

    with Viewer(server, camera.pk, key_of(stranger)) as foreign:
        status = foreign.answer.status
    with Viewer(server, camera.pk, {}) as unsigned:
        unsigned_status = unsigned.answer.status

    assert (status, foreign.answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert unsigned_status == 401
    assert still(server, camera, key_of(stranger))[0] == 404


def test_a_live_view_ends_with_what_let_somebody_in(
    start_server: StartServer, env: dict[str, str], owner: User, camera: Camera
) -> None:
    server = start_server(**env)
    with Viewer(server, camera.pk, key_of(owner)) as viewer:
        parts = viewer.parts()
        first = next(parts)

        for credential in Credential.objects.filter(user=owner):
            credentials.revoke(credential)
        began = time.monotonic()
        rest = list(parts)

    assert first.shows == "none"  # nobody watches the camera for it
    assert time.monotonic() - began < 6
    assert len(rest) < 3


def test_signing_out_ends_a_live_view(
    start_server: StartServer, env: dict[str, str], owner: User, camera: Camera
) -> None:
    server = start_server(**env)
    browser = Client()
    browser.force_login(owner)
    session = browser.cookies[desk.SESSION_COOKIE_NAME].value
    with Viewer(server, camera.pk, {"Cookie": f"sessionid_{server.port}={session}"}) as viewer:
        parts = viewer.parts()
        next(parts)

        browser.post("/sign-out/")
        began = time.monotonic()
        list(parts)

    assert time.monotonic() - began < 6


def test_where_live_views_are_off_there_are_no_stills_either(
    start_server: StartServer, env: dict[str, str], owner: User, camera: Camera
) -> None:
    server = start_server(ASSAY_LIVE_VIEWS="0", **env)
    headers = key_of(owner)

    with Viewer(server, camera.pk, headers) as viewer:
        status = viewer.answer.status

    assert (status, still(server, camera, headers)[0]) == (429, 429)


def test_a_live_view_ends_when_the_camera_is_not_shared_any_more(
    start_server: StartServer, env: dict[str, str], owner: User, camera: Camera
) -> None:
    server = start_server(**env)
    team, viewer_ = Team.objects.create(name="Gate"), make_user(role="viewer")
    team.members.add(owner, viewer_)
    Camera.objects.filter(pk=camera.pk).update(team=team)
    with Viewer(server, camera.pk, key_of(viewer_)) as viewer:
        parts = viewer.parts()
        next(parts)

        Camera.objects.filter(pk=camera.pk).update(team=None)
        began = time.monotonic()
        list(parts)

    assert time.monotonic() - began < 6


def test_no_more_are_open_than_the_desk_allows(
    start_server: StartServer, env: dict[str, str], owner: User, camera: Camera
) -> None:
    server = start_server(ASSAY_LIVE_VIEWS_PER_USER="1", **env)
    headers = key_of(owner)
    with Viewer(server, camera.pk, headers) as first:
        next(first.parts())

        with Viewer(server, camera.pk, headers) as second:
            refused = second.answer.status

    wait_until(lambda: _opens(server, camera, headers), limit=10)
    assert (first.answer.status, refused) == (200, 429)


def _opens(server: Server, camera: Camera, headers: dict[str, str]) -> bool:
    with Viewer(server, camera.pk, headers) as viewer:
        return viewer.answer.status == 200


def test_a_camera_without_a_picture_has_no_still(
    start_server: StartServer, env: dict[str, str], owner: User, camera: Camera
) -> None:
    server = start_server(**env)

    status, body = still(server, camera, key_of(owner))

    assert (status, b'"no_picture"' in body) == (404, True)


def test_a_live_view_does_not_keep_the_server_from_stopping(
    start_server: StartServer, env: dict[str, str], owner: User, camera: Camera
) -> None:
    server = start_server(**env)
    with Viewer(server, camera.pk, key_of(owner)) as viewer:
        next(viewer.parts())

        began = time.monotonic()
        server.stop()

    assert time.monotonic() - began < 5
