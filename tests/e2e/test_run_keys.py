"""The keys of the run page, and the check of its chain."""

from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Page, expect

from accounts.models import User
from analysis.models import Run
from analysis.uploads import adopt_file
from realtime import log
from realtime.log import Draft
from realtime.readers import ask
from tests.clips import write_samples
from tests.e2e.conftest import Desk, ToldRun, concluded
from tests.pages.conftest import leased_run

SECONDS = "player => player.currentTime"
READY = "() => document.getElementById('media').readyState >= 2"


async def at(page: Page) -> float:
    return float(await page.locator("#media").evaluate(SECONDS))


async def test_help_opens_closes_and_turns_the_keys_off(desk: Desk, told_run: ToldRun) -> None:
    page = await desk.open(told_run.path)

    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys on this page")).to_be_visible()
    await page.get_by_label("Use these keys").uncheck()
    await page.keyboard.press("Escape")
    await page.keyboard.press("c")
    await expect(page.get_by_role("dialog")).to_have_count(0)

    await page.get_by_role("button", name="Keys").click()
    await expect(page.get_by_role("dialog", name="Keys on this page")).to_be_visible()


async def test_cancelling_asks_first(desk: Desk, told_run: ToldRun) -> None:
    page = await desk.open(told_run.path)

    await page.keyboard.press("c")
    await expect(page.get_by_role("dialog", name="Cancel the examination of interview.mp4?")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert not await ask(asked_to_stop, told_run)

    await page.keyboard.press("c")
    async with page.expect_response("**/cancel/"):
        await page.get_by_role("button", name="Cancel the examination").click()
    assert await ask(asked_to_stop, told_run)


async def test_a_run_that_was_started_again_can_be_cancelled_by_key(desk: Desk, told_run: ToldRun) -> None:
    await told_run.becomes("cancelled", Draft("run.cancelled", "Cancelled.", {"by": "Ana"}, ending=True))
    page = await desk.open(told_run.path)
    await expect(page.locator("#state-word")).to_have_text("Cancelled")

    await told_run.becomes("running", Draft("run.retried", "Again.", {"reason": "asked for by a person"}),
                           Draft("run.started", data={"attempt": 2, "detectors": ["meso4"]}))  # fmt: skip
    await expect(page.locator("#state-word")).to_have_text("Being examined")
    await page.keyboard.press("c")

    await expect(page.get_by_role("dialog", name="Cancel the examination of interview.mp4?")).to_be_visible()


def asked_to_stop(told: ToldRun) -> bool:
    return Run.objects.get(pk=told.id).lease.cancel_requested_at is not None


@pytest.fixture
def sung_run(ana: User, tmp_path: Path) -> ToldRun:
    """A run of eight seconds of sound, highest at 2 s and at 5 s."""
    file = write_samples(tmp_path / "sung.wav", np.zeros(8 * 16_000, np.float32))
    run = leased_run(media=adopt_file(file, owner=ana), state="running")
    points = [[second, 0.9 if second in (2, 5) else 0.1, None, None] for second in range(8)]
    log.append(run.topic_id, [
        Draft("run.started", data={"attempt": 1, "detectors": ["voice"]}),
        Draft("detector.started", data={"detector": "voice", "title": "Voice", "unit": "windows"}),
        Draft("score.measured", data={"detector": "voice", "points": points}),
    ], run=run.pk, attempt=1)  # fmt: skip
    return ToldRun(run)


async def test_space_arrows_and_brackets_move_the_player(desk: Desk, sung_run: ToldRun) -> None:
    page = await desk.open(sung_run.path)
    await page.wait_for_function(READY)

    await page.keyboard.press("Shift+ArrowRight")
    assert await at(page) == pytest.approx(1.0, abs=0.02)
    await page.keyboard.press("ArrowRight")
    assert await at(page) == pytest.approx(1.1, abs=0.02)
    await page.keyboard.press("]")
    assert await at(page) == pytest.approx(2.0, abs=0.02)
    await expect(page.locator("#media-at")).to_contain_text("Voice: detector score 0.90 at 0:02")
    await page.keyboard.press("]")
    assert await at(page) == pytest.approx(5.0, abs=0.02)
    await page.keyboard.press("[")
    assert await at(page) == pytest.approx(2.0, abs=0.02)

    await page.keyboard.press("Space")
    await page.wait_for_function("() => !document.getElementById('media').paused")
    await page.keyboard.press("Space")
    await page.wait_for_function("() => document.getElementById('media').paused")


async def test_keys_are_no_shortcuts_while_somebody_types(desk: Desk, sung_run: ToldRun) -> None:
    page = await desk.open(sung_run.path)
    await page.wait_for_function(READY)
    await page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<input id=\"field\">')"
    )

    await page.locator("#field").press_sequentially("c?[] ")
    await page.locator("#field").press("ArrowLeft")

    assert await page.locator("#field").input_value() == "c?[] "
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert await at(page) == 0


async def test_the_chain_is_checked_by_a_press(desk: Desk, told_run: ToldRun) -> None:
    page = await desk.open(told_run.path)
    status = page.locator("#chain-status")

    await page.get_by_role("link", name="Check the chain").click()
    await expect(status).to_have_text("0 gaps so far; the chain of 4 events verifies, and more are to come.")

    await told_run.becomes("succeeded", concluded(), outcome="some_signs", sentence="Some signs.")
    await expect(page.locator("#trail")).to_contain_text("run.succeeded")
    await page.get_by_role("link", name="Check the chain").click()
    await expect(status).to_have_text("Complete, 0 gaps; the chain of 5 events verifies.")
