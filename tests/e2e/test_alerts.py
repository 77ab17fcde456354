"""Alerts in the browser: a rule made by keyboard alone, and pages for tired eyes, narrow screens and both themes."""

from typing import Any

import pytest
from playwright.async_api import expect

from accounts.models import User
from analysis.alerts import keeping, raising
from analysis.cameras import keeping as cameras
from analysis.models import AlertRule, Camera
from realtime import log
from realtime.readers import ask
from tests.analysis.footage import plate, track
from tests.e2e.conftest import Desk
from tests.e2e.test_accessibility import faults
from tests.e2e.test_keyboard import tab_to

OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def gate(ana: User) -> Camera:
    """A camera with a zone; no worker is there to go to its address."""
    said = {"key": "gate", "name": "Gate", "source": "rtsp", "address": "rtsp://93.184.216.34/stream"}
    zone = {"name": "Door", "polygon": [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]}
    return cameras.create(ana, {**said, "enabled": True, "settings": {"zones": [zone]}})


@pytest.fixture
def raised(ana: User, gate: Camera) -> None:
    """What a night at the gate leaves behind."""
    watched = keeping.watch_for(ana, name="The white van", plate="A812CDE", note="Left without paying, twice")
    for name, conditions in (
        ("Somebody at the gate", {"types": ["track.entered"], "classes": ["person"]}),
        ("Watched plates", {"watchlist": True, "weekdays": [1, 2, 3, 4, 5], "time_zone": "Europe/Berlin"}),
    ):
        keeping.create(ana, {"name": name, "conditions": conditions | {"cooldown_seconds": 0}})
    log.append(gate.topic_id, [track(), plate()], run=gate.runs.get().pk, attempt=1)
    raising.raise_due()
    assert watched.owner == ana


async def test_a_rule_is_made_by_keyboard_alone(desk: Desk, gate: Camera) -> None:
    page = await desk.open("/alerts/")
    for link, heading in (("Rules", "Alert rules"), ("Make a rule", "Make an alert rule")):
        await tab_to(page, link)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name=heading)).to_be_visible()
    await tab_to(page, "Name")
    await page.keyboard.type("Night at the door")
    for box in ("Gate (gate)", "Door"):
        await tab_to(page, box)
        await page.keyboard.press("Space")
    await tab_to(page, "Most distance")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("9")
    await page.keyboard.press("Enter")
    await expect(page.locator(".errorlist")).to_have_text(["Ensure this value is less than or equal to 3.0."])
    await expect(page.get_by_label("Most distance")).to_have_attribute("aria-invalid", "true")

    await tab_to(page, "Most distance")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("1")
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("heading", name="Night at the door")).to_be_visible()
    rule = await ask(AlertRule.objects.get)
    assert (rule.conditions["zones"], rule.conditions["most_distance"]) == (["Door"], 1.0)
    assert await ask(lambda: [camera.key for camera in rule.cameras.all()]) == ["gate"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/alerts/", "/alerts/rules/", "/alerts/rules/new/", "/alerts/watchlist/"])
async def test_page(desk: Desk, raised: None, scheme: Any, path: str) -> None:
    page = await desk.open(path)
    await page.emulate_media(color_scheme=scheme)
    assert await faults(page) == []

    await page.set_viewport_size({"width": 390, "height": 844})

    assert await page.evaluate(OVERFLOW) <= 0
