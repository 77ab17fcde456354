"""The page of a run that is not over: what is there already, without a script."""

import json
import re

import pytest
from django.test import Client

from accounts.models import User
from realtime import log
from realtime.log import Draft
from tests.factories import make_media
from tests.pages.conftest import leased_run, make_result, page

pytestmark = pytest.mark.django_db


def test_an_outcome_is_preliminary_while_detectors_are_at_work(browser: Client, ana: User) -> None:
    run = leased_run(media=make_media(owner=ana), state="running")

    text = page(browser, run)

    assert "Preliminary until every detector has ended" in text
    assert f'action="/runs/{run.pk}/cancel/"' in text


@pytest.mark.parametrize("state", ["running", "failed"])
def test_facts_that_are_in_are_not_denied(browser: Client, ana: User, state: str) -> None:
    run = leased_run(media=make_media(owner=ana), state=state)
    make_result(run, "metadata", reason="reports_facts", detail="", facts={})

    text = page(browser, run)

    assert "No detector besides provenance and metadata" in text
    assert "No detector has ended yet" not in text and "No detector came to an end" not in text


def test_what_detectors_do_now_is_there_without_a_script(browser: Client, ana: User) -> None:
    run = leased_run(media=make_media(owner=ana), state="running")
    moving = {"detector": "meso4", "done": 150, "total": 300, "unit": "frames", "pts_seconds": 5.0}
    log.append(run.topic_id, [
        Draft("run.started", data={"attempt": 1, "detectors": ["meso4"]}),
        Draft("detector.started", data={"detector": "meso4", "title": "Meso-4", "unit": "frames"}),
        Draft("run.progressed", data=moving | {"fps": 24.0, "seconds_left": 6.0, "faces": 2}),
    ])  # fmt: skip

    text = page(browser, run)

    assert "150 of 300 frames" in text
    assert 'value="0.5000"' in text
    given = json.loads(re.search(r'<script id="run-data" type="application/json">(.*?)</script>', text)[1])  # type: ignore[index]  # the test fails alike
    assert (given["state"]["seq"], given["topic"]) == (3, str(run.topic_id))


def test_what_cannot_be_counted_or_drawn_takes_no_place(browser: Client, ana: User) -> None:
    run = leased_run(media=make_media(owner=ana), state="running")
    silent = {"kind": "not_assessed", "reason": "no_sound", "detail": "the file has no sound track"}
    log.append(run.topic_id, [
        Draft("run.started", data={"attempt": 1, "detectors": ["hum", "metadata"]}),
        Draft("detector.started", data={"detector": "hum", "title": "Hum", "unit": "windows"}),
        Draft("run.progressed", data={"detector": "metadata", "done": 1, "total": 1, "unit": "files"}),
        Draft("detector.abstained", data={"detector": "hum", "title": "Hum", "assessment": silent}),
    ])  # fmt: skip

    text = page(browser, run)

    assert "the file has no sound track" in text
    assert 'data-lane="hum" data-state="abstained" data-curve="no"' in text
    assert "1 of 1" not in text
