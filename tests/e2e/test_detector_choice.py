"""Detectors are ticked one by one behind a fold, by keyboard too. No worker: runs wait."""

from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Locator, Page, expect

from tests.clips import write_samples
from tests.e2e.conftest import Desk
from tests.e2e.test_accessibility import faults
from tests.e2e.test_keyboard import tab_to
from tests.e2e.test_presets import CARDS, asked_for, know, send

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    return write_samples(tmp_path / "tone.wav", np.zeros(16_000, np.float32))


@pytest.fixture
async def page(desk: Desk) -> Page:
    await know(CARDS)
    return await desk.open("/")


def fold(page: Page) -> Locator:
    return page.locator("#choose-detectors")


async def unfold(page: Page) -> None:
    await fold(page).locator("summary").click()


def box(page: Page, name: str) -> Locator:
    return fold(page).get_by_role("checkbox", name=name)


def preset(page: Page, name: str) -> Locator:
    return page.get_by_role("radio", name=name)


async def counts(page: Page, *said: str) -> None:
    """Of all, and of each group."""
    await expect(fold(page).locator("[data-count]")).to_have_text([f"({one})" for one in said])


async def test_a_preset_ticks_its_detectors_and_the_count_goes_along(page: Page) -> None:
    await counts(page, "2 of 4", "1 of 1", "1 of 1", "0 of 2")

    await preset(page, "Footage").check()

    await counts(page, "2 of 4", "0 of 1", "0 of 1", "2 of 2")
    await unfold(page)
    await expect(box(page, "tracking")).to_be_checked()
    await expect(box(page, "spectrum")).not_to_be_checked()


async def test_what_is_ticked_by_hand_is_asked_for(page: Page, tone: Path) -> None:
    await unfold(page)

    await box(page, "motion").check()
    await expect(preset(page, "Own choice")).to_be_checked()
    await box(page, "spectrum").uncheck()
    await counts(page, "2 of 4", "0 of 1", "1 of 1", "1 of 2")
    await send(page, tone)

    assert await asked_for() == [["metadata", "motion"]]


async def test_ticks_that_are_those_of_a_preset_are_that_preset(page: Page, tone: Path) -> None:
    await unfold(page)
    await box(page, "spectrum").uncheck()
    await expect(preset(page, "Quick")).to_be_checked()

    await box(page, "spectrum").check()
    await expect(preset(page, "Full")).to_be_checked()
    await send(page, tone)

    assert await asked_for() == [[]]


async def test_with_nothing_ticked_no_file_is_taken_and_no_run_begun(page: Page, tone: Path) -> None:
    await unfold(page)
    await box(page, "spectrum").uncheck()
    await box(page, "metadata").uncheck()
    await counts(page, "0 of 4", "0 of 1", "0 of 1", "0 of 2")

    await page.set_input_files("input[data-drop]", tone)

    await expect(page.locator("#upload-text")).to_have_text(
        "No detector is ticked. Tick at least one, or choose Full."
    )
    assert await asked_for() == []


async def test_all_of_it_by_keyboard(page: Page, tone: Path) -> None:
    await preset(page, "Full").focus()
    await tab_to(page, "Choose detectors", limit=1)
    await page.keyboard.press("Enter")
    await tab_to(page, "motion", limit=3)
    await page.keyboard.press("Space")
    await expect(preset(page, "Own choice")).to_be_checked()
    await send(page, tone)

    assert await asked_for() == [["metadata", "motion", "spectrum"]]


async def test_an_own_choice_opens_the_fold(page: Page) -> None:
    await preset(page, "Own choice").check()

    await expect(box(page, "motion")).to_be_visible()
    await counts(page, "2 of 4", "1 of 1", "1 of 1", "0 of 2")


async def test_without_scripts_the_fold_opens_and_promises_no_choice(desk: Desk, page: Page) -> None:
    browser = desk.context.browser
    assert browser
    context = await browser.new_context(
        java_script_enabled=False, storage_state=await desk.context.storage_state()
    )
    bare = await context.new_page()
    await bare.goto(desk.server.url)

    await unfold(bare)

    await expect(box(bare, "motion")).to_be_visible()
    await counts(bare, "2 of 4", "1 of 1", "1 of 1", "0 of 2")
    await expect(preset(bare, "Own choice")).to_be_hidden()
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, PHONE["width"]])
async def test_it_fits_and_can_be_read(page: Page, width: int, scheme: str) -> None:
    await page.set_viewport_size({"width": width, "height": 844})
    await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    await unfold(page)

    assert await faults(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
