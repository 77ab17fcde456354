"""What was seen in footage, as the server renders the page of a run: room for it, its words, its pictures."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from analysis.models import Run, Sighting
from realtime import log
from realtime.log import Draft
from tests.factories import make_media, make_user
from tests.pages.conftest import leased_run, make_card, page

pytestmark = pytest.mark.django_db
PLATE = Draft("plate.read", data={"detector": "anpr", "plate": "AB12CDE", "pts_seconds": 1.5, "frame": 37})


def watched(ana: User, *drafts: Draft, kind: str = "video", detectors: tuple[str, ...] = ("anpr",)) -> Run:
    make_card("anpr", title="Number plates", forensic=False, consumes="footage")
    make_card("meso4", title="Meso-4")
    run = leased_run(media=make_media(owner=ana, kind=kind), state="running")
    started = Draft("run.started", data={"attempt": 1, "detectors": list(detectors)})
    log.append(run.topic_id, [started, *drafts], run=run.pk, attempt=1)
    return run


def section(text: str) -> str:
    found = re.search(r'<section class="sheet footage[^>]*>', text)
    return found[0] if found else ""


def given(text: str) -> dict[str, Any]:
    block = re.search(r'<script id="run-data" type="application/json">(.*?)</script>', text)
    assert block
    data: dict[str, Any] = json.loads(block[1])
    return data


@pytest.mark.parametrize("kind", ["video", "image"])
def test_there_is_room_for_what_will_be_seen_before_anything_was(
    browser: Client, ana: User, kind: str
) -> None:
    text = page(browser, watched(ana, kind=kind))

    assert section(text)
    assert "hidden" not in section(text)
    assert given(text)["watchers"] == ["anpr"]


def test_a_run_that_nobody_watches_shows_none(browser: Client, ana: User) -> None:
    text = page(browser, watched(ana, detectors=("meso4",)))

    assert "hidden" in section(text)
    assert given(text)["watchers"] == []


def test_sound_has_no_lanes_of_what_was_seen(browser: Client, ana: User) -> None:
    assert section(page(browser, watched(ana, kind="audio"))) == ""


def test_scripts_go_on_from_what_was_seen_so_far(browser: Client, ana: User) -> None:
    state = given(page(browser, watched(ana, PLATE)))["state"]

    assert [(plate["plate"], plate["at"]) for plate in state["footage"]["plates"]] == [("AB12CDE", 1.5)]


def test_who_watches_has_no_empty_chart_of_scores(browser: Client, ana: User) -> None:
    text = page(browser, watched(ana, detectors=("anpr", "meso4")))

    assert re.search(r'data-lane="anpr"[^>]*data-curve="no"', text)
    assert re.search(r'data-lane="meso4"[^>]*data-curve="yes"', text)


@pytest.mark.parametrize(("place", "ending"), [("", ""), ("snapshot/", "snapshot/")])
def test_a_line_leads_to_its_event_and_its_picture(
    browser: Client, ana: User, place: str, ending: str
) -> None:
    run = watched(ana, PLATE)
    event = Sighting.objects.get(topic=run.topic_id)

    answer = browser.get(f"/runs/{run.pk}/footage/{event.seq}/{place}")

    assert (answer.status_code, answer["Location"]) == (302, f"/api/v1/events/{event.pk}/{ending}")


@pytest.mark.parametrize("seq", [1, 99, 10**30])
def test_a_line_in_which_nothing_was_seen_leads_nowhere(browser: Client, ana: User, seq: int) -> None:
    assert browser.get(f"/runs/{watched(ana, PLATE).pk}/footage/{seq}/snapshot/").status_code == 404


def test_a_foreign_line_leads_nowhere(browser: Client) -> None:
    run = watched(make_user(), PLATE)

    assert browser.get(f"/runs/{run.pk}/footage/2/snapshot/").status_code == 404
