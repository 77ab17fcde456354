"""What screen readers and tired eyes need, checked on every page in both themes."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.async_api import Page

from accounts.models import User
from analysis.models import Run
from realtime import jobs
from realtime.jobs import Report
from realtime.models import Webhook, WebhookDelivery
from realtime.readers import ask
from realtime.webhooks import keeping
from tests.e2e.conftest import Desk, ToldRun, concluded, measured, moved
from tests.e2e.seen import happenings, progress, watched_run

SCRIPTS = Path(__file__).parent / "scripts"
NAMES = (SCRIPTS / "names.js").read_text()
CONTRAST = (SCRIPTS / "contrast.js").read_text()
PLACES = [
    "/sign-in/",
    "/",
    "/runs/",
    "/jobs/",
    "/detectors/",
    "/sockets/",
    "/account/",
    "/account/webhooks/",
    "the webhook",
    "the run",
    "/runs/00000000-0000-0000-0000-000000000000/",
]


@pytest.fixture
def told_webhook(ana: User) -> str:
    """The page of a webhook that is failing."""
    hook, _ = keeping.create(ana, "https://93.184.216.34/hook")
    for state, status, error in (("succeeded", 204, ""), ("failed", 500, ""), ("failed", None, "timeout")):
        fields = {"state": state, "status_code": status, "error": error, "event_type": "run.started"}
        WebhookDelivery.objects.create(webhook=hook, event_id=f"{uuid4()}/1", duration_ms=12, **fields)
    Webhook.objects.filter(pk=hook.pk).update(failing_since=timezone.now())
    return f"/account/webhooks/{hook.pk}/"


async def faults(page: Page) -> list[Any]:
    return [*await page.evaluate(NAMES), *await page.evaluate(CONTRAST)]


async def test_the_checks_see_faults(desk: Desk) -> None:
    page = await desk.open("/")
    await page.evaluate(
        """() => document.querySelector("main").insertAdjacentHTML(
          "beforeend", "<button></button><input id='main'><p class='soft' id='faint'>faint</p>")"""
    )
    await page.evaluate("document.getElementById('faint').style.color = '#999'")

    found = " ".join(await faults(page))

    assert all(fault in found for fault in ("no name: <button>", "no label: <input", "twice: #main", "faint"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", PLACES)
async def test_page(desk: Desk, told_run: ToldRun, told_webhook: str, scheme: Any, place: str) -> None:
    await told_run.tell(moved(30), measured(0, 30))

    page = await desk.open({"the run": told_run.path, "the webhook": told_webhook}.get(place, place))
    await page.emulate_media(color_scheme=scheme)

    assert await faults(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_external_jobs(desk: Desk, ana: User, scheme: Any) -> None:
    job = await ask(jobs.report, ana, "render", Report("encoding", 0.5, "Frame 50.", {"frame": 50}))

    for place in ("/jobs/", f"/jobs/{job.pk}/"):
        page = await desk.open(place)
        await page.emulate_media(color_scheme=scheme)
        assert await faults(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("outcome", Run.Outcome.values)
async def test_every_outcome(desk: Desk, told_run: ToldRun, scheme: Any, outcome: str) -> None:
    said = {"outcome": outcome, "sentence": "A sentence.", "why": "Why.", "limit": "Limit."}
    await told_run.becomes("succeeded", concluded(), **said)

    page = await desk.open(told_run.path)
    await page.emulate_media(color_scheme=scheme)

    assert await faults(page) == []
    await page.goto(desk.server.url + "/runs/")
    assert await faults(page) == []


@pytest.fixture
def seen(ana: User, tmp_path: Path) -> ToldRun:
    return watched_run(ana, tmp_path)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_what_was_seen_in_footage(desk: Desk, seen: ToldRun, scheme: Any) -> None:
    await seen.tell(*happenings(), *progress(170))

    page = await desk.open(seen.path)
    await page.emulate_media(color_scheme=scheme)
    assert await faults(page) == []

    for table in await page.locator("#footage .lane-table > summary").all():
        await table.click()
    await page.locator("#footage tbody button").first.click()
    assert await faults(page) == []


async def test_the_chosen_theme_stays(desk: Desk) -> None:
    page = await desk.open("/")
    button = page.get_by_role("button", name="Theme: as the system")
    await button.click()
    await page.get_by_role("button", name="Theme: light").click()
    await page.goto(desk.server.url + "/runs/")

    assert await page.evaluate("document.documentElement.dataset.theme") == "dark"


async def test_staff_see_operations(desk: Desk, ana: User) -> None:
    await ask(User.objects.filter(pk=ana.pk).update, is_staff=True)

    page = await desk.open("/operations/")

    assert await faults(page) == []
