"""Media in REST: lists, descriptions, bytes and their ranges, deletion."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Team, User
from analysis.engine.media.probe_child import probe_file
from analysis.models import Evidence, Media, Run, Tombstone, Upload
from analysis.uploads import probing
from realtime.models import Topic
from tests.analysis.conftest import signed_in
from tests.analysis.intake import MEDIA, png, send, wav
from tests.factories import make_media, make_user

pytestmark = pytest.mark.django_db
Files = Callable[[], list[Path]]


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "once"}], ids=["without a key", "with a key"])
def test_no_transaction_is_open_while_a_file_is_looked_into(
    client: APIClient, monkeypatch: pytest.MonkeyPatch, key: dict[str, str]
) -> None:
    inside: list[bool] = []

    def watched(path: Path, *rest: Any, **given: Any) -> Any:
        inside.append(connection.in_atomic_block)
        return probe_file(path, *rest, **given)

    monkeypatch.setattr(probing, "probe_file", watched)
    file = SimpleUploadedFile("clip.wav", wav())

    answer = client.post(MEDIA, {"file": file}, format="multipart", headers=key)

    assert answer.status_code == 201
    assert inside == [False]


def test_a_list_is_newest_first_and_paged(client: APIClient) -> None:
    names = [f"{number}.wav" for number in range(3)]
    for number, name in enumerate(names):
        send(client, wav(level=number), name, analyze="false")

    page = client.get(MEDIA, {"page_size": 2}).json()

    assert (page["count"], page["page"], page["page_size"]) == (3, 1, 2)
    assert [media["filename"] for media in page["results"]] == ["2.wav", "1.wav"]


def test_a_list_takes_the_same_queries_however_long(
    client: APIClient, django_assert_max_num_queries: Any
) -> None:
    for number in range(6):
        send(client, wav(level=number % 2))

    # sign-in 1, count 1, page 1, runs 1, duplicates 1
    with django_assert_max_num_queries(5):
        page = client.get(MEDIA).json()

    assert page["count"] == 6
    assert {len(media["duplicates"]) for media in page["results"]} == {2}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"kind": "image"}, ["b.png"]),
        ({"q": "A.WA"}, ["a.wav"]),
        ({"q": "harbour"}, ["b.png"]),
        ({"created_after": "2999-01-01"}, []),
        ({"created_before": "2999-01-01"}, ["b.png", "a.wav"]),
    ],
)
def test_a_list_can_be_narrowed(client: APIClient, query: dict[str, str], names: list[str]) -> None:
    send(client, wav(), "a.wav", analyze="false")
    send(client, png(), "b.png", analyze="false", description="the harbour")

    assert [media["filename"] for media in client.get(MEDIA, query).json()["results"]] == names


def test_a_list_can_be_narrowed_to_what_a_client_calls_its_file(client: APIClient, analyst: User) -> None:
    wanted = make_media(owner=analyst, external_id="m-17")
    make_media(owner=analyst, external_id="m-170")
    make_media(external_id="m-17")

    found = client.get(MEDIA, {"external_id": "m-17"}).json()["results"]

    assert [media["id"] for media in found] == [str(wanted.pk)]


@pytest.mark.parametrize(
    "query",
    [{"kind": "song"}, {"colour": "red"}, {"created_after": "2026-13-45"}, {"external_id": "x" * 201}],
    ids=["kind", "field", "day", "long id"],
)
def test_filters_that_make_no_sense_are_refused(client: APIClient, query: dict[str, str]) -> None:
    assert client.get(MEDIA, {"kind": "image"}).status_code == 200
    assert client.get(MEDIA, query).status_code == 400


def test_only_the_description_can_be_changed(client: APIClient) -> None:
    address = f"{MEDIA}{send(client, wav(), analyze='false').json()['id']}/"

    described = client.patch(address, {"description": "from the harbour"}, format="json")
    renamed = client.patch(address, {"filename": "x.wav"}, format="json")

    assert (described.status_code, renamed.status_code) == (200, 400)
    assert client.get(address).json()["description"] == "from the harbour"


def test_a_team_sees_what_is_shared_with_it(client: APIClient, analyst: User) -> None:
    media = Media.objects.get(pk=send(client, wav(), analyze="false").json()["id"])
    colleague = make_user()
    team = Team.objects.create(name="desk")
    team.members.add(analyst, colleague)
    before = signed_in(colleague).get(f"{MEDIA}{media.pk}/").status_code

    media.team = team
    media.save()

    assert before == 404
    assert signed_in(colleague).get(f"{MEDIA}{media.pk}/").status_code == 200
    assert signed_in(colleague).delete(f"{MEDIA}{media.pk}/").status_code == 403


@pytest.mark.parametrize(
    ("header", "status", "first", "last"),
    [
        (None, 200, 0, None),
        ("bytes=0-9", 206, 0, 10),
        ("bytes=100-", 206, 100, None),
        ("bytes=-16", 206, -16, None),
        ("bytes=0-99999999", 206, 0, None),
        ("bytes=5-2", 200, 0, None),
        ("bytes=0-1,4-5", 200, 0, None),
        ("lines=1-2", 200, 0, None),
        ("bytes=-", 200, 0, None),
    ],
)
def test_the_bytes_come_back_whole_or_in_part(
    client: APIClient, header: str | None, status: int, first: int, last: int | None
) -> None:
    content = wav()
    address = f"{MEDIA}{send(client, content, analyze='false').json()['id']}/file/"

    answer = client.get(address, **({} if header is None else {"HTTP_RANGE": header}))

    assert answer.status_code == status
    assert body_of(answer) == content[first:last]
    assert int(answer["Content-Length"]) == len(content[first:last])
    assert answer["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("header", ["bytes=99999999-", "bytes=-0"])
def test_a_part_beyond_the_end_is_refused(client: APIClient, header: str) -> None:
    content = wav()
    address = f"{MEDIA}{send(client, content, analyze='false').json()['id']}/file/"

    answer = client.get(address, HTTP_RANGE=header)

    assert answer.status_code == 416
    assert answer["Content-Range"] == f"bytes */{len(content)}"
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "range_unsatisfiable"


@pytest.mark.parametrize("header", ["bytes=0-9", "bytes=99999999-"])
def test_who_asks_for_the_head_alone_hears_of_the_whole_file(client: APIClient, header: str) -> None:
    content = wav()
    address = f"{MEDIA}{send(client, content, analyze='false').json()['id']}/file/"

    answer = client.head(address, HTTP_RANGE=header)

    assert (answer.status_code, answer["Content-Length"]) == (200, str(len(content)))
    assert "Content-Range" not in answer


def test_a_part_is_only_given_of_the_same_file(client: APIClient) -> None:
    address = f"{MEDIA}{send(client, wav(), analyze='false').json()['id']}/file/"
    whole = client.get(address)

    same = client.get(address, HTTP_RANGE="bytes=0-9", HTTP_IF_RANGE=whole["ETag"])
    same_time = client.get(address, HTTP_RANGE="bytes=0-9", HTTP_IF_RANGE=whole["Last-Modified"])
    other = client.get(address, HTTP_RANGE="bytes=0-9", HTTP_IF_RANGE='"another"')
    known = client.get(address, HTTP_IF_NONE_MATCH=whole["ETag"])

    assert [answer.status_code for answer in (same, same_time, other, known)] == [206, 206, 200, 304]


def test_bytes_are_served_so_that_nothing_of_them_runs(client: APIClient) -> None:
    name = 'ü"x.html'
    address = f"{MEDIA}{send(client, png(), name, analyze='false').json()['id']}/file/"

    shown, saved = client.get(address, HTTP_ACCEPT="image/*"), client.get(address, {"download": "true"})

    assert shown["Content-Type"] == "image/png"
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in shown["Content-Security-Policy"]
    assert "default-src 'none'" in shown["Content-Security-Policy"]
    assert shown["Content-Disposition"].startswith("inline; ")
    assert saved["Content-Disposition"].startswith("attachment; ")
    assert "\r" not in saved["Content-Disposition"]


def test_a_deleted_file_leaves_a_tombstone_and_nothing_else(
    client: APIClient, analyst: User, home: Path, kept_files: Files
) -> None:
    body = send(client, wav()).json()
    run = Run.objects.get()
    Run.objects.update(state=Run.State.SUCCEEDED, outcome="no_signs", finished=timezone.now())
    pictures = home / "evidence" / str(run.pk) / "1"
    pictures.mkdir(parents=True)
    for name in ("on-record.png", "of-a-lost-attempt.png"):
        (pictures / name).write_bytes(png())
    Evidence.objects.create(
        run=run, attempt=1, detector="jpeg", kind="picture", title="t", media_type="image/png",
        path=f"{run.pk}/1/on-record.png", sha256="0" * 64,
    )  # fmt: skip

    answer = client.delete(f"{MEDIA}{body['id']}/?reason=asked+to")

    grave = Tombstone.objects.get()
    assert answer.status_code == 204
    assert (str(grave.pk), grave.sha256, grave.outcome) == (body["id"], body["sha256"], "no_signs")
    assert (grave.removed_by, grave.reason) == (analyst, "asked to")
    assert not Media.objects.exists()
    assert not Run.objects.exists()
    assert not Topic.objects.exists()
    assert kept_files() == []
    assert list((home / "evidence").iterdir()) == []


def test_a_file_that_is_being_examined_cannot_be_deleted(client: APIClient, kept_files: Files) -> None:
    body = send(client, wav()).json()

    answer = client.delete(f"{MEDIA}{body['id']}/")

    assert (answer.status_code, answer.json()["code"]) == (409, "still_examined")
    assert len(kept_files()) == 1


def test_deleting_one_of_two_with_the_same_bytes_leaves_the_other_whole(client: APIClient) -> None:
    content = wav()
    first, second = (send(client, content, analyze="false").json()["id"] for _ in range(2))

    client.delete(f"{MEDIA}{first}/")

    assert client.get(f"{MEDIA}{first}/file/").status_code == 404
    assert body_of(client.get(f"{MEDIA}{second}/file/")) == content


def _foreign(owner: APIClient, user: User) -> dict[str, str]:
    body = send(owner, wav()).json()
    run = Run.objects.get()
    evidence = Evidence.objects.create(
        run=run, attempt=0, detector="x", kind="x", title="x", media_type="image/png", path="x", sha256="0"
    )
    upload = Upload.objects.create(
        owner=user, filename="x", length=1, path="x", expires=timezone.now() + timedelta(hours=1)
    )
    return {"media": body["id"], "run": str(run.pk), "evidence": str(evidence.pk), "upload": str(upload.pk)}


WHERE = [
    ("get", "media/{media}/"),
    ("patch", "media/{media}/"),
    ("delete", "media/{media}/"),
    ("get", "media/{media}/file/"),
    ("get", "runs/{run}/"),
    ("post", "runs/{run}/cancel/"),
    ("post", "runs/{run}/retry/"),
    ("get", "evidence/{evidence}/"),
    ("get", "uploads/{upload}/"),
    ("head", "uploads/{upload}/"),
    ("patch", "uploads/{upload}/"),
    ("delete", "uploads/{upload}/"),
]


@pytest.mark.parametrize(("method", "address"), WHERE)
def test_other_peoples_things_are_answered_like_missing_ones(
    client: APIClient, analyst: User, method: str, address: str
) -> None:
    ids = _foreign(client, analyst)
    missing = dict.fromkeys(ids, "00000000-0000-4000-8000-000000000000")
    stranger = signed_in(make_user())
    stranger.credentials(**stranger._credentials, HTTP_TUS_RESUMABLE="1.0.0", HTTP_UPLOAD_OFFSET="0")
    options = {"content_type": "application/offset+octet-stream"} if "upload" in address else {}

    foreign = getattr(stranger, method)(f"/api/v1/{address.format(**ids)}", **options)
    absent = getattr(stranger, method)(f"/api/v1/{address.format(**missing)}", **options)

    assert (foreign.status_code, absent.status_code) == (404, 404)
    if foreign.content:
        told = foreign.json() | {"instance": None}
        assert told == absent.json() | {"instance": None}


@pytest.mark.parametrize(("method", "address"), WHERE)
def test_nobody_is_let_in_anonymously(client: APIClient, analyst: User, method: str, address: str) -> None:
    ids = _foreign(client, analyst)

    answer = getattr(APIClient(), method)(f"/api/v1/{address.format(**ids)}")

    assert answer.status_code == 401


def test_lists_hold_ones_own_things_only(client: APIClient, analyst: User) -> None:
    _foreign(client, analyst)
    stranger = signed_in(make_user())

    assert [client.get(f"/api/v1/{name}/").json()["count"] for name in ("media", "runs")] == [1, 1]
    assert [stranger.get(f"/api/v1/{name}/").json()["count"] for name in ("media", "runs")] == [0, 0]
