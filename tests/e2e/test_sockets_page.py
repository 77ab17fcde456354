"""Trying sockets in a browser, by keyboard alone."""

from playwright.async_api import expect

from tests.e2e.conftest import Desk, ToldRun, moved


async def test_a_socket_is_opened_spoken_to_and_closed_with_the_keyboard(
    desk: Desk, told_run: ToldRun
) -> None:
    page = await desk.open("/sockets/")
    await page.get_by_label("Address").fill(f"/ws/topics/{told_run.topic}/?after=4")
    await page.keyboard.press("Enter")
    await expect(page.locator("#socket-state")).to_have_text("open")

    await told_run.tell(moved(15))
    await page.get_by_label("Frame", exact=True).focus()
    await page.keyboard.press("Control+Enter")

    frames = page.locator("#frames")
    await expect(frames).to_contain_text('"message":"15 of 60"')
    await expect(frames).to_contain_text('{"type":"pong"}')
    await page.get_by_role("button", name="Close").press("Enter")
    await expect(page.locator("#socket-state")).to_have_text("closed with 1000")
