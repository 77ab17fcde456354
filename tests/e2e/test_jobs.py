"""An external job in the browser: in the status panel on every page, and live at its own address."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.async_api import expect

from accounts.models import User
from realtime import jobs
from realtime.jobs import Report
from realtime.models import Job
from realtime.readers import ask
from tests.e2e.conftest import Desk


@pytest.fixture
def job(ana: User) -> Job:
    return jobs.create(ana, "nightly/render", silent_seconds=60)


async def report(ana: User, progress: float, message: str) -> None:
    said = Report("encoding", progress, message, {"frame": round(progress * 100)})
    await ask(jobs.report, ana, "nightly/render", said)


def fall_silent(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(reported=timezone.now() - timedelta(seconds=70))
    jobs.sweep()


async def test_the_panel_follows_it_from_the_first_report_to_its_ending(
    desk: Desk, ana: User, job: Job
) -> None:
    page = await desk.open("/")
    entry = page.locator("#panel-runs > li")
    await expect(entry).to_contain_text("nightly/render")
    await expect(entry).to_contain_text("queued")

    await report(ana, 0.5, "Frame 50.")
    await expect(entry).to_contain_text("50 % · Frame 50.")
    await ask(fall_silent, job)
    await expect(entry).to_contain_text("stalled at 50 %")
    await report(ana, 0.75, "Frame 75.")
    await expect(entry).to_contain_text("75 % · Frame 75.")
    await expect(entry).to_have_count(1)
    await ask(jobs.complete, ana, "nightly/render", {"file": "out.mp4"})
    await expect(entry).to_contain_text("Job completed")
    await expect(page.locator("#panel")).to_be_hidden()


async def test_a_job_announced_later_appears_by_itself(desk: Desk, ana: User) -> None:
    page = await desk.open("/detectors/")
    await expect(page.locator("#panel")).to_be_hidden()

    await ask(jobs.create, ana, "late")

    await expect(page.locator("#panel-runs > li")).to_contain_text("late")


async def test_its_page_is_live_and_ends_with_what_it_brought(desk: Desk, ana: User, job: Job) -> None:
    page = await desk.open(f"/jobs/{job.pk}/")
    await expect(page.locator("#job-page")).to_have_attribute("data-live", "open")
    await expect(page.locator("#state-word")).to_have_text("Waiting for its first report")
    await expect(page.locator("#panel")).to_be_hidden()

    await report(ana, 0.5, "Frame 50.")
    await expect(page.locator("#stage")).to_have_text("encoding")
    await expect(page.locator("#percent")).to_have_text("50 %")
    await expect(page.locator("#message")).to_have_text("Frame 50.")
    await expect(page.locator("#trail-lines")).to_contain_text("Frame 50.")

    await ask(fall_silent, job)
    await expect(page.locator("#state-word")).to_have_text("Stalled")
    await report(ana, 0.75, "Frame 75.")
    await expect(page.locator("#state-word")).to_have_text("Under way")

    await ask(jobs.complete, ana, "nightly/render", {"file": "out.mp4"}, "All frames are there.")
    await expect(page.locator("#state-word")).to_have_text("Completed")
    await expect(page.locator("#said")).to_contain_text("out.mp4")
    await expect(page.locator("#announcer")).to_contain_text("All frames are there.")
    await page.locator("#chain-check").click()
    await expect(page.locator("#chain-status")).to_have_text(
        "Complete, 0 gaps; the chain of 5 events verifies."
    )


async def test_a_job_is_found_from_the_history(desk: Desk, job: Job) -> None:
    page = await desk.open("/runs/")
    await page.get_by_role("link", name="External jobs").click()
    await page.get_by_role("link", name="nightly/render", exact=True).first.click()

    await expect(page).to_have_url(desk.server.url + f"/jobs/{job.pk}/")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("nightly/render")
