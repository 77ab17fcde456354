"""A real browser before a real web server; the worker too, where a test asks for it.

The browser is the distribution's Chromium, by path; without it these tests skip and say what to install.
"""

import os
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from accounts.models import User
from analysis.models import Run
from realtime import log
from realtime.log import Draft
from realtime.readers import ask
from tests.conftest import product_environment
from tests.factories import make_media, make_user
from tests.pages.conftest import leased_run
from tests.product import Server, make_server

CHROMIUM = Path("/usr/bin/chromium")
INSTALLED = os.access(CHROMIUM, os.X_OK)
PASSWORD = "correct horse battery"
SWITCHES = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for all tests; each test has a profile of its own."""
    if not INSTALLED:
        pytest.skip(f"{CHROMIUM} is not there; `apt-get install -y chromium` lets the browser tests run")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def shared_server(
    django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Server]]:
    """Starts one server for all browser tests."""
    started: list[Server] = []

    def shared() -> Server:
        if not started:
            started.append(make_server(product_environment(), tmp_path_factory.mktemp("web")))
            started[0].start()
        return started[0]

    yield shared
    for one in started:
        one.stop()


@pytest.fixture
def server(transactional_db: None, shared_server: Callable[[], Server]) -> Server:
    """The deployed web server before this test's database."""
    return shared_server()


@pytest.fixture
def ana(transactional_db: None) -> User:
    return make_user(email="ana@example.org", password=PASSWORD, name="Ana")


class Desk:
    """A browser profile at the desk, and what went wrong in it."""

    def __init__(self, context: BrowserContext, server: Server) -> None:
        self.context = context
        self.server = server
        self.wrong: list[str] = []
        self.heard: list[str] = []

    async def open(self, path: str = "/") -> Page:
        """A new tab at `path`."""
        page = await self.context.new_page()
        page.on("pageerror", lambda error: self.wrong.append(f"{page.url}: {error}"))
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.on("requestfailed", lambda lost: self.heard.append(f"lost: {lost.method} {lost.url}"))
        await page.goto(self.server.url + path)
        return page

    def _hear(self, kind: str, text: str) -> None:
        self.heard.append(f"{kind}: {text}")
        if kind == "error" and re.search("Content.Security.Policy|Uncaught|module", text):
            self.wrong.append(text)


@pytest.fixture
async def strangers_desk(chromium: Browser, server: Server) -> AsyncIterator[Desk]:
    """A browser nobody is signed in to; no script may fail and no policy may be broken in it."""
    context = await chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    desk = Desk(context, server)
    yield desk
    await context.close()
    # shown when the test has failed
    sys.stdout.write("\n".join(["what the browser said:", *desk.heard, ""]))
    assert desk.wrong == []


@pytest.fixture
async def desk(strangers_desk: Desk, ana: User) -> Desk:
    """Ana's browser."""
    cookie = await ask(_session_of, ana)
    name = f"sessionid_{strangers_desk.server.port}"  # the name on other ports than 8000
    await strangers_desk.context.add_cookies(
        [{"name": name, "value": cookie, "url": strangers_desk.server.url}]
    )
    return strangers_desk


async def sign_in_again(desk: Desk, user: User) -> None:
    """A sign-in in another tab of the same browser: the session and the CSRF cookie are others from here on.

    Nobody signs out, because an open page that meets that leaves for the sign-in page, sooner or later.
    """
    tab = await desk.open("/sign-in/")
    await tab.get_by_label("E-mail").fill(user.email)
    await tab.get_by_label("Password").fill(PASSWORD)
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_role("heading", name="Examine a file")).to_be_visible()


def _session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[django_settings.SESSION_COOKIE_NAME].value


class ToldRun:
    """A run whose log is written by the test, as a worker would write it."""

    def __init__(self, run: Run) -> None:
        self.id: UUID = run.pk
        self.topic: UUID = run.topic_id
        self.path = f"/runs/{run.pk}/"

    async def tell(self, *drafts: Draft) -> None:
        """Appends lines and announces them."""
        await ask(log.append, self.topic, drafts, run=self.id, attempt=1)

    async def becomes(self, state: str, *drafts: Draft, **fields: Any) -> None:
        """The run changes its state, then its log says so."""
        await ask(Run.objects.filter(pk=self.id).update, state=state, **fields)
        await self.tell(*drafts)


@pytest.fixture
def told_run(ana: User) -> ToldRun:
    """A run at work: meso4 has seen nothing yet."""
    media = make_media(owner=ana, filename="interview.mp4", facts={"duration_seconds": 12.0})
    run = leased_run(media=media, state="running")
    told: list[tuple[str, dict[str, Any]]] = [
        ("run.queued", {"filename": "interview.mp4", "detectors": []}),
        ("run.started", {"attempt": 1, "detectors": ["meso4"]}),
        ("stage.started", {"stage": "model_inference"}),
        ("detector.started", {"detector": "meso4", "title": "Meso-4", "unit": "frames"}),
    ]
    log.append(run.topic_id, [Draft(kind, data=data) for kind, data in told], run=run.pk, attempt=1)
    return ToldRun(run)


def moved(done: int, *, total: int = 60) -> Draft:
    """meso4 has done `done` of `total` frames."""
    data = {"detector": "meso4", "done": done, "total": total, "unit": "frames", "fps": 24.0}
    place = {"seconds_left": (total - done) / 24, "pts_seconds": done / 5, "faces": 1}
    return Draft("run.progressed", f"{done} of {total}", data | place, subject="meso4")


def measured(first: int, last: int) -> Draft:
    """meso4's scores of frames first…last-1; every tenth has no face."""
    points = [
        [number / 5, None, None, "no_face"] if number % 10 == 0 else [number / 5, 0.4, 1, None]
        for number in range(first, last)
    ]
    return Draft("score.measured", data={"detector": "meso4", "points": points}, subject="meso4")


def concluded() -> Draft:
    """The run's ending."""
    said = {"outcome": "some_signs", "sentence": "Some signs.", "why": "w", "limit": "l", "rule": "r"}
    return Draft("run.succeeded", "Some signs.", {"attempt": 1, **said}, ending=True)
