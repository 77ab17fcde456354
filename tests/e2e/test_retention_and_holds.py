"""Retention and legal holds in the browser: by keyboard alone, narrow and wide, light and dark."""

import pytest
from playwright.async_api import expect

from accounts.models import User
from analysis.models import Camera, LegalHold
from analysis.retention import holds
from realtime.readers import ask
from tests.analysis.retention.conftest import See, days_ago, see
from tests.e2e.conftest import Desk
from tests.e2e.test_accessibility import faults
from tests.e2e.test_cameras import OVERFLOW, a_camera
from tests.e2e.test_keyboard import tab_to
from tests.pages.conftest import leased_run

__all__ = ["see"]


@pytest.fixture
def gate(ana: User) -> Camera:
    return a_camera(ana)


async def test_days_are_changed_by_keyboard_once_what_goes_was_named(
    desk: Desk, gate: Camera, see: See
) -> None:
    run = await ask(gate.runs.get)
    for days in (40, 35, 5):
        await ask(see, run, days, pictures=0)
    page = await desk.open("/cameras/gate/retention/")

    await tab_to(page, "If it were kept for days")
    await page.keyboard.type("30")
    await page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Keep 30 days; delete now: events 2, snapshots 0")
    await expect(button).to_be_visible()
    await tab_to(page, "Keep 30 days")
    await page.keyboard.press("Enter")

    await expect(page.locator("#now")).to_contain_text("30 days")
    assert (await ask(Camera.objects.get)).retention_days == 30


async def test_a_hold_is_placed_by_keyboard_and_said_on_the_camera(desk: Desk, gate: Camera) -> None:
    page = await desk.open(f"/holds/new/?camera={gate.pk}")

    await tab_to(page, "Why")
    await page.keyboard.type("case 7")
    await tab_to(page, "Place the hold")
    await page.keyboard.press("Enter")

    await expect(page.locator(".hold-note")).to_contain_text("Why: case 7")
    assert await ask(LegalHold.objects.count) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_are_sound_wide_and_narrow(
    desk: Desk, gate: Camera, ana: User, see: See, scheme: str
) -> None:
    await ask(see, await ask(gate.runs.get), 40)
    await ask(Camera.objects.update, retention_days=50, snapshot_bytes=10**9)
    run = await ask(leased_run, owner=ana)
    reason = "Case 7/2026, " + "theft of a bicycle in the yard " * 6 + "x" * 90
    hold = await ask(holds.place, gate, by=ana, reason=reason, start=days_ago(60), end=days_ago(45))
    await ask(holds.place, run.media, by=ana, reason=reason)
    await ask(User.objects.update, is_superuser=True, is_staff=True, role="admin")
    paths = ["/cameras/gate/retention/?days=30", "/cameras/gate/", "/holds/", f"/holds/new/?camera={gate.pk}"]
    for path in (*paths, f"/holds/{hold.pk}/release/", f"/runs/{run.pk}/"):
        page = await desk.open(path)
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for width in (1280, 390):
            await page.set_viewport_size({"width": width, "height": 900})
            assert (path, width, await page.evaluate(OVERFLOW)) == (path, width, 0)
            assert (path, width, await faults(page)) == (path, width, [])
        await page.close()
