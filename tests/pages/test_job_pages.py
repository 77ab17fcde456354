"""External jobs in the history, and each at its own address."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from realtime import jobs
from realtime.jobs import Report
from realtime.models import Job
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def names(browser: Client, query: str = "") -> list[str]:
    return [job.job_id for job in browser.get(f"/jobs/{query}").context["page"]]


def page(browser: Client, job: Job, query: str = "") -> str:
    answer = browser.get(f"/jobs/{job.pk}/{query}")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.fixture
def told(ana: User) -> None:
    jobs.report(ana, "nightly/render", Report("encoding", 0.429, "Frame 3.", {"frame": 3}))
    jobs.complete(ana, "nightly/index", {"rows": 3})
    jobs.fail(ana, "weekly", "disk full")
    jobs.create(make_user(), "theirs")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["weekly", "nightly/index", "nightly/render"]),
        ("?state=failed", ["weekly"]),
        ("?state=nonsense", ["weekly", "nightly/index", "nightly/render"]),
        ("?q=NIGHTLY", ["nightly/index", "nightly/render"]),
        ("?q=nightly&state=processing", ["nightly/render"]),
        ("?q=%25", []),
        ("?q=%00", ["weekly", "nightly/index", "nightly/render"]),
    ],
)
def test_jobs_are_found_again(browser: Client, told: None, query: str, found: list[str]) -> None:
    assert names(browser, query) == found


def test_the_history_leads_to_them_and_back(browser: Client, told: None) -> None:
    assert 'href="/jobs/"' in browser.get("/runs/").content.decode()
    assert 'href="/runs/"' in browser.get("/jobs/").content.decode()


def test_a_failed_job_shows_why_and_how_far_it_was(browser: Client, told: None) -> None:
    text = browser.get("/jobs/").content.decode()

    assert "Error: disk full" in text
    assert "42 %" in text


def test_the_number_of_queries_does_not_grow_with_the_jobs(
    browser: Client, ana: User, django_assert_num_queries: Any
) -> None:
    for number in range(20):
        jobs.create(ana, f"job{number}")

    # the session, its credential with the user, the count and the page
    with django_assert_num_queries(4):
        browser.get("/jobs/")


def test_a_page_of_a_job_costs_a_fixed_number_of_queries(
    browser: Client, ana: User, django_assert_num_queries: Any
) -> None:
    for number in range(60):
        job = jobs.report(ana, "a", Report("s", number / 100, ""))

    # the session, its credential with the user, the job and a page of its trail
    with django_assert_num_queries(4):
        page(browser, job)


def test_a_job_is_shown_as_it_was_last_said_to_be(browser: Client, told: None) -> None:
    text = page(browser, Job.objects.get(job_id="nightly/render"))

    assert "Under way" in text
    assert '<strong id="stage" class="break">encoding</strong> <span id="percent" class="num">42 %' in text
    assert '<progress id="bar" max="1" value="0.429"' in text
    assert "&quot;frame&quot;: 3" in text
    assert "Frame 3." in text


@pytest.mark.parametrize(
    ("job_id", "shown"), [("nightly/index", "&quot;rows&quot;: 3"), ("weekly", "Error: disk full")]
)
def test_an_ending_is_shown_as_text(browser: Client, told: None, job_id: str, shown: str) -> None:
    assert shown in page(browser, Job.objects.get(job_id=job_id))


def test_the_trail_has_every_line_in_pages(browser: Client, ana: User) -> None:
    for number in range(60):
        job = jobs.report(ana, "a", Report("s", number / 100, f"line {number}"))

    first, second = page(browser, job), page(browser, job, "?trail=2")

    assert ("line 59<" in first, "line 9<" in first, "line 9<" in second) == (True, False, True)
    assert f"/api/v1/topics/{job.topic_id}/verify/" in first


def test_a_foreign_job_and_a_missing_one_look_alike(browser: Client, told: None) -> None:
    theirs = Job.objects.get(job_id="theirs").pk

    assert {browser.get(f"/jobs/{one}/").status_code for one in (theirs, uuid4())} == {404}


def test_an_admin_sees_everybodys(told: None) -> None:
    admin = Client()
    admin.force_login(make_user(role="admin"))

    assert "theirs" in names(admin)
    assert page(admin, Job.objects.get(job_id="theirs"))


def test_what_a_job_says_is_text_and_never_markup(browser: Client, ana: User) -> None:
    evil = "<script>alert(1)</script>"
    job = jobs.report(ana, evil, Report(evil, 0.5, evil, {evil: evil}))
    jobs.complete(ana, evil, evil, evil)

    assert b"<script>alert(1)" not in browser.get("/jobs/").content
    assert "<script>alert(1)" not in page(browser, job)


def test_the_admin_shows_jobs_and_changes_none(told: None) -> None:
    admin = Client()
    admin.force_login(make_user(role="admin"))
    job = Job.objects.get(job_id="weekly")

    listed = admin.get(reverse("admin:realtime_job_changelist"), {"q": "weekly", "state__exact": "failed"})
    shown = admin.get(reverse("admin:realtime_job_change", args=[job.pk]))

    assert [one.job_id for one in listed.context["cl"].result_list] == ["weekly"]
    assert "disk full" in shown.content.decode()
    assert (
        admin.post(reverse("admin:realtime_job_change", args=[job.pk]), {"state": "queued"}).status_code
        == 403
    )
    assert admin.get(reverse("admin:realtime_job_add")).status_code == 403
    assert admin.post(reverse("admin:realtime_job_delete", args=[job.pk]), {"post": "yes"}).status_code == 403


def test_the_trail_of_a_job_that_has_ended_names_its_last_line_and_hash(browser: Client, ana: User) -> None:
    job = jobs.report(ana, "render", Report("encoding", 0.5, ""))
    under_way = page(browser, job)
    jobs.complete(ana, "render")

    text = page(browser, job)

    job.topic.refresh_from_db()
    assert (
        f"It ended with line 3; the hash of the chain up to it is <code>{job.topic.head_hash.hex()}" in text
    )
    assert "last-line" not in under_way
