"""Clips in REST: a stretch of a video for whoever may see it, with what proves where it is from."""

import hashlib
import json
from pathlib import Path
from typing import Any

import av
import pytest
from rest_framework.test import APIClient

from accounts.models import Role, Team
from analysis import clips as cutting
from analysis.models import Media
from analysis.uploads import sweeping
from realtime import log
from realtime.envelope import digest_of
from tests import clips
from tests.analysis.conftest import signed_in
from tests.analysis.footage import motion, plate, track
from tests.analysis.intake import send
from tests.factories import make_run, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def media(client: APIClient, tmp_path: Path) -> Media:
    options = {"preset": "fast", "g": "25", "sc_threshold": "0"}
    path = clips.write_video(tmp_path / "made.mp4", seconds=6, codec="libx264", options=options)
    answer = send(client, path.read_bytes(), "Yard — north.mp4", analyze="false")
    return Media.objects.get(pk=answer.json()["id"])


def address(media: Media) -> str:
    return f"/api/v1/media/{media.pk}/clip/"


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_a_clip_says_where_it_really_begins_and_what_it_is_of(
    client: APIClient, media: Media, tmp_path: Path
) -> None:
    answer = client.get(address(media), {"start": 2.5, "end": 4})

    content = body_of(answer)
    (tmp_path / "got.mp4").write_bytes(content)
    with av.open(str(tmp_path / "got.mp4")) as file:
        assert len(list(file.decode(video=0))) >= 50
    assert answer.status_code == 200
    assert answer["Content-Type"] == "video/mp4"
    assert answer["Assay-Clip-Begins"] == "2.000"
    assert 4.0 <= float(answer["Assay-Clip-Ends"]) <= 4.3
    assert answer["Assay-Original-SHA256"] == media.sha256
    assert answer["Assay-Copy-SHA256"] == hashlib.sha256(content).hexdigest()
    assert answer["Content-Disposition"].startswith("attachment")
    assert "Yard%20%E2%80%94%20north_2.00-4." in answer["Content-Disposition"]
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_manifest_names_the_same_copy_and_the_events_in_it(client: APIClient, media: Media) -> None:
    run = make_run(media=media)
    drafts = [track(pts_seconds=1.9), plate(pts_seconds=2.5), motion(pts_seconds=2.1), track(pts_seconds=5.0)]
    log.append(run.topic_id, drafts)
    copy = client.get(address(media), {"start": 2.5, "end": 4})

    told = client.get(address(media), {"start": 2.5, "end": 4, "manifest": 1}).json()

    assert told["copy"]["sha256"] == copy["Assay-Copy-SHA256"]
    assert told["copy"]["size_bytes"] == len(body_of(copy))
    assert told["original"] == {
        "filename": media.filename, "sha256": media.sha256, "size_bytes": media.size_bytes,
    }  # fmt: skip
    assert told["asked"] == {"start_seconds": 2.5, "end_seconds": 4.0}
    assert [event["event"]["type"] for event in told["events"]] == ["motion.started", "plate.read"]
    assert told["events_left_out"] is False
    for event in told["events"]:
        assert digest_of(event["event"]).hex() == event["digest"]
        assert event["event"]["hash"] == event["hash"]


def test_emptied_events_are_in_no_manifest(client: APIClient, media: Media) -> None:
    run = make_run(media=media)
    [line] = log.append(run.topic_id, [plate(pts_seconds=2.5)])
    log.empty(run.topic_id, line.seq, line.seq)

    told = client.get(address(media), {"start": 2, "end": 4, "manifest": 1}).json()

    assert told["events"] == []


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"start": 1},
        {"start": 2, "end": 2},
        {"start": 3, "end": 2},
        {"start": -1, "end": 2},
        {"start": "nan", "end": 2},
        {"start": 0, "end": "nan"},
        {"start": 0, "end": "inf"},
        {"start": 0, "end": 1e300},
        {"start": "1; rm", "end": 2},
        {"start": 0, "end": 1, "manifest": "maybe"},
        {"start": 0, "end": 1, "format": "mkv", "codec": "x"},
    ],
)
def test_nonsense_is_refused(client: APIClient, media: Media, query: dict[str, Any]) -> None:
    assert client.get(address(media), query).status_code == 400


def test_a_stretch_the_file_has_not_is_refused_without_saying_where_it_lies(
    client: APIClient, media: Media, home: Path
) -> None:
    answer = client.get(address(media), {"start": 60, "end": 70})

    assert (answer.status_code, answer.json()["code"]) == (422, "not_cut")
    assert media.path.rpartition("/")[2] not in json.dumps(answer.json()["detail"])
    assert str(home) not in answer.content.decode()


def test_sound_cannot_be_cut(client: APIClient, tmp_path: Path) -> None:
    sound = clips.write_sound(tmp_path / "a.wav").read_bytes()
    media = Media.objects.get(pk=send(client, sound, "a.wav", analyze="false").json()["id"])

    assert client.get(address(media), {"start": 0, "end": 1}).json()["code"] == "not_cut"


def test_a_clip_larger_than_allowed_is_refused(client: APIClient, media: Media, settings: Any) -> None:
    settings.MAX_CLIP_BYTES = 4000

    answer = client.get(address(media), {"start": 0, "end": 6})

    assert (answer.status_code, answer.json()["code"]) == (422, "not_cut")
    assert "shorter" in answer.json()["detail"]


def test_only_who_may_see_the_file_gets_a_clip_of_it(client: APIClient, media: Media) -> None:
    team, member = Team.objects.create(name="yard"), make_user(role=Role.VIEWER)
    team.members.add(member)
    query = {"start": 0, "end": 1}
    assert signed_in(member).get(address(media), query).status_code == 404

    Media.objects.filter(pk=media.pk).update(team=team)

    assert signed_in(member).get(address(media), query).status_code == 200
    assert signed_in(make_user()).get(address(media), query).status_code == 404
    assert APIClient().get(address(media), query).status_code == 401


def test_a_file_that_is_not_kept_any_more_is_not_found(client: APIClient, media: Media, home: Path) -> None:
    (home / "media" / media.path).unlink()

    assert client.get(address(media), {"start": 0, "end": 1}).status_code == 404


def test_nothing_is_left_behind(client: APIClient, media: Media, home: Path) -> None:
    body_of(client.get(address(media), {"start": 0, "end": 1}))
    client.get(address(media), {"start": 60, "end": 70})

    assert list((home / "media" / "incoming").iterdir()) == []


def test_the_sweep_leaves_a_copy_that_is_being_read(
    media: Media, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "FRESH_SECONDS", -1.0)

    with cutting.cut(media, start_seconds=0.0, end_seconds=1.0) as cut:
        sweeping.sweep()

        assert cut.path.is_file()


def test_more_than_a_few_at_a_time_are_told_to_wait(
    client: APIClient, media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "WAIT_SECONDS", 0.0)

    with (
        cutting.cut(media, start_seconds=0, end_seconds=1),
        cutting.cut(media, start_seconds=0, end_seconds=1),
    ):
        answer = client.get(address(media), {"start": 0, "end": 1})

    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
