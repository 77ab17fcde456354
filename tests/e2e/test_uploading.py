"""Uploads from the page: resumed after a reload, recognised, refused with words. No worker: runs wait."""

import asyncio
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Page, Request, Route, expect

from accounts.models import User
from analysis.models import Media, Run, Upload
from realtime.readers import ask
from tests.clips import write_samples
from tests.e2e.conftest import Desk, sign_in_again

RUN_PAGE = "**/runs/*-*-*-*-*/"
CHOOSE = "input[data-drop]"
DROP_TWO = """() => {
  const carried = new DataTransfer();
  for (const name of ["a.wav", "b.wav"]) carried.items.add(new File(["sound"], name));
  document.querySelector("main").dispatchEvent(
    new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: carried }));
}"""


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    """Twenty megabytes of sound: three pieces."""
    samples = np.random.default_rng(7).uniform(-0.5, 0.5, 10_000_000).astype(np.float32)
    return write_samples(tmp_path / "noise.wav", samples)


@pytest.fixture
def short(tmp_path: Path) -> Path:
    return write_samples(tmp_path / "short.wav", np.zeros(16_000, np.float32))


async def choose(page: Page, file: Path) -> None:
    await page.set_input_files(CHOOSE, file)


async def test_after_a_reload_the_same_file_goes_on_where_it_was(desk: Desk, noise: Path) -> None:
    page = await desk.open("/")

    async def lose_later_pieces(route: Route, request: Request) -> None:
        first = request.method != "PATCH" or request.headers["upload-offset"] == "0"
        await (route.continue_() if first else route.abort())

    await page.route("**/api/v1/uploads/**", lose_later_pieces)
    await choose(page, noise)
    await expect(page.locator("#upload-text")).to_contain_text("nothing is lost")
    page.on("dialog", lambda dialog: dialog.accept())
    await page.unroute("**/api/v1/uploads/**")
    await page.reload()
    offsets: list[str] = []
    page.on("request", lambda sent: offsets.append(sent.headers.get("upload-offset", "")))
    await choose(page, noise)
    await page.wait_for_url(RUN_PAGE)

    assert [offset for offset in offsets if offset] == ["8000000", "16000000"]
    media = await ask(Media.objects.get)
    assert media.size_bytes == noise.stat().st_size  # noqa: ASYNC240  # a stat of our own file


async def test_the_same_bytes_again_offer_their_run_or_a_new_one(desk: Desk, short: Path) -> None:
    page = await desk.open("/")
    await choose(page, short)
    await page.wait_for_url(RUN_PAGE)
    first = page.url
    await page.goto(desk.server.url)
    await choose(page, short)

    await expect(page.locator("#upload-text")).to_contain_text("Same bytes examined on")
    await expect(page.get_by_role("link", name="Open that run")).to_have_attribute(
        "href", first.removeprefix(desk.server.url)
    )
    await page.get_by_role("button", name="Examine again").click()
    await page.wait_for_url(lambda url: "/runs/" in url and url != first)

    assert (await ask(Media.objects.count), await ask(Run.objects.count)) == (1, 2)


async def test_an_open_page_uploads_after_a_sign_in_in_another_tab(
    desk: Desk, short: Path, ana: User
) -> None:
    page = await desk.open("/")
    await sign_in_again(desk, ana)

    await choose(page, short)

    await page.wait_for_url(RUN_PAGE)


async def test_cancelling_an_upload_keeps_nothing(desk: Desk, noise: Path) -> None:
    page = await desk.open("/")
    await page.route(
        "**/api/v1/uploads/**",
        lambda route: route.abort() if route.request.method == "PATCH" else route.continue_(),
    )
    await choose(page, noise)
    await expect(page.locator("#upload-text")).to_contain_text("nothing is lost")

    await page.get_by_role("button", name="Cancel the upload").click()

    await expect(page.locator("#upload-text")).to_contain_text("was cancelled; nothing was kept")
    assert await ask(Upload.objects.count) == 0


async def test_after_a_cancel_the_same_file_can_be_chosen_again(desk: Desk, noise: Path) -> None:
    page = await desk.open("/")
    await page.route("**/api/v1/uploads/**", lambda route: route.abort())
    await choose(page, noise)
    await expect(page.locator("#upload-text")).to_contain_text("nothing is lost")
    await page.get_by_role("button", name="Cancel the upload").click()
    await expect(page.locator("#upload-text")).to_contain_text("was cancelled")
    await page.unroute("**/api/v1/uploads/**")

    assert await page.locator(CHOOSE).input_value() == ""
    await choose(page, noise)

    await page.wait_for_url(RUN_PAGE)


async def test_a_file_chosen_before_the_scripts_are_there_is_taken(desk: Desk, short: Path) -> None:
    page = await desk.open("/detectors/")
    chosen = asyncio.Event()

    async def late(route: Route) -> None:
        await chosen.wait()
        await route.continue_()

    await page.route("**/js/desk.js", late)
    await page.goto(desk.server.url, wait_until="commit")
    await choose(page, short)
    chosen.set()

    await page.wait_for_url(RUN_PAGE)


async def test_a_refusal_keeps_the_name_and_can_be_closed_by_button_or_key(
    desk: Desk, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.mp4"
    empty.write_bytes(b"")
    page = await desk.open("/")
    box = page.locator("#upload")

    await choose(page, empty)
    await expect(page.get_by_role("heading", name="empty.mp4")).to_be_visible()
    await box.get_by_role("button", name="Close").click()
    await expect(box).to_be_hidden()
    await expect(page.locator(CHOOSE)).to_be_focused()

    await choose(page, empty)
    await expect(box).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(box).to_be_hidden()


async def test_what_happens_to_further_files_stands_beside_the_upload(
    desk: Desk, noise: Path, short: Path
) -> None:
    page = await desk.open("/")
    await page.route("**/api/v1/uploads/**", lambda route: route.abort())
    note = page.locator("#upload-note")

    await choose(page, short)
    await expect(page.locator("#upload-text")).to_contain_text("nothing is lost")
    await expect(note).to_be_hidden()
    await choose(page, noise)
    await expect(note).to_have_text("An upload is under way. Cancel it first, or wait until it has ended.")
    await expect(page.get_by_role("heading", name="short.wav")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#upload")).to_be_visible()

    await page.get_by_role("button", name="Cancel the upload").click()
    await expect(note).to_be_hidden()
    await page.evaluate(DROP_TWO)
    await expect(note).to_have_text("One file at a time: a.wav is uploaded, the others are not.")


async def test_a_second_press_of_examine_again_starts_no_second_run(desk: Desk, short: Path) -> None:
    page = await desk.open("/")
    await choose(page, short)
    await page.wait_for_url(RUN_PAGE)
    first = page.url
    await page.goto(desk.server.url)
    await choose(page, short)
    again = page.get_by_role("button", name="Examine again")
    await expect(again).to_be_enabled()

    await again.evaluate("button => { button.click(); button.click(); }")
    await page.wait_for_url(lambda url: "/runs/" in url and url != first)

    assert await ask(Run.objects.count) == 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.mp4", b"", "it holds no bytes at all"),
        ("letter.mp4", b"Dear all, this is no video. " * 100, "of no picture, video or sound format"),
    ],
)
async def test_what_is_refused_is_refused_with_the_file_and_the_reason(
    desk: Desk, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    page = await desk.open("/runs/")
    await page.goto(desk.server.url)

    await choose(page, file)

    await expect(page.locator("#upload-text")).to_contain_text(words)
    await expect(page.locator("#upload-text")).to_contain_text(name)


async def test_a_file_over_the_limit_is_refused_before_it_is_sent(desk: Desk, short: Path) -> None:
    page = await desk.open("/")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    await page.evaluate("document.body.dataset.maxUploadBytes = '1000'")

    await choose(page, short)

    await expect(page.locator("#upload-text")).to_contain_text("this desk takes 1 kB")
    assert not [address for address in sent if "uploads" in address]


async def test_a_file_is_stressed_when_that_was_switched_on_by_keyboard(desk: Desk, short: Path) -> None:
    page = await desk.open("/")
    switch = page.get_by_role("checkbox", name="Stress the verdict")
    await expect(switch).to_have_accessible_description(re.compile("^Altered copies .* for up to 120 s: "))
    await page.locator(CHOOSE).focus()
    await page.keyboard.press("Tab")
    await expect(switch).to_be_focused()
    await page.keyboard.press("Space")
    await choose(page, short)
    await page.wait_for_url(RUN_PAGE)
    first = page.url

    await page.goto(desk.server.url)
    await expect(switch).not_to_be_checked()
    await choose(page, short)
    await page.get_by_role("button", name="Examine again").click()
    await page.wait_for_url(lambda url: "/runs/" in url and url != first)
    second = page.url
    await page.goto(desk.server.url)
    await switch.check()
    await choose(page, short)
    await page.get_by_role("button", name="Examine again").click()
    await page.wait_for_url(lambda url: "/runs/" in url and url not in (first, second))

    runs = await ask(lambda: list(Run.objects.order_by("created").values_list("stress_seconds", flat=True)))
    assert runs == [120, None, 120]


async def test_a_stressed_upload_goes_on_after_a_reload_as_it_was_wished(desk: Desk, noise: Path) -> None:
    page = await desk.open("/")
    begun: list[str] = []

    async def lose_later_pieces(route: Route, request: Request) -> None:
        begun.append(request.method)
        first = request.method != "PATCH" or request.headers["upload-offset"] == "0"
        await (route.continue_() if first else route.abort())

    await page.route("**/api/v1/uploads/**", lose_later_pieces)
    await page.get_by_role("checkbox", name="Stress the verdict").check()
    await choose(page, noise)
    await expect(page.locator("#upload-text")).to_contain_text("nothing is lost")
    page.on("dialog", lambda dialog: dialog.accept())
    await page.unroute("**/api/v1/uploads/**")
    await page.reload()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))

    await choose(page, noise)
    await expect(page.locator("#upload-note")).to_contain_text("begun with other choices")
    await page.wait_for_url(RUN_PAGE)

    assert [one for one in sent if one.startswith("POST") and "/uploads/" in one] == []
    assert (await ask(Run.objects.get)).stress_seconds == 120


async def test_an_upload_begun_without_stress_is_not_gone_on_with_for_one_with_it(
    desk: Desk, noise: Path
) -> None:
    page = await desk.open("/")

    async def lose_later_pieces(route: Route, request: Request) -> None:
        first = request.method != "PATCH" or request.headers["upload-offset"] == "0"
        await (route.continue_() if first else route.abort())

    await page.route("**/api/v1/uploads/**", lose_later_pieces)
    await choose(page, noise)
    await expect(page.locator("#upload-text")).to_contain_text("nothing is lost")
    page.on("dialog", lambda dialog: dialog.accept())
    await page.unroute("**/api/v1/uploads/**")
    await page.reload()

    await page.get_by_role("checkbox", name="Stress the verdict").check()
    await choose(page, noise)
    await page.wait_for_url(RUN_PAGE)

    assert (await ask(Run.objects.get)).stress_seconds == 120
