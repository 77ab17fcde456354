"""The page of one run that is over, as the server renders it: complete without a script."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from analysis.models import Run
from realtime import log
from realtime.log import Draft
from tests.factories import make_media, make_user
from tests.pages.conftest import leased_run, make_result, page

pytestmark = pytest.mark.django_db


def test_the_outcome_is_a_sentence_with_its_reason_its_limit_and_its_coverage(
    browser: Client, finished: Run
) -> None:
    make_result(finished, "meso4")

    text = page(browser, finished)

    assert finished.sentence in text
    assert finished.why in text
    assert finished.limit in text
    assert "scored 212 of 300 frames" in text
    assert "uncalibrated: N too small" in text


def test_a_detector_that_abstained_stays_with_its_reason_and_has_no_score(
    browser: Client, finished: Run
) -> None:
    make_result(finished, "meso4", reason="no_face", detail="no face was found in 300 sampled frames")

    text = page(browser, finished)
    row = re.search(r'<tr data-detector="meso4".*?</tr>', text)

    assert row is not None
    assert "no face was found in 300 sampled frames" in row[0]
    assert "Edits outside the face." in row[0]
    assert not re.search(r"\b0\.\d\d\b", row[0])


def test_a_failed_detector_is_named_and_can_be_asked_again_alone(browser: Client, finished: Run) -> None:
    make_result(finished, "meso4", reason="detector_failed", detail="ValueError: it broke")

    text = page(browser, finished)

    assert "ValueError: it broke" in text
    assert '<input type="hidden" name="detector" value="meso4">' in text


def test_results_of_an_earlier_attempt_are_history(browser: Client, finished: Run) -> None:
    make_result(finished, "meso4")
    finished.lease.attempt = 2
    finished.lease.save()

    assert "scored 212 of 300" not in page(browser, finished)


def test_a_failed_run_shows_the_file_the_reason_and_a_way_on(browser: Client, ana: User) -> None:
    media = make_media(owner=ana, filename="broken.mkv")
    run = leased_run(media=media, state="failed", error_code="reader_lost", error_message="It was lost.")

    text = page(browser, run)

    assert "broken.mkv could not be examined" in text
    assert "It was lost." in text
    assert f'action="/runs/{run.pk}/retry/"' in text


@pytest.mark.parametrize("whose", ["nobody's", "theirs"])
def test_a_missing_run_and_a_foreign_one_look_alike(browser: Client, whose: str) -> None:
    run_id = uuid4() if whose == "nobody's" else leased_run(owner=make_user()).pk

    answer = browser.get(f"/runs/{run_id}/")

    assert answer.status_code == 404
    assert "not yours to see" in answer.content.decode()


def test_the_number_of_queries_does_not_grow_with_results(
    browser: Client, finished: Run, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        make_result(finished, f"detector{number}")

    with django_assert_max_num_queries(11):
        page(browser, finished)


def test_limits_are_told_one_by_one_and_uncalibrated_is_explained(browser: Client, finished: Run) -> None:
    Run.objects.filter(pk=finished.pk).update(limit="Meso-4 scored 1 of 9 frames; the file is cut short.")
    make_result(finished, "meso4")

    text = page(browser, finished)

    assert "<li>Meso-4 scored 1 of 9 frames.</li><li>The file is cut short.</li>" in text
    assert "it does not say how likely a manipulation is" in text


def test_a_detector_that_reports_facts_has_not_abstained(browser: Client, finished: Run) -> None:
    told = {"detector": "metadata", "title": "Metadata", "facts": {}, "seconds": 0.0}
    assessment = {"kind": "not_assessed", "reason": "reports_facts", "detail": "nothing"}
    log.append(finished.topic_id, [
        Draft("run.started", data={"attempt": 1, "detectors": ["metadata"]}),
        Draft("detector.abstained", data=told | {"assessment": assessment}),
    ])  # fmt: skip

    assert '<span class="lane-state-word">Facts only</span>' in page(browser, finished)
