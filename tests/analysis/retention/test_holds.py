"""What is under a legal hold stays: retention, quota and whoever deletes are held off until an admin releases it."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db.models import ProtectedError
from rest_framework.test import APIClient

from accounts.models import Team, User
from analysis.models import Camera, LegalHold, Media, Run, Tombstone
from analysis.retention import expiry, holds, previews
from analysis.uploads.removal import remove
from tests.analysis.conftest import signed_in
from tests.analysis.retention.conftest import See, days_ago, left
from tests.factories import make_media, make_run, make_user

pytestmark = pytest.mark.django_db
HOLDS, CAMERAS, MEDIA, EVENTS = (f"/api/v1/{name}/" for name in ("legal-holds", "cameras", "media", "events"))


@pytest.fixture
def run(camera: Camera) -> Run:
    return camera.runs.get()


def hold(camera: Camera, start: datetime | None = None, end: datetime | None = None) -> LegalHold:
    return holds.place(camera, by=camera.owner, reason="case 7", start=start, end=end)


def keep(camera: Camera, days: int) -> None:
    Camera.objects.filter(pk=camera.pk).update(retention_days=days)


def test_a_held_camera_keeps_everything(camera: Camera, run: Run, see: See) -> None:
    see(run, 40)
    keep(camera, 5)
    hold(camera)

    assert expiry.expire() == 0
    assert previews.preview(camera, 5)["held"] == 1


@pytest.mark.parametrize(
    ("held", "stay"),
    [
        ([(30, 20)], [3, 4]),
        ([(None, 30)], [1, 2]),
        ([(30, None)], [3, 4, 5]),
        ([(45, 35), (25, 15)], [2, 4]),
        ([(25, 15), (45, 35), (44, 24)], [2, 3, 4]),
        ([(45, 5), (40, 30)], [2, 3, 4, 5]),
        ([(None, None), (30, 20)], [1, 2, 3, 4, 5]),
        ([(9, 8)], []),
    ],
)
def test_a_held_time_keeps_what_lies_in_it(
    camera: Camera, run: Run, see: See, held: list[tuple[Any, Any]], stay: list[int]
) -> None:
    edges = [days_ago(days) for days in (50, 40, 29, 20.5, 10)]
    for days in (50, 40, 29, 20.5, 10):
        see(run, days)
    keep(camera, 7)
    for start, end in held:
        hold(camera, start and days_ago(start), end and days_ago(end))

    expiry.expire()

    assert left(camera.topic_id) == stay
    assert len(edges) == 5


def test_the_edges_of_a_held_time_are_held(camera: Camera, run: Run, see: See) -> None:
    first, last = see(run, 40), see(run, 30)
    hold(camera, first.time, last.time)
    keep(camera, 7)

    assert expiry.expire() == 0


def test_a_held_camera_is_not_deleted(client: APIClient, camera: Camera) -> None:
    hold(camera, days_ago(3), days_ago(2))

    answer = client.delete(f"{CAMERAS}{camera.pk}/")

    assert (answer.status_code, answer.json()["code"]) == (409, "held")
    assert "case 7" in answer.json()["detail"]
    assert Camera.objects.filter(pk=camera.pk).exists()


def test_a_held_media_is_not_deleted_nor_its_footage(
    client: APIClient, analyst: User, see: See, settings: Any
) -> None:
    settings.FOOTAGE_DAYS = 1
    run = make_run(owner=analyst, state=Run.State.SUCCEEDED)
    sighting = see(run, 10)
    assert run.media
    holds.place(run.media, by=analyst, reason="case 7")

    refused = client.delete(f"{MEDIA}{run.media_id}/")
    refused_event = client.delete(f"{EVENTS}{sighting.pk}/")
    gone = expiry.expire()

    assert (refused.status_code, refused.json()["code"]) == (409, "held")
    assert (refused_event.status_code, refused_event.json()["code"]) == (409, "held")
    assert gone == 0
    assert not Tombstone.objects.exists()


def test_an_event_within_a_held_time_is_not_deleted(
    client: APIClient, camera: Camera, run: Run, see: See
) -> None:
    inside, outside = see(run, 5), see(run, 1)
    hold(camera, days_ago(6), days_ago(4))

    answers = [client.delete(f"{EVENTS}{sighting.pk}/").status_code for sighting in (inside, outside)]

    assert answers == [409, 204]
    assert left(camera.topic_id) == [inside.seq]


def test_no_other_way_leads_round_it(camera: Camera, analyst: User) -> None:
    hold(camera)

    with pytest.raises(ProtectedError):
        analyst.delete()


def test_once_released_it_goes_like_everything_else(
    admin: User, client: APIClient, camera: Camera, run: Run, see: See
) -> None:
    see(run, 40)
    keep(camera, 5)
    placed = hold(camera)

    answer = signed_in(admin).post(f"{HOLDS}{placed.pk}/release/", {"reason": "case closed"}, format="json")

    assert answer.status_code == 200
    assert expiry.expire() == 1
    assert client.delete(f"{CAMERAS}{camera.pk}/").status_code == 204


def test_who_held_and_released_what_stays_on_record(
    admin: User, client: APIClient, camera: Camera, analyst: User
) -> None:
    made = client.post(HOLDS, {"camera": str(camera.pk), "reason": "case 7"}, format="json").json()
    signed_in(admin).post(f"{HOLDS}{made['id']}/release/", {"reason": "closed"}, format="json")
    client.delete(f"{CAMERAS}{camera.pk}/")

    told = signed_in(admin).get(HOLDS).json()["results"][0]

    assert (told["subject"], told["about"]) == ("camera:gate", str(camera.pk))
    assert (told["placed_email"], told["reason"]) == (analyst.email, "case 7")
    assert (told["released_email"], told["release_reason"]) == (admin.email, "closed")
    assert told["released"] is not None


def test_only_admins_release(client: APIClient, camera: Camera) -> None:
    placed = hold(camera)

    answer = client.post(f"{HOLDS}{placed.pk}/release/", {"reason": "mine"}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (403, "admins_only")
    assert LegalHold.objects.active().count() == 1


def test_a_hold_is_released_once(admin: User, camera: Camera) -> None:
    address = f"{HOLDS}{hold(camera).pk}/release/"
    desk = signed_in(admin)

    codes = [desk.post(address, {"reason": "x"}, format="json").status_code for _ in range(2)]

    assert codes == [200, 409]


def test_holds_are_seen_and_placed_by_whose_it_is(
    client: APIClient, camera: Camera, admin: User, home: Path
) -> None:
    team, member = Team.objects.create(name="yard"), make_user()
    team.members.add(member)
    Camera.objects.filter(pk=camera.pk).update(team=team)
    said = {"camera": str(camera.pk), "reason": "case 7"}

    shared = signed_in(member).post(HOLDS, said, format="json")
    stranger = signed_in(make_user()).post(HOLDS, said, format="json")
    made = signed_in(admin).post(HOLDS, said, format="json")

    assert (shared.status_code, stranger.status_code, made.status_code) == (403, 404, 201)
    assert client.get(HOLDS).json()["count"] == 1
    assert signed_in(member).get(HOLDS, {"about": str(camera.pk), "active": "true"}).json()["count"] == 1
    assert signed_in(make_user()).get(HOLDS).json()["count"] == 0
    assert signed_in(make_user()).get(f"{HOLDS}{made.json()['id']}/").status_code == 404


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"reason": "no subject"},
        {"camera": "x", "reason": "y"},
        {"camera": "CAMERA"},
        {"camera": "CAMERA", "reason": ""},
        {"camera": "CAMERA", "reason": "\0"},
        {"camera": "CAMERA", "reason": "y" * 501},
        {"camera": "CAMERA", "media": "CAMERA", "reason": "y"},
        {"media": "CAMERA", "reason": "y", "start": "2026-01-01T00:00:00Z"},
        {"camera": "CAMERA", "reason": "y", "start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"},
        {"camera": "CAMERA", "reason": "y", "until": "2026-01-01T00:00:00Z"},
    ],
)
def test_nonsense_is_refused(client: APIClient, camera: Camera, said: dict[str, str]) -> None:
    body = {name: str(camera.pk) if value == "CAMERA" else value for name, value in said.items()}

    assert client.post(HOLDS, body, format="json").status_code == 400


def test_a_media_without_a_hold_goes(analyst: User, home: Path) -> None:
    media = make_media(owner=analyst)

    remove(media, by=analyst)

    assert not Media.objects.filter(pk=media.pk).exists()
