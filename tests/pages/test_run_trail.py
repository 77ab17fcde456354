"""The log on the page of a run, and its last line."""

import json

import pytest
from django.test import Client

from accounts.models import User
from analysis.models import Run
from realtime import log
from realtime.log import Draft
from tests.factories import make_media
from tests.pages.conftest import leased_run, page

pytestmark = pytest.mark.django_db


def test_the_trail_is_the_log_newest_first_and_leaves_progress_out_until_asked(
    browser: Client, ana: User
) -> None:
    run = leased_run(media=make_media(owner=ana), state="running")
    progress = {"detector": "a", "done": 1, "unit": "frames"}
    drafts = [Draft("run.queued", "Waiting for a worker."), Draft("run.progressed", "Half of it.", progress)]
    log.append(run.topic_id, drafts, run=run.pk, attempt=1)

    assert "Waiting for a worker." in page(browser, run)
    assert "Half of it." not in page(browser, run)
    assert "Half of it." in page(browser, run, "?lines=all")


def test_the_trail_of_a_run_that_has_ended_names_its_last_line_and_hash(browser: Client, ana: User) -> None:
    run = leased_run(media=make_media(owner=ana), state="running")
    lines = log.append(run.topic_id, [Draft("run.queued"), Draft("run.failed", "It failed.", ending=True)])

    under_way = page(browser, run)
    Run.objects.filter(pk=run.pk).update(state=Run.State.FAILED)
    over = page(browser, run)

    assert "last-line" not in under_way
    assert "It ended with line 2" in over
    assert f"<code>{json.loads(lines[-1].body)['hash']}</code>" in over


def test_lines_behind_the_ending_are_told_apart_from_it(browser: Client, ana: User) -> None:
    run = leased_run(media=make_media(owner=ana), state=Run.State.FAILED)
    lines = log.append(run.topic_id, [Draft("run.queued"), Draft("run.failed", "It failed.", ending=True)])
    log.append(run.topic_id, [Draft("plate.read", "AB12 CDE"), Draft("plate.read", "XY34 ZZZ")])

    over = page(browser, run)

    assert "It ended with line 2" in over
    assert f"<code>{json.loads(lines[-1].body)['hash']}</code>" in over
    assert "2 lines were added behind it." in over
