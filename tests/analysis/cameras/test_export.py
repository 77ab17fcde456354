"""What is on record of a camera can be taken away as one file that proves itself."""

import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from analysis import snapshots
from analysis.cameras import exporting
from analysis.models import Camera, Run, Sighting
from realtime import log
from realtime.envelope import GENESIS, digest_of, link
from realtime.log import Draft
from tests.analysis.cameras.conftest import CAMERAS, MakeCamera
from tests.analysis.conftest import signed_in
from tests.analysis.footage import motion, plate, track
from tests.factories import make_user

pytestmark = pytest.mark.django_db
DAY = {"start": "2026-05-03", "end": "2026-05-03"}


def at(hour: int) -> datetime:
    return datetime(2026, 5, 3, hour, tzinfo=UTC)


def timed(draft: Draft, time: datetime) -> Draft:
    return Draft(draft.type, draft.message, draft.data, draft.subject, time)


@pytest.fixture
def camera(make_camera: MakeCamera) -> Camera:
    camera = make_camera(key="gate")
    Run.objects.create(camera=camera, owner=camera.owner, topic=camera.topic, purpose=Run.Purpose.WATCH)
    return camera


def pictured(camera: Camera, draft: Draft, content: bytes = b"jpeg") -> Draft:
    """The event with two files beside it."""
    path = snapshots.new_path(Run.objects.get(camera=camera).pk, 1)
    for number, file in enumerate(snapshots.files(path)):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content + bytes([number]))
    return Draft(
        draft.type, draft.message, {**draft.data, "snapshot": {"path": path}}, draft.subject, draft.time
    )


def exported(client: APIClient, camera: Camera, **query: Any) -> zipfile.ZipFile:
    answer: Any = client.get(f"{CAMERAS}{camera.pk}/export/", query or DAY)
    assert answer.status_code == 200
    assert answer.streaming
    pieces = list(answer.streaming_content)
    assert all(pieces)  # an empty one would end a chunked answer
    return zipfile.ZipFile(io.BytesIO(b"".join(pieces)))


def test_an_export_holds_the_lines_as_they_are_chained(client: APIClient, camera: Camera) -> None:
    drafts = [timed(track(), at(10)), timed(plate(), at(11)), timed(motion(), at(12))]
    log.append(camera.topic_id, drafts)
    log.empty(camera.topic_id, 2, 2)

    lines = [json.loads(line) for line in exported(client, camera).read("events.jsonl").splitlines()]

    prev = GENESIS
    for line in lines:
        digest = bytes.fromhex(line["digest"]) if line.get("emptied") else digest_of(line)
        prev = link(prev, digest)
        assert line["hash"] == prev.hex()
    assert [line["type"] for line in lines] == ["track.entered", "plate.read", "motion.started"]
    assert lines[1].keys() == {"digest", "emptied", "hash", "seq", "topic", "type"}


def test_its_manifest_has_the_hash_of_every_file(client: APIClient, camera: Camera) -> None:
    log.append(camera.topic_id, [pictured(camera, timed(track(), at(10)), b"a"), timed(motion(), at(11))])

    archive = exported(client, camera)

    told = json.loads(archive.read("manifest.json"))
    assert archive.testzip() is None
    assert {file["name"]: file["sha256"] for file in told["files"]} == {
        name: hashlib.sha256(archive.read(name)).hexdigest()
        for name in ("events.jsonl", "snapshots/1.jpg", "snapshots/1.clean.jpg")
    }
    assert archive.read("snapshots/1.clean.jpg") == b"a\1"
    assert (told["camera"]["key"], told["first_seq"], told["last_seq"]) == ("gate", 1, 2)
    assert told["by"] == camera.owner.email


def test_only_the_time_asked_for_is_in_it(client: APIClient, camera: Camera) -> None:
    log.append(camera.topic_id, [timed(track(), at(hour)) for hour in (9, 10, 11, 12)])

    archive = exported(client, camera, start="2026-05-03T10:00:00Z", end="2026-05-03T12:00:00Z")

    assert [json.loads(line)["seq"] for line in archive.read("events.jsonl").splitlines()] == [2, 3]


def test_nothing_is_an_empty_list(client: APIClient, camera: Camera) -> None:
    archive = exported(client, camera)

    assert archive.read("events.jsonl") == b""
    assert json.loads(archive.read("manifest.json"))["first_seq"] is None


def test_a_picture_that_is_gone_is_said_to_be_missing(client: APIClient, camera: Camera) -> None:
    log.append(camera.topic_id, [pictured(camera, timed(track(), at(10)))])
    snapshots.files(Sighting.objects.get().snapshot_path)[0].unlink()

    archive = exported(client, camera)

    assert {"name": "snapshots/1.jpg", "missing": True} in json.loads(archive.read("manifest.json"))["files"]
    assert "snapshots/1.jpg" not in archive.namelist()


def test_pages_follow_one_another(client: APIClient, camera: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PAGE", 2)
    log.append(camera.topic_id, [pictured(camera, timed(track(), at(10))) for _ in range(5)])

    archive = exported(client, camera)

    assert len(archive.read("events.jsonl").splitlines()) == 5
    assert len(archive.namelist()) == 2 + 10


@pytest.mark.parametrize("bound", ["MOST_LINES", "MOST_PICTURES"])
def test_too_much_is_refused_before_anything_is_sent(
    client: APIClient, camera: Camera, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(exporting, bound, 1)
    log.append(camera.topic_id, [pictured(camera, timed(track(), at(10))) for _ in range(2)])

    answer = client.get(f"{CAMERAS}{camera.pk}/export/", DAY)

    assert (answer.status_code, answer.json()["code"]) == (422, "too_much")


def test_lines_of_another_time_between_count_too(
    client: APIClient, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MOST_LINES", 3)
    behind = [timed(track(), at(10) - timedelta(days=400)) for _ in range(3)]
    log.append(camera.topic_id, [timed(track(), at(10)), *behind, timed(track(), at(11))])

    answer = client.get(f"{CAMERAS}{camera.pk}/export/", DAY)

    assert (answer.status_code, answer.json()["code"]) == (422, "too_much")


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"start": "2026-05-03"},
        {"start": "2026-05-04", "end": "2026-05-02"},
        {"start": "../..", "end": "2026-05-02"},
        {**DAY, "camera": "x"},
    ],
)
def test_nonsense_is_refused(client: APIClient, camera: Camera, query: dict[str, Any]) -> None:
    assert client.get(f"{CAMERAS}{camera.pk}/export/", query).status_code == 400


def test_nobody_else_gets_one(camera: Camera, home: Path) -> None:
    assert signed_in(make_user()).get(f"{CAMERAS}{camera.pk}/export/", DAY).status_code == 404
    assert APIClient().get(f"{CAMERAS}{camera.pk}/export/", DAY).status_code == 401
