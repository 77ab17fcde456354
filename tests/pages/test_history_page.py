"""The history: found again tomorrow."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import make_media, make_user
from tests.pages.conftest import leased_run

pytestmark = pytest.mark.django_db


def names(browser: Client, query: str = "") -> list[str]:
    answer = browser.get(f"/runs/{query}")
    return [run.media.filename for run in answer.context["page"]]


@pytest.fixture
def runs(ana: User) -> None:
    told: list[dict[str, Any]] = [
        {"filename": "holiday.mp4", "kind": "video", "state": "succeeded", "outcome": "no_signs", "day": 1},
        {"filename": "portrait.jpg", "kind": "image", "state": "succeeded", "outcome": "disagree", "day": 2},
        {"filename": "call.flac", "kind": "audio", "state": "failed", "outcome": None, "day": 3},
    ]
    for run in told:
        media = make_media(owner=ana, filename=run["filename"], kind=run["kind"], description="council")
        created = datetime(2026, 5, run["day"], 12, tzinfo=UTC)
        leased_run(media=media, state=run["state"], outcome=run["outcome"], created=created)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["call.flac", "portrait.jpg", "holiday.mp4"]),
        ("?state=failed", ["call.flac"]),
        ("?outcome=disagree", ["portrait.jpg"]),
        ("?kind=video", ["holiday.mp4"]),
        ("?q=PORT", ["portrait.jpg"]),
        ("?q=council&kind=audio", ["call.flac"]),
        ("?created_after=2026-05-02&created_before=2026-05-02", ["portrait.jpg"]),
        ("?state=&outcome=&q=", ["call.flac", "portrait.jpg", "holiday.mp4"]),
        ("?q=nothing-like-this", []),
    ],
)
def test_filters(browser: Client, runs: None, query: str, found: list[str]) -> None:
    assert names(browser, query) == found


def test_a_filter_that_cannot_be_read_says_so(browser: Client, runs: None) -> None:
    answer = browser.get("/runs/?created_after=yesterday")

    assert answer.status_code == 200
    assert "created_after" in answer.content.decode()


def test_other_peoples_runs_are_not_there(browser: Client) -> None:
    leased_run(media=make_media(owner=make_user(), filename="theirs.mp4"))

    assert names(browser) == []


def test_a_failed_run_shows_the_file_and_the_reason(browser: Client, ana: User) -> None:
    media = make_media(owner=ana, filename="broken.mkv")
    leased_run(media=media, state="failed", error_code="reader_lost", error_message="The reader was lost.")

    text = browser.get("/runs/").content.decode()

    assert "broken.mkv" in text
    assert "The reader was lost." in text


def test_pages_keep_the_filter(browser: Client, ana: User) -> None:
    media = make_media(owner=ana, filename="one.mp4")
    for _ in range(26):
        leased_run(media=media, state="failed")

    text = browser.get("/runs/?state=failed").content.decode()

    assert "?state=failed&amp;page=2" in text
    assert len(names(browser, "?state=failed&page=2")) == 1


def test_the_number_of_queries_does_not_grow_with_the_runs(
    browser: Client, ana: User, django_assert_num_queries: Any
) -> None:
    for _ in range(20):
        leased_run(media=make_media(owner=ana), state="succeeded", outcome="no_signs")

    # the session, its credential with the user, the count and the page
    with django_assert_num_queries(4):
        browser.get("/runs/")


def test_a_file_name_is_text_and_never_markup(browser: Client, ana: User) -> None:
    leased_run(media=make_media(owner=ana, filename="<script>alert(1)</script>.mp4"))

    assert b"<script>alert(1)" not in browser.get("/runs/").content
