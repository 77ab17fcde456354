"""What was seen in footage, on the page of a run."""

import pytest
from django.test import Client

from accounts.models import User
from analysis.models import Run
from tests.factories import make_media
from tests.pages.conftest import leased_run, make_card, make_result, page

pytestmark = pytest.mark.django_db


def test_what_was_seen_stands_in_the_outcome_and_in_its_row_and_is_no_abstention(
    browser: Client, ana: User
) -> None:
    make_card("anpr", title="Number plates", forensic=False, consumes="footage")
    run = leased_run(media=make_media(owner=ana))
    sentence = "Not assessable: no detector was asked to judge this file."
    said = {
        "outcome": "not_assessable",
        "sentence": sentence,
        "why": "Nobody was asked whether it was manipulated.",
    }
    Run.objects.filter(pk=run.pk).update(state="succeeded", **said)
    make_result(
        run, "anpr", reason="reports_facts", detail="2 plates: AB12 CDE, XY34 ZZZ.", facts={"plates": 2}
    )

    text = page(browser, run)
    band = text.split('id="outcome"')[1].split("</section>")[0]
    row = text.split('data-detector="anpr"')[1].split("</tr>")[0]

    assert "Nobody was asked whether it was manipulated." in band
    assert "<strong>Number plates:</strong> 2 plates: AB12 CDE, XY34 ZZZ." in band
    assert "<strong>What was seen</strong>: 2 plates: AB12 CDE, XY34 ZZZ." in row
    assert "#abstained" not in row
