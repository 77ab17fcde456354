"""Scores are computed once more from the run page: asked for by keyboard, answered by a real worker."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from playwright.async_api import Locator, Page, Route, expect

from accounts.models import Role, User
from analysis.engine.plots import Curves, Panel, described
from analysis.models import Evidence, Result, Run
from analysis.uploads import adopt_file
from realtime import log
from realtime.log import Draft
from realtime.readers import ask
from tests.clips import write_video
from tests.e2e.conftest import Desk
from tests.e2e.test_accessibility import faults
from tests.factories import make_media
from tests.flows import workers
from tests.pages.conftest import leased_run, make_card
from tests.product import Program

CAPTION = "where the model looked, not where the edit is"
PHONE = {"width": 390, "height": 844}
ANSWERED = 60_000  # ms; the worker shares its cores with the other tests


@pytest.fixture
def examined(ana: User, start_worker: Callable[..., Program], tmp_path: Path) -> Run:
    """Two seconds of video, examined by a detector that explains and one whose scores waver; its worker waits on."""
    start_worker("--device", "cpu", **workers.install_plugin(tmp_path / "plugins", "traced"))
    media = adopt_file(write_video(tmp_path / "clip.mp4", seconds=2.0), owner=ana)
    return workers.wait_for_state(workers.ask(media, "netted", "wavering"), "succeeded", "failed", limit=90)


@pytest.fixture
def waiting(ana: User, tmp_path: Path) -> Run:
    """The record of such a run where no worker is at work: faces 0 and 1 have scores at 0 s, face 0 at 1 s too."""
    make_card("meso4", title="Meso-4", explains=True)
    clip = write_video(tmp_path / "clip.mp4", seconds=1.0)
    path = Path(settings.ASSAY_HOME) / "media" / "clip.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(clip.read_bytes())
    run = leased_run(media=make_media(owner=ana, filename="clip.mp4", path="clip.mp4"), state="succeeded")
    verdict = {"kind": "verdict", "score": 0.5, "band": "uncalibrated"}
    points = [[0.0, 0.25, 0, None], [0.0, 0.75, 1, None], [1.0, 0.5, 0, None]]
    lines = {
        "run.queued": {"filename": "clip.mp4", "detectors": ["meso4"]},
        "run.started": {"attempt": 1, "detectors": ["meso4"]},
        "score.measured": {"detector": "meso4", "points": points},
        "detector.finished": {"detector": "meso4", "title": "Meso-4", "assessment": verdict, "seconds": 1.0},
        "run.succeeded": {"outcome": "some_signs", "sentence": "Some signs.", "why": "w", "limit": "l"},
    }
    drafts = [Draft(kind, data=data, subject=str(data.get("detector", ""))) for kind, data in lines.items()]
    log.append(run.topic_id, drafts, run=run.pk, attempt=1)
    Result.objects.create(
        run=run, attempt=1, detector="meso4", version="1.0", family="mesonet", seconds=1.0,
        score=0.5, band="uncalibrated", scored=3, sampled=3, unit="frames",
    )  # fmt: skip
    left(run)
    return run


def left(run: Run) -> None:
    curves = {"face 0": [0.25, 0.5], "face 1": [0.75, None]}
    panel = Panel("detector score over seconds", [0.0, 1.0], curves, across_unit="s")
    kept = described(Curves((panel,)))
    Evidence.objects.create(
        run=run, attempt=1, detector="meso4", kind="scores", title="Score over time", caption="Scores.",
        path="none.png", media_type="image/png", sha256="0" * 64, plot=kept.kind, data=kept.data,
    )  # fmt: skip


def lose_file(run: Run) -> None:
    (Path(settings.ASSAY_HOME) / "media" / run.media.path).unlink()


def fails_unseen(run: Run) -> None:
    """The open questions about a run end, and the page has not asked since."""
    asked = Run.objects.filter(trace__result__run=run)
    asked.update(state="failed", error_code="undecodable", error_message="The picture cannot be read.")


async def under(page: Page, detector: str) -> Locator:
    """What can be asked of a detector, once its chart is drawn."""
    shown = page.locator(f"#shown-{detector}")
    await shown.scroll_into_view_if_needed()
    await expect(shown.locator(".curves-frame").first).to_be_attached()
    return shown.locator(".traces")


async def values(sheet: Locator, *parts: str) -> list[str]:
    return [(await sheet.locator(f'[data-part="{part}"]').inner_text()).strip() for part in parts]


async def asks_for_a_map(page: Page) -> Locator:
    """Reads the third moment of the chart and asks where the model looked, by keyboard."""
    traces = await under(page, "netted")
    chosen = traces.get_by_label("Score").locator("option:checked")
    button = traces.get_by_role("button", name="Show where the model looked")
    await expect(chosen).to_have_text(re.compile(r"^the file as a whole: 0\.\d{6}$"))
    await expect(button).to_be_disabled()
    await page.locator("#shown-netted .curves-frame").first.focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowRight")
    await expect(chosen).to_have_text(re.compile(r"^0\.400 s: 0\.\d{6}$"))
    await button.focus()
    await page.keyboard.press("Enter")
    return traces.locator(".trace")


async def lays_the_map_over(page: Page, sheet: Locator) -> None:
    await expect(sheet.locator("canvas")).to_be_hidden()
    await sheet.get_by_label("Lay the map over it").focus()
    await page.keyboard.press("Space")
    await sheet.get_by_label("Opacity").focus()
    await page.keyboard.press("ArrowLeft")


async def test_a_worker_answers_and_shows_where_the_model_looked_and_what_differs(
    desk: Desk, examined: Run
) -> None:
    page = await desk.open(f"/runs/{examined.pk}/")

    sheet = await asks_for_a_map(page)
    await expect(sheet.locator("summary")).to_contain_text("The same value", timeout=ANSWERED)
    await lays_the_map_over(page, sheet)
    await sheet.get_by_role("button", name="0.400 s").press("Enter")
    wavering = await under(page, "wavering")
    await wavering.get_by_role("button", name="Recompute").click()
    loud = wavering.locator(".trace.loud")
    await expect(loud.locator("summary")).to_contain_text("NOT the same value", timeout=ANSWERED)

    await expect(sheet.locator("summary")).to_contain_text("Where the model looked: 0.400 s")
    then, now = await values(sheet, "recorded", "recomputed")
    assert then == now != "–"
    assert await values(sheet, "difference", "preprocessing", "weights", "caption") == [
        "0 (0 is allowed)", "64 x 64 by area, RGB / 255.", f"{'a' * 64}, then and now", CAPTION,
    ]  # fmt: skip
    await expect(sheet.locator("canvas")).to_be_visible()
    await expect(sheet.locator("canvas")).to_have_css("opacity", "0.5")
    assert await sheet.locator("canvas").bounding_box() == await sheet.locator("img").bounding_box()
    assert await page.evaluate("document.getElementById('media').currentTime") == pytest.approx(0.4, abs=0.01)
    await expect(wavering.get_by_role("button", name="Show where the model looked")).to_have_count(0)
    assert await faults(page) == []
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    await page.reload()
    await expect(loud.locator('[data-part="sentence"]')).to_have_text(re.compile("^NOT the same value: "))
    await expect(loud.locator("summary use")).to_have_attribute("href", re.compile("#failed$"))
    width, inner = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= inner


async def test_every_face_of_the_moment_that_was_read_can_be_asked_about(desk: Desk, waiting: Run) -> None:
    page = await desk.open(f"/runs/{waiting.pk}/")
    traces = await under(page, "meso4")
    options = traces.get_by_label("Score").locator("option")
    await expect(options).to_have_count(4)

    await page.locator("#shown-meso4 .curves-frame").press("Home")

    await expect(options).to_have_text([
        "the file as a whole: 0.500000", "0.000 s, face 1: 0.750000", "0.000 s, face 0: 0.250000",
    ])  # fmt: skip
    await expect(traces.get_by_label("Score")).to_have_value("0/1")


async def test_an_open_question_outlives_the_page_and_whoever_only_watches_sees_no_buttons(
    desk: Desk, waiting: Run, ana: User
) -> None:
    page = await desk.open(f"/runs/{waiting.pk}/")
    traces = await under(page, "meso4")
    await traces.get_by_role("button", name="Recompute").press("Enter")
    await expect(traces.locator(".trace summary")).to_have_text(
        re.compile("Waiting for a worker.*Computed once more: the file as a whole")
    )
    await ask(User.objects.filter(pk=ana.pk).update, role=Role.VIEWER)

    await page.reload()

    await expect(traces.locator(".trace summary")).to_contain_text("Waiting for a worker")
    await expect(page.get_by_role("button", name="Recompute")).to_have_count(0)
    await expect(page.get_by_role("button", name="Cancel the question")).to_have_count(0)


async def test_a_question_that_waits_is_cancelled_by_keyboard(desk: Desk, waiting: Run) -> None:
    page = await desk.open(f"/runs/{waiting.pk}/")
    traces = await under(page, "meso4")
    await traces.get_by_role("button", name="Recompute").press("Enter")
    await expect(traces.locator(".trace summary")).to_contain_text("Waiting for a worker")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await expect(traces.get_by_role("button", name="Cancel the question")).to_be_focused()

    await page.keyboard.press("Enter")

    await expect(traces.locator(".trace summary")).to_contain_text("Cancelled")
    await expect(traces.locator(".trace-sentence")).to_have_text(
        "It was cancelled before there was an answer."
    )
    await expect(traces.get_by_role("button", name="Cancel the question")).to_have_count(0)
    await expect(traces.locator(".trace summary")).to_be_focused()
    assert await faults(page) == []


async def test_a_question_that_ended_before_its_cancel_shows_how(desk: Desk, waiting: Run) -> None:
    page = await desk.open(f"/runs/{waiting.pk}/")
    traces = await under(page, "meso4")
    await traces.get_by_role("button", name="Recompute").click()
    cancel = traces.get_by_role("button", name="Cancel the question")
    await expect(cancel).to_be_visible()
    unheard = asyncio.Event()

    async def after_the_click(route: Route) -> None:
        await unheard.wait()
        await route.continue_()

    # the page's own look would tell the ending before anybody could cancel
    await page.route("**/api/v1/traces/**", after_the_click)
    await ask(fails_unseen, waiting)
    async with page.expect_response("**/cancel/") as refused:
        await cancel.click()
    unheard.set()

    assert (await refused.value).status == 409
    await expect(traces.locator(".trace summary")).to_contain_text("No answer")
    await expect(traces.locator(".trace-sentence")).to_have_text("The picture cannot be read.")
    await expect(traces.get_by_role("alert")).to_have_count(0)


async def test_a_cancel_that_nobody_heard_is_said_and_can_be_tried_again(desk: Desk, waiting: Run) -> None:
    page = await desk.open(f"/runs/{waiting.pk}/")
    traces = await under(page, "meso4")
    await traces.get_by_role("button", name="Recompute").click()
    cancel = traces.get_by_role("button", name="Cancel the question")
    await page.route("**/cancel/", lambda route: route.abort())
    await cancel.click()
    await expect(traces.get_by_role("alert")).to_contain_text("the question may still be answered")
    await page.unroute("**/cancel/")

    await cancel.click()

    await expect(traces.locator(".trace summary")).to_contain_text("Cancelled")
    await expect(traces.get_by_role("alert")).to_have_count(0)


async def test_a_refusal_is_a_sentence(desk: Desk, waiting: Run) -> None:
    page = await desk.open(f"/runs/{waiting.pk}/")
    traces = await under(page, "meso4")
    await ask(lose_file, waiting)

    await traces.get_by_role("button", name="Recompute").click()

    await expect(traces.get_by_role("alert")).to_contain_text("clip.mp4 is not kept any more.")
    await expect(traces.locator(".trace")).to_have_count(0)
