"""Watching a run: the same state everywhere, whatever happens to the connection."""

import asyncio
import json
import re

import pytest
from playwright.async_api import Page, Route, WebSocketRoute, expect

from accounts import credentials
from accounts.models import User
from analysis.models import Run
from realtime import log
from realtime.readers import ask
from tests.e2e.conftest import Desk, ToldRun, concluded, measured, moved, sign_in_again

LANE = '[data-lane="meso4"]'
SETTLED = re.compile("part=settled")
PRESS_TWICE = """button => {
  setTimeout(() => button.click());
  setTimeout(() => { button.click(); console.log("pressed twice"); }, 200);
}"""


async def shows(page: Page, text: str) -> None:
    await expect(page.locator(f"{LANE} .lane-text")).to_contain_text(text)


async def state_of(page: Page) -> list[object]:
    """What the live part shows, but for what depends on the moment of drawing."""
    return await page.evaluate(
        """() => [...document.querySelectorAll("[data-lane]")].map((lane) => [
          lane.dataset.lane, lane.dataset.state, lane.querySelector(".lane-title").textContent,
          lane.querySelector(".lane-text").textContent, lane.querySelector("progress").value,
          [...lane.querySelectorAll("path")].map((line) => line.getAttribute("d")),
          lane.querySelectorAll("rect.gap").length,
        ])"""
    )


async def test_a_row_fills_in_live_with_gaps_where_nothing_was_assessable(
    desk: Desk, told_run: ToldRun
) -> None:
    page = await desk.open(told_run.path)

    await told_run.tell(moved(30), measured(0, 30))

    await shows(page, "30 of 60 frames · 1 face · 24/s · about 0:01 left")
    await expect(page.locator(f"{LANE} rect.gap")).to_have_count(3)
    await expect(page.locator("#run-page")).to_have_attribute("data-live", "open")


async def test_reload_and_second_tab_show_the_same_and_go_on(desk: Desk, told_run: ToldRun) -> None:
    first = await desk.open(told_run.path)
    await told_run.tell(moved(15), measured(0, 15))
    await shows(first, "15 of 60")

    second = await desk.open(told_run.path)
    await shows(second, "15 of 60")
    same = [await state_of(second)]
    await first.reload()
    await shows(first, "15 of 60")
    same.append(await state_of(first))
    await told_run.tell(moved(45), measured(15, 45))
    for page in (first, second):
        await shows(page, "45 of 60")

    assert same[0] == same[1]
    assert await state_of(first) == await state_of(second)


async def test_a_row_does_not_change_its_height_while_it_fills(desk: Desk, told_run: ToldRun) -> None:
    page = await desk.open(told_run.path)
    await expect(page.locator(LANE)).to_be_visible()
    before = await page.locator("#lanes").bounding_box()

    await told_run.tell(moved(30), measured(0, 30))
    await shows(page, "30 of 60")

    assert await page.locator("#lanes").bounding_box() == before


async def test_the_outcome_appears_when_the_run_ends(desk: Desk, told_run: ToldRun) -> None:
    page = await desk.open(told_run.path)
    await expect(page.locator("#outcome")).to_contain_text("No outcome yet")

    said = {"outcome": "some_signs", "sentence": "Some signs.", "why": "Because.", "limit": "But."}
    await told_run.becomes("succeeded", concluded(), **said)

    await expect(page.locator("#outcome")).to_contain_text("Because.")
    await expect(page.locator("#state-word")).to_have_text("Examined")
    await expect(page.get_by_role("button", name="Cancel", exact=True)).to_be_hidden()
    await expect(page.get_by_role("button", name="Examine again")).to_be_visible()
    await expect(page.locator("#announcer")).to_contain_text("has ended")


async def test_the_page_proves_that_it_received_every_line(desk: Desk, told_run: ToldRun) -> None:
    await told_run.tell(moved(5))
    page = await desk.open(told_run.path)
    await shows(page, "5 of 60")
    await told_run.tell(moved(30), measured(0, 30))

    await told_run.becomes("succeeded", concluded())

    ending = json.loads((await ask(log.read, told_run.topic))[-1].body)
    proof = f"Complete, 0 gaps: this browser received lines 1 to {ending['seq']}, each linked"
    await expect(page.locator("#closing-proof")).to_contain_text(proof)
    await expect(page.locator("#closing-proof")).to_contain_text(ending["hash"])


async def test_an_outcome_that_could_not_be_fetched_is_fetched_again(desk: Desk, told_run: ToldRun) -> None:
    page = await desk.open(told_run.path)
    await expect(page.locator("#run-page")).to_have_attribute("data-live", "open")
    await page.route(SETTLED, lambda route: route.abort())

    said = {"outcome": "some_signs", "sentence": "Some signs.", "why": "Because.", "limit": "But."}
    async with page.expect_event("requestfailed"):
        await told_run.becomes("succeeded", concluded(), **said)
    await page.unroute(SETTLED)

    await expect(page.locator("#outcome")).to_contain_text("Because.")


async def test_the_digest_is_copied_and_the_button_says_so(desk: Desk, told_run: ToldRun) -> None:
    await desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await desk.open(told_run.path)
    button = page.locator("#copy-digest")

    await button.click()

    await expect(button).to_have_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == await page.locator("#digest").inner_text()


async def test_without_a_clipboard_nothing_offers_to_copy(desk: Desk, told_run: ToldRun) -> None:
    await desk.context.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => undefined })"
    )
    page = await desk.open(told_run.path)
    await expect(page.locator("#run-page")).to_have_attribute("data-live", "open")

    await expect(page.locator("#copy-digest")).to_be_hidden()


async def test_a_cancel_the_server_does_not_hear_leaves_the_page_and_says_so(
    desk: Desk, told_run: ToldRun
) -> None:
    page = await desk.open(told_run.path)
    await page.route("**/cancel/", lambda route: route.abort())
    cancel = page.get_by_role("button", name="Cancel", exact=True)

    await cancel.click()

    await expect(page.locator("#run-note")).to_contain_text("The server did not answer")
    await expect(cancel).to_be_enabled()


async def test_an_open_page_cancels_after_a_sign_in_in_another_tab(
    desk: Desk, told_run: ToldRun, ana: User
) -> None:
    page = await desk.open(told_run.path)
    await sign_in_again(desk, ana)

    async with page.expect_response("**/cancel/") as answer:
        await page.get_by_role("button", name="Cancel", exact=True).click()

    assert (await answer.value).status == 302


async def test_a_button_works_again_when_its_press_came_to_nothing(desk: Desk, told_run: ToldRun) -> None:
    await told_run.becomes("succeeded", concluded(), outcome="some_signs", sentence="Some signs.")
    page = await desk.open(told_run.path)
    again = page.get_by_role("button", name="Examine again")
    # as "Stay on this page" does: the form was submitted, and nothing was sent
    await page.route("**/again/", lambda route: route.fulfill(status=204))
    await again.click()
    await page.unroute("**/again/")

    await expect(page.locator("form[data-sent]")).to_have_count(0)
    await again.click()

    await page.wait_for_url(lambda url: "/runs/" in url and str(told_run.id) not in url)


async def test_a_second_press_of_a_button_starts_no_second_run(desk: Desk, told_run: ToldRun) -> None:
    await told_run.becomes("succeeded", concluded(), outcome="some_signs", sentence="Some signs.")
    page = await desk.open(told_run.path)
    pressed_twice = asyncio.Event()
    page.on("console", lambda said: pressed_twice.set() if said.text == "pressed twice" else None)
    sent: list[Route] = []

    async def hold(route: Route) -> None:
        sent.append(route)
        await pressed_twice.wait()
        await route.continue_()

    await page.route("**/again/", hold)
    await page.get_by_role("button", name="Examine again").evaluate(PRESS_TWICE)
    await page.wait_for_url(lambda url: "/runs/" in url and str(told_run.id) not in url)

    assert len(sent) == 1
    assert await ask(Run.objects.count) == 2


async def test_where_sockets_are_blocked_the_page_polls_says_so_and_goes_back(
    desk: Desk, told_run: ToldRun
) -> None:
    blocked = True

    async def guard(socket: WebSocketRoute) -> None:
        if blocked:
            await socket.close(code=1011)
        else:
            socket.connect_to_server()

    await desk.context.route_web_socket("**/ws/**", guard)
    page = await desk.open(told_run.path)
    await expect(page.locator("#live-note")).to_contain_text("Sockets are blocked here")
    await told_run.tell(moved(20))
    await shows(page, "20 of 60")

    blocked = False
    await page.evaluate("window.dispatchEvent(new Event('online'))")

    await expect(page.locator("#live-note")).to_be_hidden()
    await told_run.tell(moved(40))
    await shows(page, "40 of 60")


async def test_nothing_is_lost_while_the_network_is_away(desk: Desk, told_run: ToldRun) -> None:
    page = await desk.open(told_run.path)
    await expect(page.locator("#run-page")).to_have_attribute("data-live", "open")

    await desk.context.set_offline(True)
    await told_run.tell(moved(10), measured(0, 10))
    await desk.context.set_offline(False)
    await told_run.tell(moved(20), measured(10, 20))

    await shows(page, "20 of 60")
    await page.locator(f"{LANE} summary").click()
    await expect(page.locator(f"{LANE} tbody tr")).to_have_count(20)


async def test_who_is_signed_out_elsewhere_is_sent_to_the_sign_in_page(
    desk: Desk, told_run: ToldRun, ana: User
) -> None:
    page = await desk.open(told_run.path)
    await expect(page.locator("#run-page")).to_have_attribute("data-live", "open")

    await ask(credentials.revoke_all, ana)

    await page.wait_for_url(f"**/sign-in/?next=%2Fruns%2F{told_run.id}%2F", timeout=15_000)


@pytest.mark.parametrize("width", [390, 1440])
async def test_a_phone_shows_the_same_and_scrolls_in_one_direction_only(
    desk: Desk, told_run: ToldRun, width: int
) -> None:
    await told_run.tell(moved(30), measured(0, 30))
    page = await desk.open(told_run.path)
    await page.set_viewport_size({"width": width, "height": 844})

    await shows(page, "30 of 60")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_without_scripts_the_page_shows_the_current_state(desk: Desk, told_run: ToldRun) -> None:
    await told_run.tell(moved(30))
    await desk.context.route("**/*.js", lambda route: route.abort())

    page = await desk.open(told_run.path)

    await shows(page, "30 of 60 frames")
    await expect(page.locator("#trail")).to_contain_text("detector.started")
