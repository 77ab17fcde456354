"""A Content-Type nobody can read is the sender's mistake, not a broken server."""

import http.client

import pytest

from tests.product import Server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("address", ["/sign-in/", "/api/v1/media/", "/api/v1/auth/token/"])
def test_a_charset_nobody_knows_is_a_bad_request(server: Server, address: str) -> None:
    said_before = len(server.log())
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)

    connection.request("POST", address, b"x", {"Content-Type": "multipart/form-data; boundary*=nosuch''B"})

    assert connection.getresponse().status == 400
    assert "Traceback" not in server.log()[said_before:]
