"""However a camera writes its answers, libav is led to nobody else by them."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from analysis.engine.watching.rtsp_answers import Said
from analysis.engine.watching.source import SourceFailed
from analysis.engine.watching.watch import LiveSource, Patience
from tests.analysis.engine.watching.rtsp_camera import RtspCamera

OWN = "rtsp://127.0.0.1:5/secret"
OK = "RTSP/1.0 200 OK\r\nCSeq: {n}\r\n"
LED = {
    "as usual": "RTSP/1.0 302 Moved\r\nCSeq: {n}\r\nLocation: {to}\r\n\r\n",
    "two spaces": "RTSP/1.0  302 Moved\r\nCSeq: {n}\r\nLocation: {to}\r\n\r\n",
    "a tab": "RTSP/1.0\t302 Moved\r\nCSeq: {n}\r\nLocation: {to}\r\n\r\n",
    "a sign before it": "RTSP/1.0 +302 Moved\r\nCSeq: {n}\r\nLocation: {to}\r\n\r\n",
    "a zero before it": "RTSP/1.0 0302 Moved\r\nCSeq: {n}\r\nLocation: {to}\r\n\r\n",
    "another version": "RTSP/ 302 Moved\r\nCSeq: {n}\r\nLocation: {to}\r\n\r\n",
    "folded": "RTSP/1.0\r\n 302 Moved\r\nCSeq: {n}\r\nlocation:\r\n {to}\r\n\r\n",
    "bare line feeds": "RTSP/1.0 200 OK\nCSeq: {n}\nPublic: DESCRIBE\n\n"
    "RTSP/1.0 302 Moved\nCSeq: {next}\nLocation: {to}\n\n\r\n\r\n",
    "an empty line with two returns": "RTSP/1.0 200 OK\r\nCSeq: {n}\r\n\r\r\n"
    "RTSP/1.0 302 Moved\r\nCSeq: {next}\r\nLocation: {to}\r\n\r\n",
    "a line that begins with a NUL": "RTSP/1.0 200 OK\r\nCSeq: {n}\r\n\0X\r\n"
    "RTSP/1.0 302 Moved\r\nCSeq: {next}\r\nLocation: {to}\r\n\r\n",
    "two lengths": OK + "Content-Length: {length}\r\nContent-Length: 0\r\n\r\n"
    "RTSP/1.0 302 Moved\r\nCSeq: {next}\r\nLocation: {to}\r\n\r\n",
    "its own request": "REDIRECT {to} RTSP/1.0\r\nCSeq: 1\r\nLocation: {to}\r\n\r\n",
}


@contextmanager
def liar(answer: str, to: str = "", asked: list[str] | None = None) -> Iterator[str]:
    """The address of a camera that answers each question with that; `asked` takes the questions."""
    door = socket.create_server(("127.0.0.1", 0))

    def attend() -> None:
        while True:
            try:
                viewer, _ = door.accept()
            except OSError:
                return
            with suppress(OSError), viewer:
                while said_to := viewer.recv(4000).decode():
                    (asked if asked is not None else []).append(said_to)
                    number = int(said_to.partition("CSeq:")[2].split("\r\n")[0] or 0)
                    length = len(f"RTSP/1.0 302 Moved\r\nCSeq: {number + 1}\r\nLocation: {to}\r\n\r\n")
                    said = answer.format(n=number, next=number + 1, to=to, length=length)
                    viewer.sendall(said.encode())

    threading.Thread(target=attend, daemon=True).start()
    try:
        yield f"rtsp://127.0.0.1:{door.getsockname()[1]}/live"
    finally:
        with suppress(OSError):
            door.shutdown(socket.SHUT_RDWR)
        door.close()


@pytest.mark.parametrize("answer", LED.values(), ids=LED.keys())
def test_no_answer_leads_to_another_host(begin, answer):
    with RtspCamera() as other, liar(answer, f"rtsp://localhost:{other.port}/inner?x=1") as address:
        watch = begin(LiveSource("rtsp", address))
        watch.until_offline()

    assert not other.connections


@pytest.mark.parametrize(
    "head",
    [
        "RTSP/1.0  200 OK\r\nCSeq: 1",
        "RTSP/1.0 200OK\r\nCSeq: 1",
        "RTSP/1.0 600 OK\r\nCSeq: 1",
        "RTSP/2.0 200 OK\r\nCSeq: 1",
        "RTSP/1.0 200 OK\nCSeq: 1",
        "RTSP/1.0 200 OK\rCSeq: 1",
        "RTSP/1.0 200 OK\r\nCSeq: 1\r",
        "RTSP/1.0 200 OK\r\n\0: 1",
    ],
)
def test_a_head_that_two_readers_might_read_otherwise_is_refused(head):
    with pytest.raises(SourceFailed):
        Said.of(f"{head}\r\n\r\n".encode())


@pytest.mark.parametrize(
    "header",
    [
        "Location: {}",
        "LOCATION : {}",
        "location:\r\n\t{}",
        "Content-Base: {}",
        "RTP-Info: url={};seq=1",
        "X: {}",
    ],
)
def test_no_header_tells_libav_of_another_host(header):
    header = header.format("rtsp://user:pw@inner.example:8554/x")
    seen = Said.of(f"RTSP/1.0 200 OK\r\nCSeq: 1\r\n{header}\r\n\r\n".encode()).written(OWN)

    assert b"inner.example" not in seen and b"ocation" not in seen
    assert seen.startswith(b"RTSP/1.0 200 ")
    assert b"cseq: 1\r\n" in seen


@pytest.mark.parametrize(
    "line", ["a=control:RTSP://inner.example/x", "c=IN IP4 inner.example", " c=IN IP4 inner.example"]
)
def test_no_line_of_a_description_does(line):
    body = f"v=0\r\n{line}\nm=video 0 RTP/AVP 96\r\n"
    seen = Said.of(f"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 7\r\n\r\n{body}".encode()).written(OWN)

    assert b"inner.example" not in seen
    head, _, described = seen.partition(b"\r\n\r\n")
    assert head.endswith(f"Content-Length: {len(described)}".encode())


def test_a_transport_names_no_other_host():
    agreed = "RTP/AVP/TCP;unicast;destination=inner.example;source=inner.example;interleaved=0-1"
    seen = Said.of(f"RTSP/1.0 200 OK\r\nTransport: {agreed}\r\n\r\n".encode()).written(OWN)

    assert b"transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n" in seen


@pytest.mark.parametrize(
    "agreed",
    ["RTP/AVP;unicast;client_port=5-6", "RTP/AVP/UDP;multicast;destination=224.0.0.9", "RAW/RAW/UDP"],
)
def test_a_transport_beside_the_connection_is_refused(agreed):
    with pytest.raises(SourceFailed, match="the one TCP connection"):
        Said.of(f"RTSP/1.0 200 OK\r\nTransport: {agreed}\r\n\r\n".encode()).written(OWN)


def test_a_camera_that_knows_itself_by_another_address_is_watched(begin):
    with RtspCamera(seconds=4, stall=True, control="rtsp://10.9.9.9/live/ch1/track1") as camera:
        begin(LiveSource("rtsp", camera.url)).until_online()

    assert camera.asked[2].startswith(f"SETUP rtsp://127.0.0.1:{camera.port}/live/ch1/track1 RTSP/1.0\r\n")


def test_a_camera_that_calls_every_login_stale_is_given_one_more(begin):
    answer = (
        'RTSP/1.0 401 No\r\nCSeq: {n}\r\nWWW-Authenticate: Digest realm="x", nonce="{n}", stale=true\r\n\r\n'
    )
    asked: list[str] = []
    patience = Patience(open_seconds=3, stall_seconds=1, first_retry_seconds=60)

    with liar(answer, asked=asked) as address:
        watch = begin(LiveSource("rtsp", address, "viewer", "s3cret!pass"), patience=patience)
        offline = watch.until_offline()

    assert offline.reason == "it does not accept the user and the password (401)"
    assert len(asked) == 3
