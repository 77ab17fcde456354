"""What was seen in footage is told first where nobody was asked to judge, and after the verdict elsewhere."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from analysis.models import Run
from tests.factories import make_media
from tests.pages.conftest import leased_run, make_card, make_result, page

pytestmark = pytest.mark.django_db

SEEN = "2 people, 1 car · 3 plates · motion 14 s"
NOTHING_TO_JUDGE = "Nothing was to be assessed: only footage detectors were asked."


def ended(owner: User, **fields: Any) -> Run:
    media = make_media(owner=owner, filename="yard.mp4")
    return leased_run(media=media, state="succeeded", **fields)


def watched(owner: User, **fields: Any) -> Run:
    """Looked at by footage detectors alone."""
    fields = {"sentence": NOTHING_TO_JUDGE, "seen": SEEN} | fields
    return ended(
        owner, outcome="not_assessable", why="Nobody was asked whether it was manipulated.", **fields
    )


def band(text: str) -> str:
    return text.split('id="outcome"')[1].split("</section>", maxsplit=1)[0]


def title(text: str) -> str:
    return text.split("<title>")[1].split("</title>", maxsplit=1)[0]


def row(browser: Client) -> str:
    """The only run of the history."""
    return browser.get("/runs/").content.decode().split("<tbody>")[1].split("</tbody>")[0]


def test_a_run_of_footage_detectors_says_what_was_seen_and_looks_like_no_failure(
    browser: Client, ana: User
) -> None:
    run = watched(ana)

    text = page(browser, run)

    assert f"Seen: {SEEN}</p>" in band(text)
    assert NOTHING_TO_JUDGE in band(text)
    assert "Not assessable" not in text.split('id="words"')[0]
    assert "outcome-not_assessable" not in text
    assert "#not_assessable" not in text
    assert title(text) == f"yard.mp4: {SEEN} · Assay"


def test_the_history_says_what_was_seen(browser: Client, ana: User) -> None:
    watched(ana)

    said = row(browser)

    assert SEEN in said
    assert "Only footage detectors were asked" in said
    assert "ot assessable" not in said
    assert "not_assessable" not in said


def test_a_run_of_before_that_was_only_watched_looks_like_no_failure_either(
    browser: Client, ana: User
) -> None:
    before = "Not assessable: no detector was asked to judge this file."
    run = watched(ana, sentence=before, seen="")

    assert "ot assessable" not in row(browser)
    assert before not in page(browser, run)


def test_where_somebody_judged_the_verdict_comes_first(browser: Client, ana: User) -> None:
    sentence = "Detectors disagree."
    run = ended(ana, outcome="disagree", sentence=sentence, seen=SEEN)

    text = page(browser, run)
    said = band(text)

    assert said.index(sentence) < said.index(f"Seen: {SEEN}")
    assert title(text) == f"yard.mp4: Detectors disagree: {SEEN} · Assay"
    assert row(browser).index("Detectors disagree") < row(browser).index(f"Seen: {SEEN}")


def test_who_could_not_judge_is_still_said_to_be_not_assessable(browser: Client, ana: User) -> None:
    sentence = "Not assessable: no face was found."
    run = ended(ana, outcome="not_assessable", sentence=sentence, seen=SEEN)

    said = band(page(browser, run))

    assert "outcome-not_assessable" in said
    assert said.index(sentence) < said.index(f"Seen: {SEEN}")
    assert sentence in row(browser)


def test_what_was_seen_stands_in_the_outcome_and_in_its_row_and_is_no_abstention(
    browser: Client, ana: User
) -> None:
    make_card("anpr", title="Number plates", forensic=False, consumes="footage")
    run = watched(ana)
    make_result(
        run, "anpr", reason="reports_facts", detail="2 plates: AB12 CDE, XY34 ZZZ.", facts={"plates": 2}
    )

    text = page(browser, run)
    row = text.split('data-detector="anpr"')[1].split("</tr>")[0]

    assert "Nobody was asked whether it was manipulated." in band(text)
    assert "<strong>Number plates:</strong> 2 plates: AB12 CDE, XY34 ZZZ." in band(text)
    assert "<strong>What was seen</strong>: 2 plates: AB12 CDE, XY34 ZZZ." in row
    assert "#abstained" not in row
