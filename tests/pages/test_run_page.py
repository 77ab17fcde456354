"""The page of one run, as the server renders it: complete without a script."""

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Role, User
from analysis.models import DetectorCard, Evidence, Result, Run
from realtime import log
from realtime.log import Draft
from tests.factories import make_media, make_user
from tests.pages.conftest import leased_run, make_card

pytestmark = pytest.mark.django_db


def make_result(run: Run, detector: str, **fields: Any) -> Result:
    fields = {"version": "1.0", "family": "mesonet", "seconds": 1.5} | fields
    if "reason" not in fields:
        fields = {
            "score": 0.61,
            "band": "uncalibrated",
            "scored": 212,
            "sampled": 300,
            "unit": "frames",
        } | fields
    return Result.objects.create(run=run, attempt=1, detector=detector, **fields)


@pytest.fixture
def finished(ana: User) -> Run:
    make_card("meso4", title="Meso-4", cannot_see="Edits outside the face.")
    return leased_run(
        media=make_media(owner=ana, filename="press.mp4"),
        state="succeeded",
        outcome="some_signs",
        sentence="Some signs (inconclusive).",
        why="Meso-4 lies high, but is not calibrated.",
        limit="Uncalibrated detectors never say more.",
    )


def page(browser: Client, run: Run, query: str = "") -> str:
    answer = browser.get(f"/runs/{run.pk}/{query}")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


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


def test_evidence_is_a_picture_with_a_caption(browser: Client, finished: Run) -> None:
    make_result(finished, "meso4")
    picture = Evidence.objects.create(
        run=finished, attempt=1, detector="meso4", kind="faces", title="Faces", caption="As the net saw them.",
        media_type="image/png", path="x.png", sha256="0" * 64,
    )  # fmt: skip

    text = page(browser, finished)

    assert f'src="/api/v1/evidence/{picture.pk}/"' in text
    assert text.count("As the net saw them.") >= 2


def test_provenance_is_a_panel_of_its_own_and_absence_is_unknown(browser: Client, finished: Run) -> None:
    facts = {"state": "none", "manifest": {"issuer": None}}
    make_result(finished, "provenance", reason="reports_facts", detail="No credentials.", facts=facts)

    text = page(browser, finished)

    assert '<tr data-detector="provenance"' not in text
    assert "unknown, never suspicious" in text


def test_results_of_an_earlier_attempt_are_history(browser: Client, finished: Run) -> None:
    make_result(finished, "meso4")
    finished.lease.attempt = 2
    finished.lease.save()

    assert "scored 212 of 300" not in page(browser, finished)


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


def test_a_failed_run_shows_the_file_the_reason_and_a_way_on(browser: Client, ana: User) -> None:
    media = make_media(owner=ana, filename="broken.mkv")
    run = leased_run(media=media, state="failed", error_code="reader_lost", error_message="It was lost.")

    text = page(browser, run)

    assert "broken.mkv could not be examined" in text
    assert "It was lost." in text
    assert f'action="/runs/{run.pk}/retry/"' in text


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


def test_credentials_that_do_not_fit_stand_beside_the_outcome(browser: Client, finished: Run) -> None:
    make_result(finished, "provenance", reason="reports_facts", facts={"state": "tampered"})

    band = page(browser, finished).split('id="outcome"')[1].split("</section>")[0]

    assert "The file is not what its Content Credentials signed." in band
    assert "no part of the outcome" in band


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


def test_evidence_stands_under_its_detector_with_its_data_and_the_runs_own_comes_first(
    browser: Client, finished: Run
) -> None:
    make_result(finished, "meso4", score=0.7)
    common = {"run": finished, "attempt": 1, "caption": "c", "media_type": "image/png", "sha256": "0" * 64}
    curve = Evidence.objects.create(
        detector="meso4",
        kind="scores",
        title="Scores",
        path="a",
        plot="curves",
        data={"panels": []},
        **common,
    )
    Evidence.objects.create(
        detector="", kind="faces", title="Faces over time", path="b", plot="strip", **common
    )

    text = page(browser, finished)

    assert (
        0
        < text.index("Faces over time")
        < text.index('id="shown-meso4"')
        < text.index(f'id="piece-{curve.pk}"')
    )
    assert f'href="/api/v1/evidence/{curve.pk}/data/"' in text
    assert f'href="/api/v1/runs/{finished.pk}/evidence/"' in text


@pytest.mark.parametrize(
    ("role", "explains", "asks"),
    [
        (Role.ANALYST, True, ["recompute", "heatmap"]),
        (Role.ANALYST, False, ["recompute"]),
        (Role.VIEWER, True, []),
    ],
)
def test_what_can_be_asked_of_a_score_goes_by_the_card_and_the_reader(
    browser: Client, finished: Run, ana: User, role: Role, explains: bool, asks: list[str]
) -> None:
    make_result(finished, "meso4")
    Evidence.objects.create(
        run=finished, attempt=1, detector="meso4", kind="scores", title="Scores", caption="c",
        media_type="image/png", path="x.png", sha256="0" * 64,
    )  # fmt: skip
    DetectorCard.objects.filter(name="meso4").update(card={"title": "Meso-4", "explains": explains})
    User.objects.filter(pk=ana.pk).update(role=role)

    text = page(browser, finished)

    assert 'id="traces-meso4"' in text
    assert re.findall(r'data-ask="(\w+)"', text) == asks


def test_a_run_without_evidence_says_so(browser: Client, finished: Run) -> None:
    text = page(browser, finished)

    assert "No detector left a picture." in text
    assert f"/api/v1/runs/{finished.pk}/evidence/" not in text


def test_evidence_is_read_without_its_data_however_much_there_is(browser: Client, finished: Run) -> None:
    with CaptureQueriesContext(connection) as few:
        page(browser, finished)
    for number in range(40):
        Evidence.objects.create(
            run=finished, attempt=1, detector=f"d{number}", kind="k", title="t", media_type="image/png",
            path=f"{number}", sha256="0" * 64, plot="curves", data={"panels": ["heavy"]},
        )  # fmt: skip

    with CaptureQueriesContext(connection) as many:
        text = page(browser, finished)

    assert text.count("data-plot=") == 40
    assert len(many) == len(few)
    assert not any('"analysis_evidence"."data"' in query["sql"] for query in many.captured_queries)


def test_many_pictures_are_folded(browser: Client, finished: Run) -> None:
    for number in range(9):
        Evidence.objects.create(
            run=finished, attempt=1, detector="meso4", kind="faces", title=f"Picture {number}", caption="",
            media_type="image/png", path=f"{number}.png", sha256="0" * 64,
        )  # fmt: skip

    assert "<summary>3 more</summary>" in page(browser, finished)


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
