"""Trying sockets in a browser, by keyboard alone."""

import pytest
from playwright.async_api import expect

from accounts.models import User
from realtime.readers import ask
from tests.e2e.conftest import Desk, ToldRun, moved
from tests.factories import make_media, make_run


def many_runs(owner: User) -> None:
    for number in range(30):
        media = make_media(owner=owner, filename=f"a_{'long_' * 20}{number}.mp4", description="x" * 300)
        make_run(media=media)


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


@pytest.mark.parametrize("width", [1440, 390])
async def test_a_long_frame_is_folded_and_wraps_when_it_is_opened(desk: Desk, ana: User, width: int) -> None:
    await ask(many_runs, ana)
    page = await desk.open("/sockets/")
    await page.set_viewport_size({"width": width, "height": 900})
    await page.get_by_label("Address").fill("/ws/user/")
    await page.keyboard.press("Enter")
    frame = page.locator("#frames details").first
    await expect(frame).to_contain_text("snapshot")
    folded = await page.evaluate("document.documentElement.scrollHeight")

    await frame.locator("summary").press("Enter")

    await expect(frame.locator("code").last).to_be_visible()
    assert folded < 2000
    clipped = (
        "[...document.querySelectorAll('.scroll, html')].some((box) => box.scrollWidth > box.clientWidth)"
    )
    assert await page.evaluate(clipped) is False
