"""Sending a file in one go: what is kept, what is refused, and that nothing is left of what is refused."""

import hashlib
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Role, User
from analysis.models import DetectorCard, Media, Run
from tests import clips
from tests.analysis.conftest import signed_in
from tests.analysis.intake import MEDIA, png, send, wav
from tests.factories import make_user

pytestmark = pytest.mark.django_db
Files = Callable[[], list[Path]]


def test_a_file_is_kept_byte_for_byte_and_its_run_is_queued(client: APIClient, kept_files: Files) -> None:
    content = wav()

    answer = send(client, content, "interview.wav", description="from the phone")

    body = answer.json()
    run = Run.objects.get()
    assert answer.status_code == 201
    assert body["sha256"] == hashlib.sha256(content).hexdigest()
    assert (body["size_bytes"], body["kind"], body["filename"]) == (len(content), "audio", "interview.wav")
    assert body["description"] == "from the phone"
    assert body["duplicates"] == []
    assert body["run"]["id"] == str(run.pk)
    assert body["run"]["topic"] == str(run.topic_id)
    assert body["run"]["head"] == run.topic.head
    assert [path.read_bytes() for path in kept_files()] == [content]
    assert stat.S_IMODE(kept_files()[0].stat().st_mode) == 0o440
    assert answer["Location"] == f"{MEDIA}{body['id']}/"


def test_what_the_file_holds_is_found_out(client: APIClient) -> None:
    body = send(client, wav(seconds=2)).json()

    assert body["media_type"] == "audio/wav"
    assert body["facts"]["duration_seconds"] == pytest.approx(2.0, abs=0.05)
    assert body["facts"]["audio_codec"] == "pcm_s16le"


def test_a_file_can_be_kept_without_a_run(client: APIClient) -> None:
    body = send(client, wav(), analyze="false").json()

    assert body["run"] is None
    assert not Run.objects.exists()


def test_detectors_can_be_named(client: APIClient) -> None:
    for name in ("spectrum", "jpeg"):
        DetectorCard.objects.create(name=name, card={}, available=True)

    answer = send(client, wav(), detectors="jpeg, spectrum")

    assert answer.status_code == 201
    assert Run.objects.get().detectors == ["jpeg", "spectrum"]


def test_an_unknown_detector_is_refused_and_nothing_is_kept(client: APIClient, kept_files: Files) -> None:
    DetectorCard.objects.create(name="spectrum", card={}, available=True)

    answer = send(client, wav(), detectors="spektrum")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "unknown_detector"
    assert "spectrum" in answer.json()["detail"]
    assert not Media.objects.exists()
    assert kept_files() == []


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "empty_file"),
        (b"hello, this is text", 415, "not_media"),
        (b"<html><script>alert(1)</script></html>" + png(), 415, "not_media"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "not_media"),
        (b"%PDF-1.7\n" + png(), 415, "not_media"),
        (b"MZ" + bytes(300), 415, "not_media"),
        (b"\x7fELF" + bytes(300), 415, "not_media"),
        (b"PK\x03\x04" + png(), 415, "not_media"),
        (png(40_000, 25_000), 422, "over_limits"),
    ],
    ids=["empty", "text", "html+png", "svg", "pdf+png", "exe", "elf", "zip+png", "10^9 pixels"],
)
def test_what_is_no_media_is_refused(
    client: APIClient, kept_files: Files, content: bytes, status: int, code: str
) -> None:
    answer = send(client, content, "holiday.mp4")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert not Media.objects.exists()
    assert kept_files() == []


def test_the_bytes_count_and_not_the_name(client: APIClient) -> None:
    body = send(client, png(), "holiday.mp4").json()

    assert (body["kind"], body["media_type"]) == ("image", "image/png")


def test_a_picture_with_a_page_behind_it_stays_a_picture(client: APIClient) -> None:
    body = send(client, png() + b"<script>alert(1)</script>", "x.html").json()

    served = client.get(f"{MEDIA}{body['id']}/file/")

    assert served["Content-Type"] == "image/png"
    assert served["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in served["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system32\\cmd.wav", "cmd.wav"),
        ("/etc/cron.d/x.wav", "x.wav"),
        ("bell\a.wav", "bell.wav"),
        ("invoice\u202egpj.wav", "invoicegpj.wav"),
        ("zero\u200bwidth.wav", "zerowidth.wav"),
        ("..", "unnamed"),
        ("名前.wav", "名前.wav"),
    ],
)
def test_names_are_made_safe_to_show(client: APIClient, home: Path, sent: str, shown: str) -> None:
    answer = _send_raw(client, f'form-data; name="file"; filename="{sent}"'.encode(), wav())

    assert answer.status_code == 201, answer.json()
    assert answer.json()["filename"] == shown
    assert Media.objects.get().path == f"{Media.objects.get().pk.hex[:2]}/{Media.objects.get().pk}"


def test_a_name_of_four_kilobytes_is_shortened_and_keeps_its_ending(client: APIClient) -> None:
    name = "ü" * 2048 + ".wav"

    answer = _send_raw(client, f'form-data; name="file"; filename="{name}"'.encode(), wav())

    shown = answer.json()["filename"]
    assert answer.status_code == 201
    assert len(shown.encode()) <= 255
    assert shown.endswith("….wav")


def test_too_many_bytes_are_refused(client: APIClient, kept_files: Files, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 20_000

    small, large = send(client, wav(seconds=0.5)), send(client, wav(seconds=1))

    assert (small.status_code, large.status_code) == (201, 413)
    assert large.json()["code"] == "too_large"
    assert len(kept_files()) == 1


def test_a_sound_that_is_too_long_is_refused(client: APIClient, kept_files: Files, settings: Any) -> None:
    settings.MAX_DURATION_SECONDS = 1.5

    short, long = send(client, wav(seconds=1)), send(client, wav(seconds=2))

    assert (short.status_code, long.status_code) == (201, 422)
    assert long.json()["code"] == "over_limits"
    assert ".part" not in long.json()["detail"]
    assert len(kept_files()) == 1


def test_a_file_that_claims_100_000_seconds_is_refused(
    client: APIClient, kept_files: Files, tmp_path: Path
) -> None:
    path = tmp_path / "clip.mkv"
    clips.write_video(path)
    honest = send(client, path.read_bytes(), "clip.mkv")
    clips.claim_duration(path, 100_000)

    boasting = send(client, path.read_bytes(), "clip.mkv")

    assert (honest.status_code, boasting.status_code) == (201, 422)
    assert boasting.json()["code"] == "over_limits"
    assert len(kept_files()) == 1


def test_the_disk_is_never_filled_to_the_brim(client: APIClient, kept_files: Files, settings: Any) -> None:
    settings.RESERVED_DISK_BYTES = 2**60

    answer = send(client, wav())

    assert (answer.status_code, answer.json()["code"]) == (507, "no_space")
    assert kept_files() == []


def test_the_same_bytes_are_recognised_and_stored_once(client: APIClient, kept_files: Files) -> None:
    first = send(client, wav(), "a.wav").json()

    second = send(client, wav(), "b.wav").json()

    inodes = {path.stat().st_ino for path in kept_files()}
    assert second["duplicates"] == [first["id"]]
    assert second["id"] != first["id"]
    assert (len(kept_files()), len(inodes)) == (2, 1)


def test_other_peoples_same_bytes_are_not_mentioned(client: APIClient) -> None:
    send(signed_in(make_user()), wav())

    assert send(client, wav()).json()["duplicates"] == []


def test_a_viewer_may_not_send(home: Path, kept_files: Files) -> None:
    viewer = signed_in(make_user(role=Role.VIEWER))

    answer = send(viewer, wav())

    assert answer.status_code == 403
    assert kept_files() == []


def test_nobody_may_not_send(home: Path, kept_files: Files, db: None) -> None:
    assert send(APIClient(), wav()).status_code == 401
    assert kept_files() == []


def test_fields_that_are_not_known_are_refused(client: APIClient, kept_files: Files) -> None:
    assert send(client, wav(), colour="red").status_code == 400
    assert kept_files() == []


def test_a_form_without_a_file_is_refused(client: APIClient) -> None:
    answer = client.post(MEDIA, {"description": "x"}, format="multipart")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "file"


def test_a_form_that_was_cut_off_is_refused(client: APIClient, kept_files: Files) -> None:
    body = _form(b'form-data; name="file"; filename="a.wav"', wav())[:-40]

    answer = client.post(MEDIA, body, content_type="multipart/form-data; boundary=frontier")

    assert answer.status_code == 400
    assert kept_files() == []


def test_sending_twice_with_one_key_keeps_one(client: APIClient, analyst: User, kept_files: Files) -> None:
    for _ in range(2):
        client.credentials(**client._credentials | {"HTTP_IDEMPOTENCY_KEY": "upload-1"})
        answer = send(client, wav())

    assert answer.status_code == 201
    assert answer["Idempotency-Replayed"] == "true"
    assert Media.objects.count() == 1
    assert len(kept_files()) == 1


def _form(disposition: bytes, content: bytes) -> bytes:
    return (
        b"--frontier\r\nContent-Disposition: " + disposition + b"\r\n\r\n" + content + b"\r\n--frontier--\r\n"
    )


def _send_raw(client: APIClient, disposition: bytes, content: bytes) -> Any:
    body = _form(disposition, content)
    return client.post(MEDIA, body, content_type="multipart/form-data; boundary=frontier")
