"""The landing page: what may be dropped, what will look at it, what was examined last."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import make_media, make_user
from tests.pages.conftest import leased_run, make_card

pytestmark = pytest.mark.django_db


def test_limits_and_formats_are_said_before_the_upload(browser: Client, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 3_000_000_000

    text = browser.get("/").content.decode()

    assert all(words in text for words in ("up to 3 GB", "HEIC", "Nothing leaves this machine"))
    assert 'data-max-upload-bytes="3000000000"' in text


def test_a_detector_that_is_off_says_why(browser: Client) -> None:
    make_card("meso4", available=False, reason="The file mesonet/Meso4_DF.h5 is not installed.")

    assert "The file mesonet/Meso4_DF.h5 is not installed." in browser.get("/").content.decode()


def test_the_last_runs_are_ones_own(browser: Client, ana: User) -> None:
    leased_run(media=make_media(owner=ana, filename="mine.mp4"))
    leased_run(media=make_media(owner=make_user(), filename="theirs.mp4"))

    text = browser.get("/").content.decode()

    assert "mine.mp4" in text
    assert "theirs.mp4" not in text


@pytest.mark.parametrize("language", ["ar", "he", "de"])
def test_a_browser_of_another_language_gets_an_english_page_that_says_so(
    browser: Client, language: str
) -> None:
    page = browser.get("/", headers={"Accept-Language": language})

    assert '<html lang="en" dir="ltr">' in page.content.decode()


def test_a_viewer_is_not_offered_to_upload(client: Client) -> None:
    client.force_login(make_user(role="viewer"))

    text = client.get("/").content.decode()

    assert "data-drop" not in text
    assert "Ask an admin" in text


@pytest.mark.parametrize("address", ["/", "/runs/", "/detectors/", "/operations/"])
def test_pages_ask_for_a_sign_in(client: Client, db: None, address: str) -> None:
    assert client.get(address)["Location"] == f"/sign-in/?next={address}"


@pytest.mark.parametrize("address", ["/", "/runs/", "/detectors/"])
def test_pages_need_nothing_inline_and_are_not_cached(browser: Client, address: str) -> None:
    answer = browser.get(address)

    text = answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert " style=" not in text
    assert "<style" not in text
    assert all("src=" in tag or "application/json" in tag for tag in _tags(text, "<script"))


def _tags(text: str, start: str) -> list[str]:
    return [part.split(">", 1)[0] for part in text.split(start)[1:]]
