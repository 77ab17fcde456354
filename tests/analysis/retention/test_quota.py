"""Snapshots take no more room than allowed: the oldest go, what is held and every event stays."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from analysis import sightings
from analysis.models import Camera, Run, Sighting, SnapshotTally
from analysis.retention import expiry, holds, quota
from analysis.uploads.removal import remove
from realtime import log
from tests.analysis.retention.conftest import MakeCamera, See, days_ago, watched
from tests.factories import make_run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(camera: Camera) -> Run:
    return camera.runs.get()


def pictured() -> list[int]:
    """The seqs of events that still have a picture."""
    return list(Sighting.objects.exclude(snapshot_path="").order_by("seq").values_list("seq", flat=True))


def bytes_on_disk(home: Path) -> int:
    return sum(file.stat().st_size for file in (home / "snapshots").rglob("*.jpg"))


def test_the_oldest_go_and_their_events_stay(run: Run, see: See, home: Path, settings: Any) -> None:
    for days in (4, 3, 2, 1):
        see(run, days, pictures=100)
    settings.SNAPSHOT_BYTES = 250

    gone = quota.make_room()

    assert gone == 2
    assert pictured() == [3, 4]
    assert bytes_on_disk(home) == quota.used() == 200
    assert Sighting.objects.count() == 4
    assert all(line.body for line in log.read(run.topic_id))
    assert quota.make_room() == 0


def test_without_a_bound_nothing_goes(run: Run, see: See) -> None:
    see(run, 4000, pictures=100)

    assert quota.make_room() == 0


def test_a_camera_has_a_bound_of_its_own(camera: Camera, run: Run, see: See, make_camera: MakeCamera) -> None:
    other = watched(make_camera(key="yard")).runs.get()
    see(other, 50, pictures=1000)
    for days in (3, 2, 1):
        see(run, days, pictures=100)
    Camera.objects.filter(pk=camera.pk).update(snapshot_bytes=100)

    assert quota.make_room() == 2
    assert SnapshotTally.objects.get(topic=run.topic_id).size_bytes == 100
    assert SnapshotTally.objects.get(topic=other.topic_id).size_bytes == 1000


def test_what_is_held_stays_though_there_is_too_much(
    camera: Camera, run: Run, see: See, analyst: User, settings: Any
) -> None:
    held_media = make_run(owner=analyst)
    see(held_media, 9, pictures=100)
    for days in (4, 3, 2):
        see(run, days, pictures=100)
    assert held_media.media
    holds.place(held_media.media, by=analyst, reason="case 7")
    holds.place(camera, by=analyst, reason="case 8", start=days_ago(3.5), end=days_ago(2.5))
    settings.SNAPSHOT_BYTES = 10

    gone = [quota.make_room(), quota.make_room()]

    assert gone == [2, 0]
    assert quota.used() == 200


def test_much_goes_in_portions(run: Run, see: See, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "CHUNK", 2)
    for _ in range(5):
        see(run, 1, pictures=100)
    settings.SNAPSHOT_BYTES = 1

    assert [quota.make_room() for _ in range(4)] == [2, 2, 1, 0]


def test_what_goes_otherwise_is_counted_too(
    camera: Camera, run: Run, see: See, analyst: User, home: Path
) -> None:
    upload = make_run(owner=analyst, state=Run.State.SUCCEEDED)
    see(upload, 1, pictures=100)
    single, old = see(run, 1, pictures=100), see(run, 40, pictures=100)
    assert old.snapshot_bytes == 100
    assert quota.used() == 300

    sightings.remove(single)
    Camera.objects.filter(pk=camera.pk).update(retention_days=30)
    expiry.expire()
    assert upload.media
    remove(upload.media, by=analyst)

    assert quota.used() == bytes_on_disk(home) == 0


def test_lines_that_are_indexed_again_count_once(run: Run, see: See) -> None:
    see(run, 1, pictures=100)

    sightings.index(run.topic_id, log.read(run.topic_id))

    assert quota.used() == 100


def test_it_is_told_that_a_picture_went(client: APIClient, run: Run, see: See, settings: Any) -> None:
    sighting = see(run, 1, pictures=100)
    settings.SNAPSHOT_BYTES = 1
    quota.make_room()

    answer = client.get(f"/api/v1/events/{sighting.pk}/snapshot/")
    record = client.get(f"/api/v1/events/{sighting.pk}/").json()

    assert (answer.status_code, answer.json()["code"]) == (410, "snapshot_removed")
    assert record["snapshot_path"] is None


def test_a_preview_says_how_many_bytes_would_go(
    client: APIClient, camera: Camera, run: Run, see: See
) -> None:
    see(run, 40, pictures=100)
    see(run, 1, pictures=100)

    told = client.get(f"/api/v1/cameras/{camera.pk}/retention/", {"days": 30}).json()

    assert (told["snapshots"], told["snapshot_bytes"]) == (1, 100)


def test_a_camera_s_bound_is_set_in_rest(client: APIClient, camera: Camera) -> None:
    address = f"/api/v1/cameras/{camera.pk}/"

    changed = client.patch(address, {"snapshot_bytes": 10**9}, format="json")
    refused = client.patch(address, {"snapshot_bytes": -1}, format="json")

    assert changed.json()["snapshot_bytes"] == 10**9
    assert refused.status_code == 400


def test_a_look_costs_two_sums(run: Run, see: See, settings: Any, django_assert_num_queries: Any) -> None:
    for _ in range(5):
        see(run, 1, pictures=100)
    settings.SNAPSHOT_BYTES = 10**6

    with django_assert_num_queries(2):
        quota.make_room()
