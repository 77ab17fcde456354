"""The whole path in a browser: sign in, drop a file, watch the worker, read the outcome, find it again."""

import base64
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from accounts.models import User
from analysis.uploads import adopt_file
from realtime.readers import ask
from tests.clips import write_video
from tests.e2e.conftest import PASSWORD, Desk
from tests.flows import workers
from tests.product import Program

DROP = """([name, type, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name, { type }));
  for (const kind of ["dragover", "drop"]) {
    document.querySelector("main").dispatchEvent(
      new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carried }));
  }
}"""
RUN_PAGE = "**/runs/*-*-*-*-*/"


async def drop(page: Page, name: str, content: bytes) -> None:
    """Drops a file onto the page, as a person would."""
    await page.evaluate(DROP, [name, "video/mp4", base64.b64encode(content).decode()])


@pytest.fixture
def square(tmp_path: Path) -> bytes:
    return write_video(tmp_path / "square.mp4", seconds=4).read_bytes()


async def test_from_signing_in_to_the_outcome(
    strangers_desk: Desk, ana: User, worker_process: Program, square: bytes
) -> None:
    page = await strangers_desk.open("/detectors/")
    await page.get_by_label("E-mail").fill(ana.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{strangers_desk.server.url}/detectors/")

    await drop(page, "square.mp4", square)
    await page.wait_for_url(RUN_PAGE)
    address = page.url
    await expect(page.locator("#state-word")).to_have_text("Examined", timeout=60_000)

    await expect(page.locator("#outcome")).to_contain_text("Power spectrum scored")
    outcome = await page.locator("#outcome").inner_text()
    await expect(page.locator('[data-lane="spectrum"] path.line').first).to_be_attached()
    picture = page.locator("#evidence img").first
    await picture.scroll_into_view_if_needed()
    await expect(picture).to_have_js_property("complete", value=True)
    assert await picture.evaluate("image => image.naturalWidth") > 0

    await page.get_by_role("link", name="History", exact=True).click()
    await page.get_by_role("link", name="square.mp4").click()
    assert page.url == address
    assert await page.locator("#outcome").inner_text() == outcome


async def test_cancelling_shows_within_two_seconds(
    desk: Desk, ana: User, start_worker: Callable[..., Program], tmp_path: Path
) -> None:
    start_worker(**workers.install_plugin(tmp_path / "plugins"))
    clip = write_video(tmp_path / "long.mp4", seconds=240)
    run = await ask(lambda: workers.ask(adopt_file(clip, owner=ana), "slow"))
    page = await desk.open(f"/runs/{run.pk}/")
    await expect(page.locator("#lanes")).to_contain_text(" of ", timeout=60_000)

    asked = time.monotonic()
    await page.get_by_role("button", name="Cancel", exact=True).click()
    await expect(page.locator("#state-word")).to_have_text("Cancelled")
    took = time.monotonic() - asked

    # two seconds are promised; here the worker shares its cores with the other tests
    assert took < 5.0
    await expect(page.locator("#outcome")).to_contain_text("Cancelled before it had ended")
    await expect(page.get_by_role("button", name="Retry")).to_be_visible()
