"""Snapshots lie beside the log: whole or not at all, for whoever may see the event, and gone with it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from accounts.models import Role, User
from analysis import snapshots
from analysis.models import Run, Sighting
from analysis.queue import Claim
from analysis.recorder.keeping import clear_leftovers
from analysis.uploads import sweeping
from analysis.uploads.removal import remove
from realtime import log
from realtime.models import Topic
from tests.analysis.conftest import signed_in
from tests.analysis.footage import track
from tests.analysis.told import (
    PICTURE,
    claimed,
    lines,
    motion_told,
    plate_told,
    record,
    track_told,
)
from tests.factories import make_media, make_run, make_user

pytestmark = pytest.mark.django_db(transaction=True)
BOXED, CLEAN = PICTURE.boxed, PICTURE.clean


@pytest.fixture
def claim(home: Path, analyst: User) -> Claim:
    return claimed(make_media(owner=analyst))


@pytest.fixture
def pictures(home: Path) -> Callable[[], list[bytes]]:
    """What all files of the snapshots' folder hold."""
    return lambda: sorted(file.read_bytes() for file in (home / "snapshots").rglob("*") if file.is_file())


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that lies there lay there yesterday."""
    monkeypatch.setattr(sweeping, "ORPHAN_SECONDS", -1.0)


def pictured(claim: Claim, *more: Any) -> Sighting:
    """An event that has a snapshot."""
    record(claim, plate_told(snapshot=PICTURE), *more)
    return Sighting.objects.order_by("seq").get(topic=claim.topic, event_type="anpr")


def address(sighting: Sighting) -> str:
    return f"/api/v1/events/{sighting.pk}/snapshot/"


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_both_pictures_lie_on_disk_and_the_event_names_them(claim: Claim, home: Path) -> None:
    record(claim, *[told(snapshot=PICTURE) for told in (motion_told, track_told, plate_told)])

    kept = list(Sighting.objects.order_by("seq"))
    assert [line.data["snapshot"]["path"] for line in lines(claim)] == [one.snapshot_path for one in kept]
    for one in kept:
        assert re.fullmatch(rf"{claim.run}/1/[0-9a-f]{{2}}/[0-9a-f]{{32}}\.jpg", one.snapshot_path)
        boxed, clean = snapshots.files(one.snapshot_path)
        assert (boxed.read_bytes(), clean.read_bytes()) == (BOXED, CLEAN)
        assert boxed.is_relative_to(home / "snapshots")
    said = lines(claim)[0].data["snapshot"]
    # printf '\xff\xd8 boxed \xff\xd9' | sha256sum, and with clean
    assert said["sha256"] == "592cb566b75138a0d349000e764e4f0d9d4d7ab08268a6c3f8e0f3c41fe20d35"
    assert said["clean_sha256"] == "7271def693b1684584041e4a10f078b1b23a96100964da395446530d765bf7f1"
    assert not list((home / "snapshots").rglob("*.partial"))


def test_they_lie_where_the_setting_says(claim: Claim, settings: Any, tmp_path: Path) -> None:
    settings.SNAPSHOTS_DIR = str(tmp_path / "elsewhere")

    sighting = pictured(claim)

    assert (tmp_path / "elsewhere" / sighting.snapshot_path).read_bytes() == BOXED


def test_none_are_kept_where_they_are_switched_off(
    claim: Claim, settings: Any, pictures: Callable[[], list[bytes]]
) -> None:
    settings.ENABLE_SNAPSHOTS = False

    sighting = pictured(claim)

    assert (sighting.snapshot_path, pictures()) == ("", [])
    assert "snapshot" not in lines(claim)[0].data


def test_a_full_disk_costs_the_picture_and_not_the_event(
    claim: Claim, settings: Any, client: APIClient, pictures: Callable[[], list[bytes]]
) -> None:
    settings.RESERVED_DISK_BYTES = 2**60

    sighting = pictured(claim)

    assert lines(claim)[0].data["snapshot"] == {"missing": "disk_full"}
    assert (sighting.snapshot_path, pictures()) == ("", [])
    assert client.get(address(sighting)).json()["code"] == "no_snapshot"


def test_a_folder_that_cannot_be_written_costs_the_picture_and_not_the_event(
    claim: Claim, home: Path
) -> None:
    (home / "snapshots").write_text("a file, where the folder should be")

    pictured(claim)

    assert lines(claim)[0].data["snapshot"] == {"missing": "not_writable"}


def test_of_a_pair_that_cannot_be_written_whole_nothing_stays(claim: Claim, home: Path) -> None:
    (home / "snapshots" / str(claim.run)).mkdir(parents=True)
    names = [f"{number:02x}" for number in range(256)]
    (home / "snapshots" / str(claim.run) / "1").mkdir()
    for name in names:
        (home / "snapshots" / str(claim.run) / "1" / name).write_text("in the way")

    record(claim, *[track_told(snapshot=PICTURE) for _ in range(3)])

    assert [line.data["snapshot"] for line in lines(claim)] == [{"missing": "not_writable"}] * 3
    assert len(list((home / "snapshots").rglob("*"))) == 2 + 256


def test_the_picture_is_served_with_boxes_and_without(claim: Claim, client: APIClient) -> None:
    sighting = pictured(claim)

    boxed, clean = client.get(address(sighting)), client.get(address(sighting), {"boxes": "false"})

    assert (boxed.status_code, body(boxed), body(clean)) == (200, BOXED, CLEAN)
    assert boxed["Content-Type"] == "image/jpeg"
    assert boxed["X-Content-Type-Options"] == "nosniff"
    assert "private" in boxed["Cache-Control"]
    assert boxed["ETag"] != clean["ETag"]
    assert client.get(address(sighting), headers={"If-None-Match": boxed["ETag"]}).status_code == 304
    assert client.get(address(sighting), {"boxes": "no"}).json()["errors"][0]["field"] == "boxes"


@pytest.mark.parametrize("slash", ["", "/"])
def test_existing_clients_find_it_at_their_address(claim: Claim, client: APIClient, slash: str) -> None:
    sighting = pictured(claim)

    answer = client.get(f"/api/events/{sighting.pk}/snapshot{slash}")

    assert (answer.status_code, body(answer)) == (200, BOXED)
    record = client.get(f"/api/events/{sighting.pk}").json()
    assert record["snapshot_path"] == sighting.snapshot_path


def test_a_picture_is_for_those_who_may_see_the_event(claim: Claim, client: APIClient) -> None:
    sighting = pictured(claim)

    stranger = signed_in(make_user()).get(address(sighting))

    assert client.get(address(sighting)).status_code == 200
    assert (stranger.status_code, stranger.json()["code"]) == (404, "not_found")
    assert APIClient().get(address(sighting)).status_code == 401
    assert signed_in(make_user(role=Role.ADMIN)).get(address(sighting)).status_code == 200


@pytest.mark.parametrize("boxes", ["true", "false"])
def test_a_picture_whose_file_is_gone_is_said_to_be(claim: Claim, client: APIClient, boxes: str) -> None:
    sighting = pictured(claim)
    snapshots.files(sighting.snapshot_path)[boxes == "false"].unlink()

    answer = client.get(address(sighting), {"boxes": boxes})

    assert (answer.status_code, answer.json()["code"]) == (410, "snapshot_gone")
    assert str(claim.run) not in answer.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "../../../etc/passwd",
        "/etc/passwd",
        "{run}/1/../../x.jpg",
        "{other}/1/ab/" + "ab" * 16 + ".jpg",
        "{run}/1/ab/" + "ab" * 16 + ".jpg\n",
        "{run}/1/ab/" + "ab" * 16 + ".png",
        ["{run}"],
        None,
    ],
    ids=str,
)
def test_a_path_from_elsewhere_is_never_followed(path: Any, home: Path) -> None:
    run = make_run()
    path = path.format(run=run.pk, other=uuid4()) if isinstance(path, str) else path

    log.append(run.topic_id, [track(snapshot={"path": path}), track(snapshot=path)])

    assert set(Sighting.objects.values_list("snapshot_path", flat=True)) == {""}


def test_a_deleted_event_takes_its_pictures_along(
    claim: Claim, client: APIClient, pictures: Callable[[], list[bytes]]
) -> None:
    sighting = pictured(claim, track_told(snapshot=PICTURE))

    assert client.delete(f"/api/v1/events/{sighting.pk}/").status_code == 204

    assert pictures() == [BOXED, CLEAN]
    assert Sighting.objects.get().event_type == "tracking"


def test_emptied_lines_take_their_pictures_along(claim: Claim, pictures: Callable[[], list[bytes]]) -> None:
    pictured(claim, track_told(snapshot=PICTURE))

    log.empty(claim.topic, 1, 100)

    assert pictures() == []


def test_a_deletion_that_is_not_committed_deletes_no_picture(
    claim: Claim, pictures: Callable[[], list[bytes]]
) -> None:
    pictured(claim)

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        log.empty(claim.topic, 1, 100)
        raise ZeroDivisionError

    assert pictures() == [BOXED, CLEAN]


def test_a_deleted_file_takes_its_pictures_along(
    claim: Claim, analyst: User, pictures: Callable[[], list[bytes]]
) -> None:
    sighting = pictured(claim)
    run = Run.objects.get(pk=claim.run)
    Run.objects.filter(pk=run.pk).update(state=Run.State.SUCCEEDED)
    assert pictures() == [BOXED, CLEAN]

    remove(run.media, by=analyst)

    assert pictures() == []
    assert not snapshots.folder_of(run.pk).exists()
    assert not Sighting.objects.filter(pk=sighting.pk).exists()


def test_a_deletion_that_died_half_way_is_finished_by_the_sweep(
    claim: Claim, late: None, pictures: Callable[[], list[bytes]]
) -> None:
    sighting = pictured(claim, track_told(snapshot=PICTURE))
    Sighting.objects.filter(pk=sighting.pk).delete()  # what was committed when the process died

    assert sweeping.sweep() == 2

    assert pictures() == [BOXED, CLEAN]


def test_a_removal_that_died_half_way_is_finished_by_the_sweep(
    claim: Claim, late: None, home: Path, pictures: Callable[[], list[bytes]]
) -> None:
    pictured(claim)
    Topic.objects.filter(pk=claim.topic).delete()  # with the run and all of its rows

    sweeping.sweep()

    assert pictures() == []
    assert list((home / "snapshots").iterdir()) == []


def test_pictures_that_others_kept_in_the_folder_are_left_alone_by_the_sweep(
    claim: Claim, late: None, home: Path
) -> None:
    camera = home / "snapshots" / str(uuid4())
    foreign = [
        camera / "2025" / "a.jpg",
        camera / "1" / "ab" / "a.jpg",
        home / "snapshots" / "lost" / "a.jpg",
    ]
    for path in foreign:
        path.parent.mkdir(parents=True)
        path.write_bytes(b"theirs")

    assert sweeping.sweep() == 0

    assert all(path.exists() for path in foreign)


def test_a_picture_that_was_just_written_is_left_alone_by_the_sweep(
    claim: Claim, pictures: Callable[[], list[bytes]]
) -> None:
    sighting = pictured(claim)
    Sighting.objects.filter(pk=sighting.pk).delete()

    assert sweeping.sweep() == 0

    assert pictures() == [BOXED, CLEAN]


def test_pictures_a_lost_attempt_never_put_on_record_are_cleared_by_the_next(
    claim: Claim, pictures: Callable[[], list[bytes]]
) -> None:
    sighting = pictured(claim)
    kept = snapshots.files(sighting.snapshot_path)[0]
    (kept.parent / f"{'ab' * 16}.jpg").write_bytes(b"never on record")
    (kept.parent / f"{'ab' * 16}.partial").write_bytes(b"half")
    following = claimed(again=claim)

    clear_leftovers(following)

    assert pictures() == [BOXED, CLEAN]
