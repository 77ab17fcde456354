"""Who may see a camera, change it and watch its log."""

import pytest
from rest_framework.test import APIClient

from accounts.models import Team, User
from analysis.models import Camera, Run
from realtime import topics
from tests.analysis.cameras.conftest import CAMERAS, MakeCamera, wanted
from tests.analysis.conftest import signed_in
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_a_foreign_camera_looks_like_a_missing_one(make_camera: MakeCamera) -> None:
    camera = make_camera(enabled=True)
    stranger = signed_in(make_user())
    address = f"{CAMERAS}{camera.pk}/"

    answers = [
        stranger.get(address),
        stranger.patch(address, {"name": "mine"}, format="json"),
        stranger.delete(address),
        stranger.post(f"{address}enable/"),
        stranger.post(f"{address}disable/"),
        stranger.get(f"{address}stats/"),
        stranger.get(f"/api/v1/runs/{camera.runs.get().pk}/"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 7
    assert stranger.get(CAMERAS).json()["count"] == 0
    assert Camera.objects.get().enabled


def shared(make_camera: MakeCamera, analyst: User, *others: User) -> Camera:
    team = Team.objects.create(name="yard")
    team.members.add(analyst, *others)
    return make_camera(team=team, enabled=True)


def test_a_team_sees_a_shared_camera_and_does_not_change_it(make_camera: MakeCamera, analyst: User) -> None:
    member = make_user()
    camera = shared(make_camera, analyst, member)
    program = signed_in(member)
    address = f"{CAMERAS}{camera.pk}/"

    assert program.get(address).json()["key"] == camera.key
    assert program.get(f"/api/v1/runs/{camera.runs.get().pk}/").status_code == 200
    assert program.patch(address, {"name": "mine"}, format="json").json()["code"] == "not_the_owner"
    assert program.delete(address).status_code == 403
    assert program.post(f"{address}disable/").status_code == 403
    assert Camera.objects.get().enabled


def test_who_may_not_change_a_camera_does_not_see_the_path_of_its_address(
    make_camera: MakeCamera, analyst: User
) -> None:
    member = make_user()
    team = Team.objects.create(name="yard")
    team.members.add(analyst, member)
    camera = make_camera(team=team, address="rtsp://10.0.0.1:8554/admin/hidden12345/video")
    address = f"{CAMERAS}{camera.pk}/"

    seen = [signed_in(member).get(path).content.decode() for path in (address, CAMERAS)]
    own = [signed_in(user).get(address).json()["address"] for user in (analyst, make_user(role="admin"))]

    assert all('"rtsp://10.0.0.1:8554/…"' in one and "hidden" not in one for one in seen)
    assert own == ["rtsp://10.0.0.1:8554/admin/hidden12345/video"] * 2


def test_an_admin_changes_any_camera(make_camera: MakeCamera) -> None:
    camera = make_camera()
    admin = signed_in(make_user(role="admin"))

    changed = admin.patch(f"{CAMERAS}{camera.pk}/", {"name": "North"}, format="json")

    assert changed.json()["name"] == "North"
    assert admin.delete(f"{CAMERAS}{camera.pk}/").status_code == 204


def test_a_viewer_reads_and_sets_nothing_up(make_camera: MakeCamera, analyst: User) -> None:
    viewer = make_user(role="viewer")
    camera = shared(make_camera, analyst, viewer)
    program = signed_in(viewer)

    assert program.get(CAMERAS).json()["count"] == 1
    assert program.post(CAMERAS, wanted(), format="json").json()["code"] == "viewer_may_not"
    assert program.post(f"{CAMERAS}{camera.pk}/disable/").status_code == 403


def test_nobody_signed_in_sees_nothing(make_camera: MakeCamera) -> None:
    assert APIClient().get(f"{CAMERAS}{make_camera().pk}/").status_code == 401


def test_a_camera_is_shared_with_ones_own_teams_only(client: APIClient, analyst: User) -> None:
    foreign, own = Team.objects.create(name="foreign"), Team.objects.create(name="own")
    own.members.add(analyst)

    refused = client.post(CAMERAS, wanted(team=foreign.pk), format="json")
    taken = client.post(CAMERAS, wanted(team=own.pk), format="json")

    assert (refused.status_code, taken.status_code) == (400, 201)
    assert taken.json()["team"] == str(own.pk)


def test_the_log_is_watched_by_owner_team_and_admins(make_camera: MakeCamera, analyst: User) -> None:
    member, admin, stranger = make_user(), make_user(role="admin"), make_user()
    camera = shared(make_camera, analyst, member)
    everybody = [analyst, member, admin, stranger]

    allowed = topics.watchable("camera", [(user.pk, camera.topic_id) for user in everybody])

    assert {user for user, _ in allowed} == {analyst.pk, member.pk, admin.pk}


def test_runs_of_cameras_are_in_no_history_unless_asked_for(
    client: APIClient, make_camera: MakeCamera
) -> None:
    camera = make_camera(enabled=True)

    history = client.get("/api/v1/runs/").json()
    asked_for = client.get("/api/v1/runs/", {"camera": str(camera.pk)}).json()

    assert history["count"] == 0
    [run] = asked_for["results"]
    assert (run["purpose"], run["camera"], run["media"]) == ("watch", str(camera.pk), None)
    assert (run["filename"], run["kind"]) == (camera.key, "camera")


def test_no_page_stumbles_over_a_run_of_a_camera(make_camera: MakeCamera, analyst: User) -> None:
    camera = make_camera(enabled=True)
    run = camera.runs.get()
    Run.objects.filter(pk=run.pk).update(state="failed", error_code="x", error_message="y")
    admin = APIClient()
    admin.force_login(make_user(role="admin"))

    pages = [
        "/",
        "/runs/",
        "/operations/",
        "/sockets/",
        "/admin/analysis/run/",
        f"/admin/analysis/run/{run.pk}/change/",
    ]
    answers = [admin.get(page).status_code for page in pages]

    assert answers == [200] * 6
    assert admin.get(f"/runs/{run.pk}/").status_code == 404


def test_a_run_is_no_way_to_switch_a_camera(client: APIClient, make_camera: MakeCamera) -> None:
    camera = make_camera(enabled=True)
    run = f"/api/v1/runs/{camera.runs.get().pk}"

    answers = [client.post(f"{run}/{what}/") for what in ("cancel", "retry")]

    assert [answer.json()["code"] for answer in answers] == ["watches_a_camera"] * 2
    assert camera.runs.get().state == "queued"
