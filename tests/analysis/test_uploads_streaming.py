"""Uploads to the deployed web server: memory, senders that vanish, disks that fill up, dead processes."""

import base64
import hashlib
import http.client
import json
import re
import resource
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts import credentials
from accounts.models import User
from analysis.models import Media, Upload
from analysis.uploads import sweeping
from tests.analysis.intake import wav
from tests.product import Server
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
MEGABYTE = 2**20
BOUNDARY = "frontier"
HEAD = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="big.wav"\r\n\r\n'.encode()
KEEP = f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="analyze"\r\n\r\nfalse'.encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def server(start_server: Callable[..., Server], home: Path) -> Server:
    return start_server(ASSAY_HOME=str(home))


@pytest.fixture
def key(analyst: User) -> dict[str, str]:
    return {"X-API-Key": credentials.issue_api_key(analyst, name="tests")[1]}


def wav_head(data_bytes: int) -> bytes:
    """The header of a WAV of `data_bytes` of silence; mono, 48 kHz, 16 bit."""
    shape = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 48_000, 96_000, 2, 16)
    return (
        struct.pack("<4sI4s", b"RIFF", 36 + data_bytes, b"WAVE")
        + shape
        + struct.pack("<4sI", b"data", data_bytes)
    )


def form(megabytes: int) -> Iterator[bytes]:
    yield HEAD + wav_head(megabytes * MEGABYTE)
    for _ in range(megabytes):
        yield bytes(MEGABYTE)
    yield KEEP + TAIL


def form_headers(megabytes: int) -> dict[str, str]:
    length = len(HEAD) + 44 + megabytes * MEGABYTE + len(KEEP) + len(TAIL)
    return {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Content-Length": str(length)}


def ask(server: Server, method: str, path: str, body: Any = None, **headers: Any) -> http.client.HTTPResponse:
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    client.request(method, path, body, headers.get("headers", {}))
    return client.getresponse()


def peak_memory_bytes(server: Server) -> int:
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) * 1024


def kept(home: Path) -> list[Path]:
    return [path for path in (home / "media").rglob("*") if path.is_file()]


def broken_off(server: Server, request: str, headers: dict[str, str], sent: bytes) -> socket.socket:
    """A connection on which only a part of the announced body was sent."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    sender = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    sender.sendall(f"{request} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode() + sent)
    return sender


def test_300_megabytes_cost_no_memory_in_or_out(server: Server, key: dict[str, str], home: Path) -> None:
    ask(server, "POST", "/api/v1/media/", form(1), headers=key | form_headers(1)).read()
    before = peak_memory_bytes(server)

    answer = ask(server, "POST", "/api/v1/media/", form(300), headers=key | form_headers(300))
    body = json.loads(answer.read())
    download = ask(server, "GET", f"/api/v1/media/{body['id']}/file/", headers=key)
    received = 0
    while chunk := download.read(MEGABYTE):
        received += len(chunk)

    assert answer.status == 201
    assert body["size_bytes"] == received == 300 * MEGABYTE + 44
    assert peak_memory_bytes(server) - before <= 64 * MEGABYTE


def test_a_body_of_unannounced_length_is_taken(server: Server, key: dict[str, str]) -> None:
    headers = key | {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Transfer-Encoding": "chunked",
    }
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    client.request("POST", "/api/v1/media/", form(2), headers, encode_chunked=True)

    assert client.getresponse().status == 201
    assert Media.objects.get().size_bytes == 2 * MEGABYTE + 44


def test_a_sender_that_vanishes_leaves_nothing(server: Server, key: dict[str, str], home: Path) -> None:
    content = HEAD + wav_head(100 * MEGABYTE) + bytes(5 * MEGABYTE)
    sender = broken_off(server, "POST /api/v1/media/", key | form_headers(100), content)
    wait_until(lambda: kept(home), what="the file begins to arrive")

    sender.close()

    wait_until(lambda: not kept(home), what="the half file is gone")
    assert not Media.objects.exists()


def test_what_is_no_media_is_refused_before_all_of_it_was_sent(
    server: Server, key: dict[str, str], home: Path
) -> None:
    content = HEAD + b"text " * 400_000
    with broken_off(server, "POST /api/v1/media/", key | form_headers(1000), content) as sender:
        answer = sender.recv(4096)

    assert answer.startswith(b"HTTP/1.1 415")
    assert kept(home) == []


def test_who_may_not_send_is_told_before_sending(server: Server, home: Path, db: None) -> None:
    with broken_off(server, "POST /api/v1/media/", form_headers(1000), HEAD) as sender:
        answer = sender.recv(4096)

    assert answer.startswith(b"HTTP/1.1 401")
    assert kept(home) == []


def test_who_asks_before_sending_is_told(server: Server, key: dict[str, str]) -> None:
    headers = form_headers(1000) | {"Expect": "100-continue"}
    with broken_off(server, "POST /api/v1/media/", headers, b"") as stranger:
        refused = stranger.recv(4096)
    with broken_off(server, "POST /api/v1/media/", key | headers, b"") as sender:
        welcome = sender.recv(4096)

    assert refused.startswith(b"HTTP/1.1 401")
    assert welcome.startswith(b"HTTP/1.1 100")


def test_paused_downloads_and_slow_uploads_hold_no_database_connections(
    server: Server, key: dict[str, str], home: Path
) -> None:
    body = json.loads(ask(server, "POST", "/api/v1/media/", form(20), headers=key | form_headers(20)).read())
    idle = connections_open()

    downloads = [ask(server, "GET", f"/api/v1/media/{body['id']}/file/", headers=key) for _ in range(8)]
    begun = HEAD + wav_head(100 * MEGABYTE) + bytes(MEGABYTE)
    uploads = [broken_off(server, "POST /api/v1/media/", key | form_headers(100), begun) for _ in range(8)]
    wait_until(lambda: len(kept(home)) == 9, what="all uploads have begun")

    wait_until(lambda: connections_open() <= idle, what="no connection is held")
    for open_one in (*downloads, *uploads):
        open_one.close()
    wait_until(lambda: len(kept(home)) == 1, what="the half files are gone")


def connections_open() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_stat_activity where datname = current_database()")
        return int(cursor.fetchone()[0])


def test_a_full_disk_is_said_and_nothing_is_left(server: Server, key: dict[str, str], home: Path) -> None:
    # the same error path as a full disk: the system refuses the next byte
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (20 * MEGABYTE, 20 * MEGABYTE))

    small = ask(server, "POST", "/api/v1/media/", form(2), headers=key | form_headers(2))
    large = ask(server, "POST", "/api/v1/media/", form(30), headers=key | form_headers(30))

    assert (small.status, large.status) == (201, 507)
    assert json.loads(large.read())["code"] == "no_space"
    assert len(kept(home)) == 1


def test_what_a_killed_server_was_receiving_is_swept(
    server: Server, key: dict[str, str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "FRESH_SECONDS", 0.0)
    content = HEAD + wav_head(100 * MEGABYTE) + bytes(5 * MEGABYTE)
    with broken_off(server, "POST /api/v1/media/", key | form_headers(100), content):
        wait_until(lambda: kept(home), what="the file begins to arrive")
        swept_while_alive = sweeping.sweep()
        server.kill()

    swept_after = sweeping.sweep()

    assert (swept_while_alive, swept_after) == (0, 1)
    assert kept(home) == []


def test_a_server_that_starts_sweeps_what_others_left(
    start_server: Callable[..., Server], analyst: User, home: Path
) -> None:
    forgotten = home / "media" / "incoming" / "x.part"
    forgotten.parent.mkdir(parents=True)
    forgotten.touch()
    expired = Upload.objects.create(
        owner=analyst, filename="x", length=9, path="x.tus", expires=timezone.now() - timedelta(hours=1)
    )
    (forgotten.parent / expired.path).touch()

    start_server(ASSAY_HOME=str(home))

    wait_until(lambda: not Upload.objects.exists(), what="the expired upload is gone")
    wait_until(lambda: kept(home) == [forgotten], what="its file is gone; the fresh one may be somebody's")


def begin(server: Server, key: dict[str, str], length: int) -> str:
    name = base64.b64encode(b"clip.wav").decode()
    said = {"Upload-Length": str(length), "Upload-Metadata": f"filename {name}"}
    return str(ask(server, "POST", "/api/v1/uploads/", headers=key | TUS | said).headers["Location"])


def piece_headers(offset: int, length: int) -> dict[str, str]:
    kind = {"Content-Type": "application/offset+octet-stream", "Content-Length": str(length)}
    return TUS | kind | {"Upload-Offset": str(offset)}


def offset_of(server: Server, key: dict[str, str], address: str) -> int:
    return int(ask(server, "HEAD", address, headers=key | TUS).headers["Upload-Offset"])


def test_a_piece_that_was_cut_off_counts_as_far_as_it_came(server: Server, key: dict[str, str]) -> None:
    content = wav(seconds=60)
    address = begin(server, key, len(content))
    headers = key | piece_headers(0, len(content))

    broken_off(server, f"PATCH {address}", headers, content[: MEGABYTE // 2]).close()
    wait_until(lambda: offset_of(server, key, address) == MEGABYTE // 2, what="what arrived counts")
    rest = content[MEGABYTE // 2 :]
    last = ask(server, "PATCH", address, rest, headers=key | piece_headers(MEGABYTE // 2, len(rest)))

    assert last.status == 204
    assert last.headers["Assay-Media"] == str(Media.objects.get().pk)
    assert Media.objects.get().sha256 == hashlib.sha256(content).hexdigest()


def test_a_piece_with_a_checksum_counts_whole_or_not_at_all(server: Server, key: dict[str, str]) -> None:
    content = wav(seconds=60)
    address = begin(server, key, len(content))
    digest = base64.b64encode(hashlib.sha1(content).digest()).decode()  # noqa: S324  # the protocol's
    headers = key | piece_headers(0, len(content)) | {"Upload-Checksum": f"sha1 {digest}"}

    sender = broken_off(server, f"PATCH {address}", headers, content[: MEGABYTE // 2])
    sender.close()
    whole = ask(server, "PATCH", address, content, headers=headers)

    assert whole.status == 204
    assert Media.objects.get().sha256 == hashlib.sha256(content).hexdigest()


def test_of_two_pieces_sent_at_once_one_wins(server: Server, key: dict[str, str]) -> None:
    content = wav(seconds=60)
    address = begin(server, key, len(content))
    together = threading.Barrier(3)
    statuses: list[int] = []

    def race() -> None:
        together.wait()
        answer = ask(server, "PATCH", address, content[:MEGABYTE], headers=key | piece_headers(0, MEGABYTE))
        statuses.append(answer.status)

    racers = [threading.Thread(target=race) for _ in range(3)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    rest = content[MEGABYTE:]
    last = ask(server, "PATCH", address, rest, headers=key | piece_headers(MEGABYTE, len(rest)))

    assert sorted(statuses) == [204, 409, 409]
    assert last.status == 204
    assert Media.objects.get().sha256 == hashlib.sha256(content).hexdigest()
