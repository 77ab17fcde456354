"""The page to try sockets with."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_it_offers_our_sockets_and_needs_no_inline_script(browser: Client) -> None:
    answer = browser.get("/sockets/")

    text = answer.content.decode()
    assert all(f'value="{address}"' in text for address in ("/ws/user/", "/ws/events"))
    assert "<script>" not in text
    assert "'unsafe-inline'" not in answer["Content-Security-Policy"]


def test_the_page_of_the_api_leads_to_it(browser: Client) -> None:
    assert 'href="/sockets/"' in browser.get("/api/v1/docs/").content.decode()


def test_strangers_have_to_sign_in(client: Client) -> None:
    assert client.get("/sockets/").url == "/sign-in/?next=/sockets/"  # type: ignore[attr-defined]  # a redirect
