"""Snapshots from before their bytes were counted are counted truly, once, whoever removes some of them meanwhile."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from accounts.models import User
from analysis import sightings, snapshots
from analysis.models import Camera, Run, Sighting, SnapshotTally
from analysis.retention import counting, expiry, quota
from tests.analysis.retention.conftest import See
from tests.factories import make_run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(camera: Camera) -> Run:
    return camera.runs.get()


def as_before() -> None:
    """The rows as they were when nobody counted, brought up to date as an update does it."""
    SnapshotTally.objects.all().delete()
    Sighting.objects.update(snapshot_bytes=0)
    import_module("analysis.migrations.0014_uncounted_snapshots").uncount(apps, None)


def all_counted() -> list[int]:
    found: list[int] = []
    while counted := counting.count_old():
        found.append(counted)
    return found


def test_old_snapshots_of_cameras_and_files_are_counted_in_portions(
    run: Run, see: See, analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "CHUNK", 2)
    upload = make_run(owner=analyst)
    for _ in range(3):
        see(run, 5, pictures=100)
    see(upload, 5, pictures=40)
    see(upload, 5)
    as_before()
    assert quota.used() == 0

    portions = all_counted()

    assert (sum(portions), max(portions)) == (4, 2)
    assert quota.used() == 340
    assert SnapshotTally.objects.get(topic=run.topic_id).size_bytes == 300
    assert not Sighting.objects.filter(snapshot_bytes=None).exists()


def test_a_bound_counts_for_them_too(run: Run, see: See, settings: Any) -> None:
    for days in (4, 3, 2):
        see(run, days, pictures=100)
    as_before()
    settings.SNAPSHOT_BYTES = 100

    assert quota.make_room() == 0
    all_counted()
    assert quota.make_room() == 2


def test_what_goes_before_it_is_counted_leaves_nothing_counted(
    camera: Camera, run: Run, see: See, home: Path
) -> None:
    single = see(run, 1, pictures=100)
    see(run, 40, pictures=100)
    see(run, 1, pictures=100)
    as_before()

    single.refresh_from_db()
    sightings.remove(single)
    Camera.objects.filter(pk=camera.pk).update(retention_days=30)
    expiry.expire()
    all_counted()

    on_disk = sum(file.stat().st_size for file in (home / "snapshots").rglob("*.jpg"))
    assert quota.used() == on_disk == 100


def test_a_picture_that_is_not_there_takes_nothing_and_is_asked_for_once(run: Run, see: See) -> None:
    snapshots.remove([see(run, 1, pictures=100).snapshot_path])
    as_before()

    assert all_counted() == [1]
    assert quota.used() == 0


def test_one_that_somebody_else_is_at_is_left_for_later(run: Run, see: See, camera: Camera) -> None:
    see(run, 1, pictures=100)
    as_before()
    other = connection.copy()

    with other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM analysis_camera WHERE id = %s FOR NO KEY UPDATE", [camera.pk])
        while_locked = counting.count_old()
    other.close()

    assert (while_locked, all_counted()) == (0, [1])


def test_a_look_costs_one_question_where_all_is_counted(
    run: Run, see: See, django_assert_num_queries: Any
) -> None:
    see(run, 1, pictures=100)

    with django_assert_num_queries(1):
        counting.count_old()
