"""Cameras in the browser: set up, watched, drawn over by keyboard, and live when something is seen."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Page, expect

from accounts.models import User
from analysis.cameras import keeping
from analysis.cameras.live_view import LEAST_SECONDS, Publisher
from analysis.engine.types.footage import Snapshot
from analysis.models import Camera
from realtime import log
from realtime.log import Draft
from realtime.readers import ask
from tests.analysis.footage import motion, plate, track
from tests.e2e.conftest import Desk
from tests.e2e.test_accessibility import faults
from tests.e2e.test_keyboard import tab_to
from tests.waiting import eventually

# an address of nobody's that may be named; no worker is there to go to it
ADDRESS = "rtsp://93.184.216.34/stream"
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
CLEAN, BOXED = (40, 60, 80), (200, 160, 40)


def jpeg(colour: tuple[int, int, int]) -> bytes:
    file = BytesIO()
    Image.new("RGB", (640, 360), colour).save(file, "JPEG")
    return file.getvalue()


def a_camera(ana: User) -> Camera:
    said = {"key": "gate", "name": "Gate", "source": "rtsp", "address": ADDRESS, "enabled": True}
    return keeping.create(ana, said)


@pytest.fixture
def gate(ana: User) -> Camera:
    return a_camera(ana)


async def tell(camera: Camera, *drafts: Draft) -> None:
    run = await ask(lambda: camera.runs.latest("created").pk)
    await ask(log.append, camera.topic_id, drafts, run=run, attempt=1)


@pytest.fixture
async def pictures(gate: Camera) -> AsyncIterator[None]:
    """The camera gives pictures, as its worker would while somebody watches."""
    publisher = Publisher(gate.pk)

    async def give() -> None:
        for number in range(10_000):
            shade = 40 + number % 100
            publisher.show(Snapshot(jpeg((shade, 60, 80)), jpeg(BOXED)))
            await asyncio.sleep(LEAST_SECONDS)

    giving = asyncio.ensure_future(give())
    yield
    giving.cancel()
    publisher.show(None)
    publisher.close()


async def shown_colour(page: Page) -> list[int]:
    """Of the middle of the live picture."""
    found: list[int] = await page.evaluate(
        """() => {
          const canvas = new OffscreenCanvas(1, 1).getContext("2d");
          canvas.drawImage(document.getElementById("live-picture"), 0, 0, 1, 1);
          return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
        }"""
    )
    return found


async def test_a_camera_is_set_up_from_the_form(desk: Desk, ana: User) -> None:
    page = await desk.open("/cameras/")
    await page.get_by_role("link", name="Set up the first one").click()
    await page.get_by_label("Key").fill("yard")
    await page.get_by_label("Address").fill("rtsp://")
    await page.get_by_role("button", name="Set it up").click()
    await expect(page.locator("#id_address + .errorlist")).to_contain_text("names no host")

    await page.get_by_label("Address").fill(ADDRESS)
    await page.get_by_label("Most frames per second").fill("5")
    await page.get_by_role("button", name="Set it up").click()

    await expect(page).to_have_url(desk.server.url + "/cameras/yard/")
    await expect(page.locator("#state")).to_contain_text("Waiting")
    camera = await ask(lambda: Camera.objects.get(key="yard"))
    assert (camera.settings["max_fps"], camera.enabled) == (5, True)


async def test_what_it_sees_appears_by_itself(desk: Desk, gate: Camera) -> None:
    page = await desk.open("/cameras/gate/")
    await expect(page.locator("#camera-page")).to_have_attribute("data-live", "open")
    await expect(page.locator("#events")).to_contain_text("Nothing was seen")

    await tell(gate, motion(), track(), plate("AB-12 CDE"))

    await expect(page.locator("#events tbody tr")).to_have_count(3)
    await expect(page.locator("#events")).to_contain_text("AB-12 CDE (gb)")
    await expect(page.locator("#lanes")).to_contain_text("Person")
    await expect(page.locator("#chart-table")).to_be_attached()
    await expect(page.locator("#announcer")).to_contain_text("New")


async def test_the_live_view_shows_pictures_with_boxes_or_without_and_pauses(
    desk: Desk, gate: Camera, pictures: None
) -> None:
    page = await desk.open("/cameras/gate/")
    await expect(page.locator("#live")).to_have_attribute("data-shows", "picture")
    assert await shown_colour(page) == pytest.approx(BOXED, abs=4)  # JPEG

    await page.get_by_role("button", name="Boxes").click()
    await eventually(lambda: _is_clean(page))
    await page.get_by_role("button", name="Pause").click()
    await expect(page.locator("#live-note")).to_have_text("The live view is paused.")
    await page.get_by_role("button", name="Go on").click()

    await expect(page.locator("#live")).to_have_attribute("data-shows", "picture")


async def _is_clean(page: Page) -> bool:
    return (await shown_colour(page))[1:] == pytest.approx(CLEAN[1:], abs=4)


async def test_a_camera_without_pictures_says_so(desk: Desk, gate: Camera) -> None:
    page = await desk.open("/cameras/gate/")

    await expect(page.locator("#live-note")).to_have_text("No picture from this camera now.")


async def test_a_zone_is_drawn_by_keyboard_alone(desk: Desk, gate: Camera, pictures: None) -> None:
    page = await desk.open("/cameras/gate/zones/")
    await expect(page.locator("#still")).to_be_visible()
    await tab_to(page, "New zone")
    await page.keyboard.press("Enter")
    await page.keyboard.type("Entrance")
    await tab_to(page, "x of point 1")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("0.1")
    await page.locator("#drawing").focus()
    await page.keyboard.press("PageDown")
    await page.keyboard.press("Shift+ArrowRight")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("PageDown")
    await page.keyboard.press("Delete")
    await expect(page.locator("#zones-state")).to_contain_text("not saved")
    await page.get_by_role("button", name="Save").focus()
    await page.keyboard.press("Enter")

    await expect(page.locator("#zones-state")).to_contain_text("Saved.")
    [zone] = (await ask(Camera.objects.get)).settings["zones"]
    assert zone == {"name": "Entrance", "polygon": [[0.1, 0.3], [0.75, 0.295], [0.3, 0.7]]}
    await page.reload()
    await expect(page.locator("#outline-name")).to_have_value("Entrance")


async def test_a_line_is_drawn_by_pointer_and_turned(desk: Desk, gate: Camera) -> None:
    page = await desk.open("/cameras/gate/zones/")
    await page.get_by_role("button", name="New line").click()
    bounds = await page.locator("#drawing").bounding_box()
    assert bounds
    at = lambda x, y: (bounds["x"] + x * bounds["width"], bounds["y"] + y * bounds["height"])  # noqa: E731
    await page.mouse.move(*at(0.5, 0.75))
    await page.mouse.down()
    await page.mouse.move(*at(0.8, 0.9), steps=4)
    await page.mouse.up()
    await page.get_by_role("button", name="Turn its direction").click()
    await page.get_by_role("button", name="Save").click()

    await expect(page.locator("#zones-state")).to_contain_text("Saved.")
    [line] = (await ask(Camera.objects.get)).settings["lines"]
    assert line["start"] == pytest.approx([0.8, 0.9], abs=0.01)  # a pixel or two of the stage
    assert line["end"] == [0.5, 0.25]


async def test_what_the_desk_refuses_stands_at_its_outline(desk: Desk, gate: Camera) -> None:
    page = await desk.open("/cameras/gate/zones/")
    await page.get_by_role("button", name="New mask").click()
    await page.get_by_role("button", name="New zone").click()
    await page.get_by_label("x of point 1").fill("0.9")
    await page.get_by_label("y of point 1").fill("0.65")
    await page.get_by_role("button", name="Save").click()

    await expect(page.locator("#outline-refused")).to_contain_text("must not cross")
    await expect(page.locator("#outline-title")).to_contain_text("Zone 1")
    assert (await ask(Camera.objects.get)).settings["masks"] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/cameras/", "/new-camera/", "", "edit/", "zones/", "delete/"])
async def test_the_pages_are_fit_for_all_eyes_and_small_windows(
    desk: Desk, gate: Camera, scheme: Any, path: str
) -> None:
    area = {"name": "Yard", "polygon": [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]}
    await ask(keeping.change, gate, {"settings": {"zones": [area]}}, by=gate.owner)
    await tell(gate, Draft("camera.offline", "It sends nothing."), motion(), track(), plate())

    page = await desk.open(path if path.startswith("/") else f"/cameras/gate/{path}")
    await page.emulate_media(color_scheme=scheme)
    found = await faults(page)
    await page.set_viewport_size({"width": 360, "height": 740})

    assert found == []
    assert await page.evaluate(OVERFLOW) == 0
