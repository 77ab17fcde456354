"""The status panel: one entry per run, in its place, on every page, until the run has ended."""

from playwright.async_api import WebSocketRoute, expect

from accounts.models import User
from realtime import jobs
from realtime.jobs import Report
from realtime.readers import ask
from tests.e2e.conftest import Desk, ToldRun, concluded, moved
from tests.factories import make_media
from tests.pages.conftest import leased_run


async def test_it_follows_from_page_to_page_and_ends_by_itself(desk: Desk, told_run: ToldRun) -> None:
    page = await desk.open("/")
    entry = page.locator("#panel-runs > li")
    await expect(entry).to_have_count(1)
    await expect(entry).to_contain_text("interview.mp4")

    await told_run.tell(moved(15))
    await expect(entry).to_contain_text("25 %")
    await told_run.tell(moved(30))
    await expect(entry).to_contain_text("50 %")
    await expect(entry).to_have_count(1)

    await page.get_by_role("link", name="Detectors", exact=True).click()
    await expect(entry).to_contain_text("interview.mp4")
    await told_run.becomes("succeeded", concluded(), outcome="some_signs", sentence="Some signs.")
    await expect(entry).to_contain_text("Some signs.")
    await expect(page.locator("#panel")).to_be_hidden()


async def test_the_page_of_the_run_itself_needs_no_entry(desk: Desk, told_run: ToldRun) -> None:
    page = await desk.open(told_run.path)
    await expect(page.locator("#run-page")).to_have_attribute("data-live", "open")

    await expect(page.locator("#panel")).to_be_hidden()


async def test_where_sockets_are_blocked_it_asks_and_says_so(desk: Desk, told_run: ToldRun) -> None:
    async def refuse(socket: WebSocketRoute) -> None:
        await socket.close(code=1011)

    await desk.context.route_web_socket("**/ws/**", refuse)
    page = await desk.open("/runs/")

    await expect(page.locator("#panel-runs > li")).to_contain_text("interview.mp4")
    await expect(page.locator("#panel-note")).to_contain_text("sockets blocked")
    await told_run.becomes("cancelled")
    await expect(page.locator("#panel-runs > li")).to_contain_text("Cancelled")


async def test_where_the_network_swallows_sockets_it_says_so_soon(desk: Desk, told_run: ToldRun) -> None:
    await desk.context.route_web_socket("**/ws/**", lambda socket: None)
    page = await desk.open("/runs/")

    # two tries of five seconds, and one second between them
    await expect(page.locator("#panel-note")).to_contain_text("sockets blocked", timeout=20_000)


async def test_a_run_that_no_list_names_is_shown_as_long_as_it_is_under_way(
    desk: Desk, ana: User, told_run: ToldRun
) -> None:
    page = await desk.open("/")
    entry = page.locator("#panel-runs > li")
    await expect(entry).to_contain_text("interview.mp4")
    other = ToldRun(await ask(lambda: leased_run(media=make_media(owner=ana), state="running")))
    await page.route("**/api/v1/runs/?state=*", lambda route: route.fulfill(json={"results": []}))

    for done in (1, 2):
        async with page.expect_response(f"**/api/v1/runs/{told_run.id}/"):
            await other.tell(moved(done))

    await expect(entry).to_contain_text("interview.mp4")
    await expect(entry).to_have_attribute("data-state", "running")
    assert "has ended" not in await page.locator("#announcer").inner_text()


async def test_it_begins_folded_while_it_holds_only_jobs_that_wait(desk: Desk, ana: User) -> None:
    job = await ask(jobs.create, ana, "nightly")
    page = await desk.open("/runs/")
    await expect(page.locator("#panel")).to_be_visible()
    await expect(page.locator("#panel-runs")).to_be_hidden()

    await ask(jobs.report, ana, job.job_id, Report("encoding", 0.5, "Frame 50."))

    await expect(page.locator("#panel-runs")).to_be_visible()


async def test_it_can_be_folded_away_and_stays_so(desk: Desk, told_run: ToldRun) -> None:
    page = await desk.open("/")
    await page.locator("#panel-fold").click()
    await page.goto(desk.server.url + "/runs/")

    await expect(page.locator("#panel-fold")).to_have_attribute("aria-expanded", "false")
    await expect(page.locator("#panel-runs")).to_be_hidden()
