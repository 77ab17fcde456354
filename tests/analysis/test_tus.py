"""Resumable uploads: what arrived counts, and only what arrived."""

import base64
import hashlib
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from analysis.models import Media, Run, Upload
from analysis.uploads.sweeping import sweep
from tests.analysis.conftest import signed_in
from tests.analysis.intake import png, wav
from tests.factories import make_user

UPLOADS = "/api/v1/uploads/"
Files = Callable[[], list[Path]]
TUS = {"HTTP_TUS_RESUMABLE": "1.0.0"}
pytestmark = pytest.mark.django_db


def metadata(**fields: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in fields.items())


def begin(client: APIClient, length: int, **fields: str) -> Any:
    said = metadata(**({"filename": "clip.wav"} | fields))
    return client.post(UPLOADS, HTTP_UPLOAD_LENGTH=str(length), HTTP_UPLOAD_METADATA=said, **TUS)


def piece(client: APIClient, address: str, offset: int, content: bytes, **headers: str) -> Any:
    return client.generic(
        "PATCH",
        address,
        content,
        content_type="application/offset+octet-stream",
        HTTP_UPLOAD_OFFSET=str(offset),
        **TUS,
        **headers,
    )


def checksum(algorithm: str, content: bytes) -> dict[str, str]:
    digest = base64.b64encode(hashlib.new(algorithm, content).digest()).decode()
    return {"HTTP_UPLOAD_CHECKSUM": f"{algorithm} {digest}"}


def test_the_server_says_what_it_can(client: APIClient, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 5_000_000

    answer = client.options(UPLOADS)

    assert answer.status_code == 204
    assert answer["Tus-Version"] == "1.0.0"
    assert answer["Tus-Extension"] == "creation,termination,checksum,expiration"
    assert answer["Tus-Max-Size"] == "5000000"
    assert answer["Tus-Checksum-Algorithm"] == "sha1,sha256"


def test_a_file_arrives_in_pieces_and_is_examined(client: APIClient, kept_files: Files) -> None:
    content = wav(seconds=3)
    begun = begin(client, len(content), filename="../x/interview.wav", description="by phone")
    address = begun["Location"]

    first = piece(client, address, 0, content[:70_000])
    seen = client.head(address, **TUS)
    last = piece(client, address, 70_000, content[70_000:])

    media, run = Media.objects.get(), Run.objects.get()
    assert (begun.status_code, first.status_code, last.status_code) == (201, 204, 204)
    assert (first["Upload-Offset"], seen["Upload-Offset"]) == ("70000", "70000")
    assert seen["Upload-Length"] == str(len(content))
    assert "Upload-Expires" in seen
    assert seen["Cache-Control"] == "no-store"
    assert (last["Assay-Media"], last["Assay-Run"]) == (str(media.pk), str(run.pk))
    assert media.sha256 == hashlib.sha256(content).hexdigest()
    assert (media.filename, media.description) == ("interview.wav", "by phone")
    assert [path.read_bytes() for path in kept_files()] == [content]


def test_a_finished_upload_answers_like_sending_in_one_go(client: APIClient) -> None:
    content = wav()
    address = begin(client, len(content))["Location"]
    before = client.get(address)
    piece(client, address, 0, content)

    after = client.get(address)

    assert (before.status_code, before.json()["code"]) == (409, "upload_incomplete")
    assert after.status_code == 200
    assert after.json()["sha256"] == hashlib.sha256(content).hexdigest()
    assert after.json()["run"]["id"] == str(Run.objects.get().pk)
    assert after.json()["duplicates"] == []


def test_what_is_said_at_the_beginning_counts(client: APIClient) -> None:
    content = wav()
    address = begin(client, len(content), analyze="false")["Location"]

    last = piece(client, address, 0, content)

    assert "Assay-Run" not in last
    assert not Run.objects.exists()


def test_what_was_said_at_the_beginning_is_said_again(client: APIClient) -> None:
    said = "filename Y2xpcC53YXY= , analyze ZmFsc2U="
    told = client.post(UPLOADS, HTTP_UPLOAD_LENGTH="10", HTTP_UPLOAD_METADATA=said, **TUS)
    silent = client.post(UPLOADS, HTTP_UPLOAD_LENGTH="10", **TUS)

    assert client.head(told["Location"], **TUS)["Upload-Metadata"] == said
    assert "Upload-Metadata" not in client.head(silent["Location"], **TUS)


def test_a_piece_at_another_offset_is_refused(client: APIClient) -> None:
    content = wav()
    address = begin(client, len(content))["Location"]
    piece(client, address, 0, content[:1000])

    again, ahead = piece(client, address, 0, content[:1000]), piece(client, address, 5000, content[5000:])

    assert (again.status_code, ahead.status_code) == (409, 409)
    assert client.head(address, **TUS)["Upload-Offset"] == "1000"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_damaged_piece_does_not_count(client: APIClient, algorithm: str) -> None:
    content = wav()
    address = begin(client, len(content))["Location"]

    damaged = piece(client, address, 0, content[:999] + b"!", **checksum(algorithm, content[:1000]))
    whole = piece(client, address, 0, content[:1000], **checksum(algorithm, content[:1000]))

    assert damaged.status_code == 460
    assert whole.status_code == 204
    assert whole["Upload-Offset"] == "1000"


@pytest.mark.parametrize("header", ["md5 AAAA", "sha1 !!", "sha1 ü", ""])
def test_a_checksum_that_makes_no_sense_is_refused(client: APIClient, header: str) -> None:
    address = begin(client, 2000)["Location"]

    assert piece(client, address, 0, b"x", HTTP_UPLOAD_CHECKSUM=header).status_code == 400
    assert piece(client, address, 0, b"x", **checksum("sha1", b"x")).status_code == 204


def test_the_whole_file_is_held_against_the_hash_of_the_sender(client: APIClient, kept_files: Files) -> None:
    content = wav()
    good = begin(client, len(content), sha256=hashlib.sha256(content).hexdigest())["Location"]
    bad = begin(client, len(content), sha256="0" * 64)["Location"]

    answers = piece(client, good, 0, content), piece(client, bad, 0, content)

    assert [answer.status_code for answer in answers] == [204, 460]
    assert len(kept_files()) == 1
    assert client.head(bad, **TUS).status_code == 404


def test_a_hash_is_right_after_the_process_that_began_it_is_gone(client: APIClient) -> None:
    from analysis.uploads import running_hashes

    content = wav(seconds=3)
    address = begin(client, len(content))["Location"]
    piece(client, address, 0, content[:50_000])
    running_hashes.forget(Upload.objects.get().pk)

    piece(client, address, 50_000, content[50_000:])

    assert Media.objects.get().sha256 == hashlib.sha256(content).hexdigest()


def test_what_is_no_media_is_refused_as_soon_as_its_head_is_there(
    client: APIClient, kept_files: Files
) -> None:
    address = begin(client, 10_000_000)["Location"]

    answer = piece(client, address, 0, b"text " * 20_000)

    assert (answer.status_code, answer.json()["code"]) == (415, "not_media")
    assert answer["Tus-Resumable"] == "1.0.0"
    assert client.head(address, **TUS).status_code == 404
    assert kept_files() == []


def test_a_picture_over_the_limits_is_refused_at_the_end(client: APIClient, kept_files: Files) -> None:
    bomb = png(40_000, 25_000)
    address = begin(client, len(bomb))["Location"]

    answer = piece(client, address, 0, bomb)

    assert (answer.status_code, answer.json()["code"]) == (422, "over_limits")
    assert kept_files() == []
    assert not Upload.objects.exists()


def test_more_than_the_limits_is_refused_at_the_beginning(client: APIClient, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 10_000

    answers = begin(client, 10_000), begin(client, 10_001), begin(client, 0)

    assert [answer.status_code for answer in answers] == [201, 413, 422]


def test_more_than_was_announced_is_refused(client: APIClient) -> None:
    address = begin(client, 1000)["Location"]

    answer = piece(client, address, 0, wav()[:1001])

    assert answer.status_code == 413
    assert client.head(address, **TUS)["Upload-Offset"] == "0"


def test_a_piece_of_more_than_8_mb_is_refused(client: APIClient) -> None:
    address = begin(client, 20_000_000)["Location"]

    assert piece(client, address, 0, bytes(8 * 2**20 + 1)).status_code == 413


def test_an_ended_upload_is_gone(client: APIClient, kept_files: Files) -> None:
    content = wav()
    address = begin(client, len(content))["Location"]
    piece(client, address, 0, content[:1000])

    ended = client.delete(address, **TUS)

    assert ended.status_code == 204
    assert kept_files() == []
    assert piece(client, address, 1000, content[1000:]).status_code == 404


def test_the_method_can_be_overridden(client: APIClient) -> None:
    address = begin(client, 1000)["Location"]

    answer = client.post(address, HTTP_X_HTTP_METHOD_OVERRIDE="DELETE", **TUS)

    assert answer.status_code == 204
    assert not Upload.objects.exists()


def test_an_expired_upload_cannot_go_on_and_is_swept(client: APIClient, kept_files: Files) -> None:
    content = wav()
    address = begin(client, len(content))["Location"]
    piece(client, address, 0, content[:1000])
    Upload.objects.update(expires=timezone.now() - timedelta(seconds=1))

    late = piece(client, address, 1000, content[1000:])
    swept = sweep()

    assert late.status_code == 410
    assert swept == 1
    assert kept_files() == []
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"HTTP_UPLOAD_LENGTH": "10"}, 412),
        ({"HTTP_UPLOAD_LENGTH": "10", "HTTP_TUS_RESUMABLE": "0.2.2"}, 412),
        ({"HTTP_TUS_RESUMABLE": "1.0.0"}, 400),
        ({"HTTP_UPLOAD_LENGTH": "-1", "HTTP_TUS_RESUMABLE": "1.0.0"}, 400),
        ({"HTTP_UPLOAD_LENGTH": "ten", "HTTP_TUS_RESUMABLE": "1.0.0"}, 400),
        (TUS | {"HTTP_UPLOAD_LENGTH": "10", "HTTP_UPLOAD_METADATA": "filename !!"}, 400),
        (TUS | {"HTTP_UPLOAD_LENGTH": "10", "HTTP_UPLOAD_METADATA": "filename ü"}, 400),
        (TUS | {"HTTP_UPLOAD_LENGTH": "10", "HTTP_UPLOAD_METADATA": metadata(colour="red")}, 400),
    ],
)
def test_malformed_beginnings_are_refused(client: APIClient, headers: dict[str, str], status: int) -> None:
    assert begin(client, 10).status_code == 201
    assert client.post(UPLOADS, **headers).status_code == status


def test_other_peoples_uploads_do_not_exist(client: APIClient) -> None:
    address = begin(client, 1000)["Location"]
    stranger = signed_in(make_user())

    assert client.head(address, **TUS).status_code == 200
    assert stranger.head(address, **TUS).status_code == 404
    assert stranger.get(address).status_code == 404
    assert piece(stranger, address, 0, b"x").status_code == 404
    assert stranger.delete(address, **TUS).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_two_pieces_for_one_offset_exactly_one_wins(client: APIClient, analyst: User) -> None:
    content = wav(seconds=20)
    address = begin(client, len(content))["Location"]
    together = threading.Barrier(4)
    answers: list[int] = []

    def race(number: int) -> None:
        together.wait()
        try:
            answers.append(piece(signed_in(analyst), address, 0, content[: 400_000 + number]).status_code)
        finally:
            connection.close()

    racers = [threading.Thread(target=race, args=(number,)) for number in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    arrived = int(client.head(address, **TUS)["Upload-Offset"])
    last = piece(client, address, arrived, content[arrived:])

    assert sorted(answers) == [204, 409, 409, 409]
    assert last.status_code == 204
    assert Media.objects.get().sha256 == hashlib.sha256(content).hexdigest()
