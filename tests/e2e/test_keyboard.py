"""Everything by keyboard alone."""

from pathlib import Path

import numpy as np
from playwright.async_api import Page, expect

from accounts.models import User
from tests.clips import write_samples
from tests.e2e.conftest import PASSWORD, Desk, ToldRun

FOCUSED = """() => {
  const at = document.activeElement;
  const around = at.closest("label");
  const outline = (node) => node && getComputedStyle(node).outlineStyle;
  return [at.ariaLabel || at.labels?.[0]?.innerText || at.innerText || "", outline(at), outline(around)];
}"""


async def tab_to(page: Page, name: str, *, limit: int = 60) -> None:
    """Presses Tab until the thing called `name` has the focus, and checks that the focus can be seen."""
    for _ in range(limit):
        await page.keyboard.press("Tab")
        found = await page.evaluate(FOCUSED)
        if name in found[0]:
            assert "none" not in (found[2] or found[1]), f"{name}: the focus cannot be seen"
            return
    raise AssertionError(f"{name} cannot be reached with {limit} presses of Tab")


async def test_sign_in_upload_and_cancel(strangers_desk: Desk, ana: User, tmp_path: Path) -> None:
    file = write_samples(tmp_path / "short.wav", np.zeros(16_000, np.float32))
    page = await strangers_desk.open("/")
    await page.keyboard.type(ana.email)
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Examine a file")).to_be_visible()
    await page.wait_for_load_state("load")

    # from before the tabbing: the browser is told to hand its choosers over, and nobody waits for its answer
    async with page.expect_file_chooser() as chooser:
        await tab_to(page, "anywhere on this page")
        await page.keyboard.press("Enter")
    await (await chooser.value).set_files(file)
    await page.wait_for_url("**/runs/*-*-*-*-*/")
    await tab_to(page, "Cancel")
    await page.keyboard.press("Enter")

    await expect(page.locator("#state-word")).to_have_text("Cancelled")


async def test_the_first_press_of_tab_offers_to_skip_the_navigation(desk: Desk) -> None:
    page = await desk.open("/runs/")

    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")

    await expect(page.locator("#main")).to_be_focused()


async def test_filtering_the_history(desk: Desk, told_run: ToldRun) -> None:
    page = await desk.open("/runs/")

    await tab_to(page, "Name, description or SHA-256")
    await page.keyboard.type("interview")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/runs/?q=interview*")
    await expect(page.get_by_role("link", name="interview.mp4").first).to_be_visible()
    await tab_to(page, "State")
    await page.keyboard.type("Fail")
    await tab_to(page, "Filter")
    await page.keyboard.press("Enter")

    await expect(page.locator("main")).to_contain_text("No run matches these filters.")
