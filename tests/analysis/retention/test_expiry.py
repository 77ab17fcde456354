"""Footage goes when it was kept long enough: exactly what the preview says, as one, and no more."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from analysis import snapshots
from analysis.models import Camera, Run, Sighting
from analysis.retention import expiry
from realtime import log
from realtime.log import Draft
from tests.analysis.conftest import signed_in
from tests.analysis.footage import motion, plate, track
from tests.analysis.retention.conftest import MakeCamera, See, left, watched
from tests.factories import make_media, make_run, make_user

pytestmark = pytest.mark.django_db(transaction=True)
CAMERAS = "/api/v1/cameras/"


@pytest.fixture
def run(camera: Camera) -> Run:
    return camera.runs.get()


def keep(camera: Camera, days: int | None) -> None:
    Camera.objects.filter(pk=camera.pk).update(retention_days=days)


def pictures(home: Path) -> int:
    return sum(1 for file in (home / "snapshots").rglob("*.jpg"))


def test_what_is_too_old_goes_with_its_pictures_and_the_chain_holds(
    camera: Camera, run: Run, see: See, home: Path
) -> None:
    see(run, 40, plate(), pictures=20)
    see(run, 31, motion())
    young = see(run, 29, pictures=20)
    keep(camera, 30)

    gone = expiry.expire()

    assert gone == 2
    assert left(camera.topic_id) == [young.seq]
    assert [bool(line.body) for line in log.read(camera.topic_id)] == [False, False, True]
    assert pictures(home) == 2
    verified = log.verify(camera.topic_id)
    assert (verified.ok, verified.emptied) == (True, 2)


def test_without_a_number_of_days_nothing_goes(camera: Camera, run: Run, see: See) -> None:
    see(run, 4000)

    assert expiry.expire() == 0


def test_each_camera_has_its_own(camera: Camera, run: Run, see: See, make_camera: MakeCamera) -> None:
    other = watched(make_camera(key="yard"))
    see(run, 10)
    kept = see(other.runs.get(), 10)
    keep(camera, 5)
    keep(other, 20)

    expiry.expire()

    assert left(camera.topic_id) == []
    assert left(other.topic_id) == [kept.seq]


def test_much_goes_in_portions(camera: Camera, run: Run, see: See, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "CHUNK", 2)
    for _ in range(5):
        see(run, 10)
    keep(camera, 5)

    assert [expiry.expire() for _ in range(4)] == [2, 2, 1, 0]


def test_what_else_the_log_says_stays(camera: Camera, run: Run, see: See) -> None:
    log.append(run.topic_id, [Draft("camera.online", "On.", {"width": 10}, time=see(run, 20).time)])
    keep(camera, 5)

    expiry.expire()

    bodies = {line.type: bool(line.body) for line in log.read(camera.topic_id)}
    assert bodies == {"track.entered": False, "camera.online": True}


def test_a_look_costs_little_where_nothing_is_due(
    camera: Camera, run: Run, see: See, django_assert_max_num_queries: Any
) -> None:
    keep(camera, 5)
    for _ in range(5):
        see(run, 1)

    # which cameras; files have no number of days here
    with django_assert_max_num_queries(1):
        expiry.expire()


def test_footage_of_files_goes_only_where_the_desk_says_so(
    analyst: User, home: Path, see: See, settings: Any
) -> None:
    run = make_run(owner=analyst)
    see(run, 20, pictures=10)
    young = see(run, 1)
    assert expiry.expire() == 0

    settings.FOOTAGE_DAYS = 10
    expiry.expire()

    assert left(run.topic_id) == [young.seq]
    assert pictures(home) == 0


def test_a_preview_is_exactly_what_then_goes(client: APIClient, camera: Camera, run: Run, see: See) -> None:
    old = [see(run, 40, plate(), pictures=10), see(run, 35, track()), see(run, 32, track())]
    see(run, 10)

    told = client.get(f"{CAMERAS}{camera.pk}/retention/", {"days": 30}).json()

    assert left(camera.topic_id) == [1, 2, 3, 4]
    assert told["by_type"] == {"motion": 0, "tracking": 2, "anpr": 1}
    assert (told["total"], told["snapshots"], told["held"]) == (3, 1, 0)
    assert told["oldest"].startswith(f"{old[0].time:%Y-%m-%dT%H:%M}")
    assert told["newest"].startswith(f"{old[2].time:%Y-%m-%dT%H:%M}")
    assert told["retention_days"] is None

    client.post(f"{CAMERAS}{camera.pk}/retention/", {"days": 30}, format="json")
    assert expiry.expire() == told["total"]


def test_it_is_set_and_unset(client: APIClient, camera: Camera) -> None:
    address = f"{CAMERAS}{camera.pk}/retention/"

    first = client.post(address, {"days": 7}, format="json").json()
    second = client.post(address, {"days": None}, format="json").json()

    assert (first["retention_days"], second["retention_days"], second["total"]) == (7, None, 0)


@pytest.mark.parametrize("days", [0, -1, 36_501, "x", 1.5, None, [], {"a": 1}])
def test_nonsense_is_refused(client: APIClient, camera: Camera, days: Any) -> None:
    address = f"{CAMERAS}{camera.pk}/retention/"

    assert client.get(address, {"days": "" if days is None else str(days)}).status_code == 400
    if days is not None:
        assert client.post(address, {"days": days}, format="json").status_code == 400
    assert client.post(address, {}, format="json").status_code == 400


def test_others_neither_see_nor_set_it(camera: Camera, admin: User) -> None:
    address = f"{CAMERAS}{camera.pk}/retention/"

    assert signed_in(make_user()).get(address).status_code == 404
    assert signed_in(make_user()).post(address, {"days": 1}, format="json").status_code == 404
    assert signed_in(admin).post(address, {"days": 1}, format="json").status_code == 200


def test_an_event_whose_line_another_removes_meanwhile_does_no_harm(
    camera: Camera, run: Run, see: See
) -> None:
    sighting = see(run, 10)
    keep(camera, 5)
    log.empty(camera.topic_id, sighting.seq, sighting.seq)

    assert expiry.expire() == 0
    assert not Sighting.objects.exists()


def test_files_of_what_is_gone_are_gone(run: Run, camera: Camera, see: See, home: Path) -> None:
    path = see(run, 10, pictures=10).snapshot_path
    keep(camera, 5)

    expiry.expire()

    assert not any(file.exists() for file in snapshots.files(path))


def test_media_that_are_gone_are_passed_over(see: See, settings: Any, analyst: User, home: Path) -> None:
    settings.FOOTAGE_DAYS = 1
    run = make_run(media=make_media(owner=analyst))
    see(run, 5)
    Sighting.objects.update(camera_id="media:00000000-0000-4000-8000-000000000000")

    assert expiry.expire() == 0
