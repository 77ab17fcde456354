"""What a file says of itself, on the page of a run."""

import pytest
from django.test import Client

from analysis.models import Run
from tests.pages.conftest import make_result, page

pytestmark = pytest.mark.django_db


def test_provenance_is_a_panel_of_its_own_and_absence_is_unknown(browser: Client, finished: Run) -> None:
    facts = {"state": "none", "manifest": {"issuer": None}}
    make_result(finished, "provenance", reason="reports_facts", detail="No credentials.", facts=facts)

    text = page(browser, finished)

    assert '<tr data-detector="provenance"' not in text
    assert "unknown, never suspicious" in text


def test_credentials_that_do_not_fit_stand_beside_the_outcome(browser: Client, finished: Run) -> None:
    make_result(finished, "provenance", reason="reports_facts", facts={"state": "tampered"})

    band = page(browser, finished).split('id="outcome"')[1].split("</section>")[0]

    assert "The file is not what its Content Credentials signed." in band
    assert "no part of the outcome" in band


def test_what_programs_wrote_for_programs_is_told_by_its_length(browser: Client, finished: Run) -> None:
    graph = '{"3": {"class_type": "KSampler"}}' + " " * 3000
    facts = {"embedded": {"text": {"prompt": graph, "comment": "word " * 500}}}
    make_result(finished, "metadata", reason="reports_facts", facts=facts)

    text = page(browser, finished)

    assert "class_type" not in text
    assert f"{len(graph)} characters of JSON" in text
    assert "… (2500 characters)" in text


def test_signed_statements_are_sentences_with_the_field_they_stand_in(browser: Client, finished: Run) -> None:
    said = "signed statement: created by a trained model (trainedAlgorithmicMedia)"
    found = {"kind": "ai_source", "field": "c2pa.actions.v2, c2pa.created", "sentence": said}
    facts = {"state": "issuer_unknown", "findings": [found]}
    make_result(finished, "provenance", reason="reports_facts", facts=facts)

    text = page(browser, finished)

    panel = text.split('id="panel-provenance"')[1].split("</section>")[0]
    assert f'{said} <span class="small soft">c2pa.actions.v2, c2pa.created</span>' in panel
    assert "but their signer is on no trust list here" in panel
    assert said in text.split('id="outcome"')[1].split("</section>")[0]
