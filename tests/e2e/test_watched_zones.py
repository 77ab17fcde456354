"""From the zone editor to the worker: what is drawn there is what is watched."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from accounts.models import User
from analysis.cameras import keeping
from analysis.models import Camera
from analysis.uploads import adopt_file
from realtime.models import Event
from realtime.readers import ask
from tests.analysis.engine.footage import Mover, film
from tests.e2e.conftest import Desk
from tests.product import Program
from tests.waiting import eventually

# One moves on the left, then another one on the right.
LEFT = Mover("car", (0.1, 0.4), (0.15, 0.0), enters=2, leaves=3.5)
RIGHT = Mover("person", (0.65, 0.6), (0.15, 0.0), enters=5, leaves=6.5)
SECONDS = 8.0
EDGE = 0.45
CORNERS = [(0.03, 0.1), (EDGE, 0.1), (EDGE, 0.9)]
FOURTH_BEFORE, FOURTH = (0.3, 0.7), (0.03, 0.9)


@pytest.fixture
def yard(ana: User, tmp_path: Path) -> Camera:
    media = adopt_file(film(tmp_path / "yard.mp4", SECONDS, LEFT, RIGHT, fps=10), owner=ana)
    said = {"detectors": ["motion"], "loop": True, "pace": "own", "max_fps": 10}
    source = {"key": "yard", "source": "file", "address": f"media:{media.pk}", "enabled": True}
    return keeping.create(ana, {**source, "settings": said})


async def test_motion_is_told_inside_the_zone_that_was_drawn_and_nowhere_else(
    desk: Desk, yard: Camera, start_worker: Callable[..., Program]
) -> None:
    start_worker("--queue", "camera", "--slots", "1")
    await eventually(lambda: _moved(yard, 2), limit=60)
    everywhere = await ask(_middles, yard, 0)
    run = await ask(_last_started, yard)

    page = await desk.open("/cameras/yard/zones/")
    await expect(page.locator("#still")).to_be_visible()
    await draw(page)
    # from the left to the left: the other one was there in between
    await eventually(lambda: _moved(yard, 2, after=run), limit=60)

    assert min(everywhere) < EDGE < max(everywhere)
    assert max(await ask(_middles, yard, run)) < EDGE


async def draw(page: Page) -> None:
    """A zone around the left half: three of its points by number, one by hand."""
    await page.get_by_role("button", name="New zone").click()
    for number, (x, y) in enumerate(CORNERS, start=1):
        await page.get_by_label(f"x of point {number}").fill(str(x))
        await page.get_by_label(f"y of point {number}").fill(str(y))
    bounds = await page.locator("#drawing").bounding_box()
    assert bounds
    at = lambda x, y: (bounds["x"] + x * bounds["width"], bounds["y"] + y * bounds["height"])  # noqa: E731
    await page.mouse.move(*at(*FOURTH_BEFORE))
    await page.mouse.down()
    await page.mouse.move(*at(*FOURTH), steps=5)
    await page.mouse.up()
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#zones-state")).to_contain_text("Saved.")


def _motions(camera: Camera, after: int) -> list[Event]:
    """Those told by runs that began after that line: the one before still tells what it saw without the zone."""
    lines = Event.objects.filter(topic=camera.topic_id).order_by("seq")
    begun = lines.filter(type="run.started", seq__gt=after).first()
    return list(lines.filter(type="motion.started", seq__gt=begun.seq)) if begun else []


async def _moved(camera: Camera, count: int, *, after: int = 0) -> bool:
    return len(await ask(_motions, camera, after)) >= count


def _middles(camera: Camera, after: int) -> list[float]:
    """Of the boxes, across."""
    boxes = [line.data["box"] for line in _motions(camera, after)]
    return [(left + right) / 2 for left, _, right, _ in boxes]


def _last_started(camera: Camera) -> int:
    started = Event.objects.filter(topic=camera.topic_id, type="run.started").order_by("seq")
    return started.reverse()[0].seq
