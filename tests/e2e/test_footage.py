"""What was seen in footage, on the run page in a real browser: live lanes, the very frame, boxes, keyboard, phone."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from accounts.models import User
from realtime.log import Draft
from realtime.readers import ask
from tests.e2e.conftest import Desk, ToldRun
from tests.e2e.seen import (
    FRAMES,
    SEEN,
    happenings,
    motion,
    number_shown,
    over,
    plate,
    progress,
    track,
    watched_picture,
    watched_run,
    when,
)

READY = "() => document.getElementById('media').readyState >= 2"
# Steps of a camera that drops frames, not those that the header's rate promises.
UNEVEN = [round(sum((0.02, 0.04, 0.11, 0.03)[n % 4] for n in range(at)), 3) for at in range(FRAMES)]
SHIFTS = """() => {
  window.shifted = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((one) => { window.shifted += one.value; }))
    .observe({type: "layout-shift"});
}"""


@pytest.fixture
def watched(ana: User, tmp_path: Path) -> ToldRun:
    return watched_run(ana, tmp_path)


async def opened(desk: Desk, run: ToldRun) -> Page:
    page = await desk.open(run.path)
    await page.wait_for_function(READY)
    return page


def lane(page: Page, name: str) -> Any:
    return page.locator(f'[data-seen="{name}"]')


async def test_lanes_fill_while_the_run_is_under_way_and_move_nothing(desk: Desk, watched: ToldRun) -> None:
    page = await opened(desk, watched)
    await expect(lane(page, "motion").locator(".lane-text")).to_have_text("nothing told yet")
    await page.locator("#footage").scroll_into_view_if_needed()
    await page.evaluate(SHIFTS)

    await watched.tell(*happenings(), *progress(160))

    await expect(page.locator("#footage-said")).to_have_text(
        "1 car, 1 person; 1 plate; motion for 4.4 s in 2 spells."
    )
    await expect(lane(page, "class car").locator(".bar")).to_have_count(1)
    await expect(lane(page, "class car").locator(".seen-mark")).to_have_count(3)
    await expect(lane(page, "plates").locator(".plate-name")).to_have_text("AB12 CDE")
    await expect(lane(page, "motion").locator(".gap")).to_have_count(1)  # what nobody has looked at yet
    assert await page.evaluate("window.shifted") == 0

    await watched.becomes("succeeded", *over(), outcome="not_assessable", sentence="Not assessable.")
    await expect(lane(page, "motion").locator(".gap")).to_have_count(0)


async def test_the_end_of_a_watch_is_told_with_what_was_seen(desk: Desk, watched: ToldRun) -> None:
    page = await opened(desk, watched)
    sentence = "Nothing was to be assessed: only footage detectors were asked."

    await watched.becomes("succeeded", *over(), outcome="not_assessable", sentence=sentence, seen=SEEN)

    await expect(page.locator("#announcer")).to_have_text(
        re.compile(rf"has ended: {sentence} Seen: {SEEN}\.")
    )
    await expect(page.locator("#outcome .band-title")).to_have_text(f"Seen: {SEEN}")
    await expect(page).to_have_title(re.compile(f": {SEEN} · Assay"))


@pytest.mark.parametrize("number", [40, 63, 87, 150])
async def test_a_press_shows_the_very_frame_that_was_told(desk: Desk, watched: ToldRun, number: int) -> None:
    await watched.tell(track("entered", number))
    page = await opened(desk, watched)

    await lane(page, "class car").get_by_text("As a table").click()
    await lane(page, "class car").locator("tbody button").click()

    await expect(page.locator(".finding-at")).to_have_text(
        f"The player shows the frame at {number / 25:.3f} s."
    )
    assert await number_shown(page) == number


async def test_the_frame_is_found_where_frames_are_uneven(desk: Desk, ana: User, tmp_path: Path) -> None:
    run = await ask(watched_run, ana, tmp_path, times=UNEVEN)
    await run.tell(
        *[plate(number, f"P{number}", f"P{number}", **when(number, UNEVEN)) for number in range(20, 120, 7)]
    )
    page = await opened(desk, run)
    await lane(page, "plates").get_by_text("As a table").click()

    for at, number in enumerate(range(20, 120, 7)):
        await lane(page, "plates").locator("tbody button").nth(at).click()
        await expect(page.locator(".finding-at")).to_have_text(
            f"The player shows the frame at {UNEVEN[number]:.3f} s."
        )
        assert await number_shown(page) == number


async def test_a_press_into_a_bar_goes_to_the_nearest_frame_it_was_told_for(
    desk: Desk, watched: ToldRun
) -> None:
    await watched.tell(
        *[track("entered" if number == 20 else "updated", number) for number in range(20, 180, 25)]
    )
    page = await opened(desk, watched)
    plot = lane(page, "class car").locator(".plot")
    box = await plot.bounding_box()
    assert box

    await plot.click(position={"x": box["width"] * 100 / FRAMES, "y": 10})

    await expect(page.locator(".finding-at")).to_contain_text("3.800 s")  # frame 95 lies nearest to 100
    assert await number_shown(page) == 95


async def test_by_keyboard_alone(desk: Desk, watched: ToldRun) -> None:
    await watched.tell(*happenings())
    page = await opened(desk, watched)
    cars = page.get_by_role("slider", name=re.compile("^Car: 1 car"))

    await cars.focus()
    await page.keyboard.press("ArrowRight")
    await expect(cars).to_have_attribute("aria-valuetext", "car 15, 0:00.5–0:03.5, confidence 0.91")
    await page.keyboard.press("ArrowRight")
    await expect(cars).to_have_attribute("aria-valuetext", "car 15 entered zone Gate at 0:01.6")
    await page.keyboard.press("Enter")

    await expect(page.locator(".finding-at")).to_contain_text("1.600 s")
    assert await number_shown(page) == 40


async def test_brackets_go_from_one_finding_to_the_next(desk: Desk, watched: ToldRun) -> None:
    await watched.tell(motion("started", 10), track("entered", 50), plate(63))
    page = await opened(desk, watched)

    for number in (10, 50, 63):
        await page.keyboard.press("]")
        await expect(page.locator(".finding-at")).to_contain_text(f"{number / 25:.3f} s")
        assert await number_shown(page) == number
    await expect(page.locator("#media-at")).to_have_text("plate AB12 CDE at 0:02.5")
    await page.keyboard.press("[")
    await expect(page.locator(".finding-at")).to_contain_text("2.000 s")


async def test_boxes_lie_over_the_frame_they_were_told_for_and_dashed_between(
    desk: Desk, watched: ToldRun
) -> None:
    await watched.tell(track("entered", 25), track("updated", 50), track("updated", 125), plate(50))
    page = await opened(desk, watched)
    box = page.locator("svg.boxes .box.track")
    plates = lane(page, "plates").locator(".plot")

    await plates.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("svg.boxes .box.plate .box-name")).to_have_text("AB12 CDE")
    await expect(box.locator(".box-name")).to_have_text("car 15 · AB12 CDE")
    await expect(box).to_have_class("box track")
    drawn, media = await box.locator(".box-line").bounding_box(), await page.locator("#media").bounding_box()
    assert drawn
    assert media
    left = (50 * 1.25) / 320  # the car's in frame 50
    assert (drawn["x"] - media["x"]) / media["width"] == pytest.approx(left, abs=0.02)  # strokes are wide

    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("ArrowLeft")
    await expect(box).to_have_class("box track between")
    await expect(page.locator("svg.boxes .box.plate")).to_have_count(0)
    # three seconds lie between 50 and 125: where the car was nobody told
    await page.keyboard.press("Shift+ArrowRight")
    await expect(box).to_have_count(0)


async def test_a_picture_has_its_boxes_too(desk: Desk, ana: User, tmp_path: Path) -> None:
    run = await ask(watched_picture, ana, tmp_path)
    await run.tell(track("entered", 0), plate(0))
    page = await desk.open(run.path)

    await expect(page.locator("svg.boxes .box.plate .box-name")).to_have_text("AB12 CDE")
    await expect(page.locator("#footage-said")).to_have_text("1 car; 1 plate.")
    await lane(page, "plates").get_by_text("As a table").click()
    await lane(page, "plates").locator("tbody button").click()

    await expect(page.locator("svg.boxes .box.plate")).to_have_class("box plate chosen")
    await expect(page.locator("#footage-finding")).to_contain_text("plate AB12 CDE")


async def test_boxes_stay_off_for_who_switched_them_off(desk: Desk, watched: ToldRun) -> None:
    await watched.tell(track("entered", 25))
    page = await opened(desk, watched)
    await page.keyboard.press("]")
    await expect(page.locator("svg.boxes .box")).to_have_count(1)

    await page.get_by_role("button", name="Boxes").click()
    await expect(page.locator("svg.boxes .box")).to_have_count(0)

    await page.reload()
    await expect(page.get_by_role("button", name="Boxes")).to_have_attribute("aria-pressed", "false")


async def test_a_finding_opens_its_picture_only_when_it_is_asked_for(desk: Desk, watched: ToldRun) -> None:
    await watched.tell(
        plate(63, snapshot={"path": "a/1/ab/c.jpg"}), plate(70, snapshot={"missing": "disk_full"}), plate(80)
    )
    asked: list[str] = []
    jpeg = b"\xff\xd8\xff\xd9"
    await desk.context.route(
        "**/snapshot/", lambda route: (asked.append(route.request.url), route.fulfill(body=jpeg))[1]
    )
    page = await opened(desk, watched)
    plates = lane(page, "plates").locator(".plot")
    await plates.focus()
    assert asked == []

    await page.keyboard.press("Enter")
    await expect(page.locator(".finding-picture")).to_be_visible()
    await page.wait_for_function(
        "() => performance.getEntriesByType('resource').some((one) => one.name.endsWith('/snapshot/'))"
    )
    assert re.search(rf"/runs/{watched.id}/footage/7/snapshot/$", asked[0])

    await page.keyboard.press("End")
    await page.keyboard.press("Enter")
    await expect(page.locator(".finding-picture")).to_have_text("No picture was kept of this.")
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("Enter")
    await expect(page.locator(".finding-picture")).to_have_text(
        "Its picture could not be kept: the disk was full."
    )


async def test_ten_thousand_events_draw_smoothly_and_name_what_was_merged(
    desk: Desk, watched: ToldRun
) -> None:
    crowd: list[Draft] = []
    for number in range(2500):
        at = number % FRAMES
        said = {"track": number, "name": ("person", "car")[number % 2]}
        crowd += [track("entered", at, **said), track("updated", min(at + 5, FRAMES - 1), **said)]
        crowd += [
            track("updated", min(at + 9, FRAMES - 1), **said),
            track("left", min(at + 12, FRAMES - 1), **said),
        ]
    page = await opened(desk, watched)
    await page.evaluate(
        "() => { window.longest = 0; new PerformanceObserver((list) => list.getEntries().forEach((one) => "
        "{ window.longest = Math.max(window.longest, one.duration); })).observe({type: 'longtask'}); }"
    )

    for at in range(0, len(crowd), 1000):
        await watched.tell(*crowd[at : at + 1000])

    await expect(lane(page, "class car").locator(".lane-text")).to_have_text(
        "1250 cars · 1150 of them merged", timeout=60_000
    )
    await expect(lane(page, "class car").locator(".rest").first).to_be_attached()
    assert (
        await page.evaluate("window.longest") < 1000
    )  # ms; two cores are shared with a server and other tests
    await lane(page, "class car").get_by_text("As a table").click()
    await expect(lane(page, "class car").locator("tbody tr")).to_have_count(100)
    await expect(lane(page, "class car").locator(".seen-more")).to_contain_text("The first 100 of 1250.")


@pytest.mark.parametrize("width", [360, 1900])
async def test_nothing_widens_the_page(desk: Desk, watched: ToldRun, width: int) -> None:
    names = {"track": 7, "name": "n" * 120, "zone": {"name": "z" * 120, "action": "entered"}}
    await watched.tell(
        *happenings(), track("entered", 20, **names), plate(100, "W" * 32, "W" * 32, doubt="d" * 120)
    )
    page = await opened(desk, watched)
    await page.set_viewport_size({"width": width, "height": 800})
    await expect(lane(page, "plates").locator(".plate-mark")).to_have_count(2)
    for table in await page.locator("#footage .lane-table > summary").all():
        await table.click()
    await page.keyboard.press("]")

    wide, inner = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")

    assert wide <= inner


async def test_boxes_stay_on_the_player_when_the_window_gets_narrower(desk: Desk, watched: ToldRun) -> None:
    await watched.tell(track("entered", 25))
    page = await opened(desk, watched)
    await page.keyboard.press("]")
    await expect(page.locator("svg.boxes .box")).to_have_count(1)

    await page.set_viewport_size({"width": 700, "height": 800})

    await page.wait_for_function(
        """() => {
          const placed = (one) => document.querySelector(one).getBoundingClientRect();
          const [media, boxes] = [placed("#media"), placed("svg.boxes")];
          return Math.abs(media.left - boxes.left) < 1 && Math.abs(media.top - boxes.top) < 1;
        }"""
    )
