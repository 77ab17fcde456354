"""Text of requests is UTF-8, whatever their header says."""

from time import process_time

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
SIGN_IN = "/api/v1/auth/token/"
# The decoder of this codec inserts sign by sign: minutes for a body of 2 MB.
SLOW = b"a" * 100_000 + b"-" + b"b" * 100_000


@pytest.fixture
def browser() -> Client:
    return Client(raise_request_exception=False)


def test_a_stranger_cannot_name_a_charset_that_takes_minutes_to_decode(browser: Client) -> None:
    began = process_time()

    answer = browser.generic("POST", SIGN_IN, SLOW, content_type="application/json; charset=punycode")

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_charset")
    assert process_time() - began < 1


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-7"])
def test_no_charset_hides_half_of_a_surrogate_pair(browser: Client, charset: str) -> None:
    body = '{"email": "\\ud800@example.org", "password": "secret"}'.encode(charset)

    answer = browser.generic("POST", SIGN_IN, body, content_type=f"application/json; charset={charset}")

    assert answer.status_code == 415


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", '; charset="UTF-8"', "; charset=us-ascii"])
def test_utf_8_may_be_named_or_left_out(browser: Client, charset: str) -> None:
    answer = browser.generic("POST", SIGN_IN, b"{}", content_type=f"application/json{charset}")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
