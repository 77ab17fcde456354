"""A request whose headers never end costs neither memory nor the time of everybody else."""

import contextlib
import socket
import time
import urllib.request
from collections.abc import Iterator

import pytest

from config.bounded_http import HEAD_BYTES
from tests.product import Server

pytestmark = pytest.mark.django_db(transaction=True)
MEGABYTE = 2**20
BEGINNINGS = {
    "one header": b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: ",
    "the address": b"GET /",
    "a chunk extension": b"POST /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n1;",
}


@contextlib.contextmanager
def opened(server: Server) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        yield connection


def is_cut(server: Server, beginning: bytes, *, megabytes: int) -> bool:
    """Whether the server ended the connection before it had taken all of it."""
    with opened(server) as connection:
        try:
            connection.sendall(beginning)
            for _ in range(megabytes):
                connection.sendall(b"a" * MEGABYTE)
        except (ConnectionError, TimeoutError):
            return True
    return False


@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=BEGINNINGS.keys())
def test_what_is_no_body_is_bounded(server: Server, beginning: bytes) -> None:
    assert is_cut(server, beginning, megabytes=32)

    asked = time.monotonic()
    assert urllib.request.urlopen(f"{server.url}/health/live", timeout=10).status == 200
    assert time.monotonic() - asked < 2


def test_the_sender_is_told(server: Server) -> None:
    with opened(server) as connection:
        connection.sendall(BEGINNINGS["one header"] + b"a" * (HEAD_BYTES + 1))

        assert connection.recv(100).startswith(b"HTTP/1.1 431 ")


def test_many_requests_on_one_connection_do_not_add_up(server: Server) -> None:
    request = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: " + b"a" * 60_000 + b"\r\n\r\n"
    with opened(server) as connection:
        for _ in range(5):
            connection.sendall(request)
            answer = b""
            while b'"ok"}' not in answer:
                piece = connection.recv(10_000)
                assert piece, f"closed after {answer!r}"
                answer += piece
            assert answer.startswith(b"HTTP/1.1 200 ")
