"""What is examined is chosen on the drop page, by keyboard too. No worker: runs wait."""

from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Page, expect

from analysis.models import DetectorCard, Run
from realtime.readers import ask
from tests.clips import write_samples
from tests.e2e.conftest import Desk

RUN_PAGE = "**/runs/*-*-*-*-*/"
CARDS = {
    "metadata": {"consumes": "file", "by_default": True, "forensic": True},
    "spectrum": {"consumes": "frames", "by_default": True, "forensic": True},
    "motion": {"consumes": "footage", "by_default": False, "forensic": False},
    "tracking": {"consumes": "footage", "by_default": False, "forensic": False},
}


@pytest.fixture
def short(tmp_path: Path) -> Path:
    return write_samples(tmp_path / "short.wav", np.zeros(16_000, np.float32))


async def know(cards: dict[str, dict[str, object]]) -> None:
    rows = [
        DetectorCard(name=name, card={"title": name} | card, available=True) for name, card in cards.items()
    ]
    await ask(lambda: DetectorCard.objects.bulk_create(rows))


async def send(page: Page, file: Path) -> None:
    await page.set_input_files("input[data-drop]", file)
    await page.wait_for_url(RUN_PAGE)


async def asked_for() -> list[list[str]]:
    return await ask(lambda: list(Run.objects.order_by("created").values_list("detectors", flat=True)))


async def test_a_file_is_examined_as_footage_where_that_was_chosen_by_keyboard(
    desk: Desk, short: Path
) -> None:
    await know(CARDS)
    page = await desk.open("/")

    await page.get_by_role("radio", name="Full").focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("radio", name="Footage")).to_be_checked()
    await send(page, short)

    assert await asked_for() == [["motion", "tracking"]]


async def test_quick_asks_only_for_what_reads_no_picture_and_no_sound(desk: Desk, short: Path) -> None:
    await know(CARDS)
    page = await desk.open("/")

    await page.get_by_role("radio", name="Quick").check()
    await send(page, short)

    assert await asked_for() == [["metadata"]]


async def test_without_a_choice_the_worker_decides(desk: Desk, short: Path) -> None:
    await know(CARDS)
    page = await desk.open("/")
    await expect(page.get_by_role("radio", name="Full")).to_be_checked()

    await send(page, short)

    assert await asked_for() == [[]]


async def test_there_is_nothing_to_choose_before_a_worker_said_what_it_can_do(desk: Desk) -> None:
    page = await desk.open("/")

    await expect(page.get_by_role("radio")).to_have_count(0)


async def test_bytes_seen_before_are_examined_again_as_chosen(desk: Desk, short: Path) -> None:
    await know(CARDS)
    page = await desk.open("/")
    await send(page, short)
    first = page.url

    await page.goto(desk.server.url)
    await page.get_by_role("radio", name="Footage").check()
    await page.set_input_files("input[data-drop]", short)
    await page.get_by_role("button", name="Examine again").click()
    await page.wait_for_url(lambda url: "/runs/" in url and url != first)

    assert await asked_for() == [[], ["motion", "tracking"]]
