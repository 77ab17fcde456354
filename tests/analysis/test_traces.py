"""Questions about scores on record: who may ask, what is refused, and what answers say and show."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import Role
from analysis import operations
from analysis.engine.registry import Registry
from analysis.engine.weights import WeightStore
from analysis.models import DetectorCard, Evidence, Run, RunLease, Trace, Worker
from analysis.worker.examiner import Examiner
from analysis.worker.rows import publish_cards
from analysis.worker.slot import Line
from realtime.models import Event
from tests import traced_detectors
from tests.analysis.conftest import signed_in
from tests.factories import make_user
from tests.flows import workers

pytestmark = pytest.mark.django_db(transaction=True)
CAPTION = "where the model looked, not where the edit is"


@pytest.fixture
def examiner(home: Path) -> Iterator[Examiner]:
    registry = Registry.of([traced_detectors], WeightStore(Path("/nowhere")))
    publish_cards(registry.states())
    worker = Worker.objects.create(host="here", pid=1, device="cpu").pk
    nowhere = os.open(os.devnull, os.O_WRONLY)
    yield Examiner(worker, 0, registry, 1, Line(nowhere))
    os.close(nowhere)


@pytest.fixture
def run(examiner: Examiner, tmp_path: Path) -> Run:
    asked = workers.ask(workers.make_clip(tmp_path, seconds=1.0), "netted", "wavering")
    examiner.examine(str(asked.pk))
    asked.refresh_from_db()
    assert asked.state == "succeeded", asked.error_message
    return asked


@pytest.fixture
def program(run: Run) -> APIClient:
    return signed_in(run.owner)


def ask(program: APIClient, run: Run, what: str, **question: Any) -> Any:
    return program.post(f"/api/v1/runs/{run.pk}/{what}/", question, format="json")


def answered(program: APIClient, examiner: Examiner, run: Run, what: str, **question: Any) -> dict[str, Any]:
    asked = ask(program, run, what, **question)
    assert asked.status_code == 201, asked.content
    examiner.examine(asked.json()["id"])
    body: dict[str, Any] = program.get(asked["Location"]).json()
    return body


def test_a_heatmap_is_made_when_asked_for_and_captioned(
    program: APIClient, examiner: Examiner, run: Run
) -> None:
    body = answered(program, examiner, run, "heatmap", detector="netted", pts_seconds=0.4)

    drawn = body["answer"]["map"]
    half = drawn["rows"] // 2
    assert (drawn["rows"], drawn["columns"], drawn["caption"]) == (64, 64, CAPTION)
    lit = sum(sum(row[:half]) for row in drawn["values"][:half])
    assert lit > 0.99 * sum(map(sum, drawn["values"])) > 0
    assert body["answer"]["comparison"] == "equal"
    heat = Evidence.objects.get(run=body["id"], kind="heatmap")
    assert heat.caption == CAPTION
    with Image.open(Path(settings.ASSAY_HOME) / "evidence" / heat.path) as picture:
        assert max(picture.size) <= 530
    assert not Evidence.objects.filter(run=run, kind="heatmap").exists()


def test_a_value_that_differs_is_said_loudly_and_stays(
    program: APIClient, examiner: Examiner, run: Run
) -> None:
    body = answered(program, examiner, run, "recompute", detector="wavering")

    assert body["answer"]["comparison"] == "different"
    assert body["answer"]["sentence"].startswith("NOT the same value")
    assert body["answer"]["difference"] == pytest.approx(0.01)
    listed = program.get(f"/api/v1/runs/{run.pk}/traces/").json()
    assert [one["answer"]["comparison"] for one in listed["results"]] == ["different"]
    again = program.post(f"/api/v1/runs/{body['id']}/retry/")
    assert (again.status_code, again.json()["code"]) == (409, "not_an_examination")


def test_a_file_that_went_while_the_question_waited_is_named(
    program: APIClient, examiner: Examiner, run: Run
) -> None:
    asked = ask(program, run, "recompute", detector="netted").json()
    (Path(settings.ASSAY_HOME) / "media" / run.media.path).unlink()

    examiner.examine(asked["id"])

    body = program.get(f"/api/v1/traces/{asked['id']}/").json()
    assert (body["state"], body["error_code"], body["answer"]) == ("failed", "media_missing", None)
    assert run.media.filename in body["error"]


def test_a_detector_that_went_gives_no_score_and_no_claim(
    program: APIClient, examiner: Examiner, run: Run
) -> None:
    asked = ask(program, run, "recompute", detector="netted").json()
    examiner._registry.modules.pop("netted")
    examiner._registry.broken["netted"] = "It cannot be loaded."

    examiner.examine(asked["id"])

    said = program.get(f"/api/v1/traces/{asked['id']}/").json()["answer"]
    assert (said["comparison"], said["recomputed"], said["difference"]) == ("absent", None, None)
    assert said["abstained"]["reason"] == "detector_missing"


def test_questions_are_no_examinations_of_the_file(program: APIClient, run: Run) -> None:
    asked = ask(program, run, "recompute", detector="netted").json()

    listed = program.get("/api/v1/runs/").json()["results"]
    media = program.get(f"/api/v1/media/{run.media_id}/").json()

    assert [(one["id"], one["purpose"]) for one in listed] == [(str(run.pk), "examination")]
    assert program.get(f"/api/v1/runs/{asked['id']}/").json()["purpose"] == "recompute"
    assert media["run"]["id"] == str(run.pk)
    assert asked["topic"] != str(run.topic_id)
    told = [event.type for event in Event.objects.filter(topic=asked["topic"])]
    assert told == ["run.queued"]


def test_a_question_that_failed_is_no_failed_run(program: APIClient, run: Run) -> None:
    asked = ask(program, run, "recompute", detector="netted").json()
    Run.objects.filter(pk=asked["id"]).update(state=Run.State.FAILED, error_code="x", error_message="Broken.")

    assert operations.overview().failures == []


def test_a_slot_that_answers_shows_where_it_was_asked(program: APIClient, run: Run) -> None:
    asked = ask(program, run, "recompute", detector="netted").json()
    Run.objects.filter(pk=asked["id"]).update(state=Run.State.RUNNING)
    RunLease.objects.filter(run=asked["id"]).update(worker=Worker.objects.get(), slot=0)

    (worker,) = operations.overview().workers

    assert [slot.run for slot in worker.runs] == [run.pk]


def test_a_file_is_not_deleted_under_a_question_which_is_named(program: APIClient, run: Run) -> None:
    asked = ask(program, run, "recompute", detector="netted").json()

    refused = program.delete(f"/api/v1/media/{run.media_id}/")

    assert refused.status_code == 409
    assert asked["id"] in refused.json()["detail"]


def test_a_question_is_cancelled_like_a_run(program: APIClient, run: Run) -> None:
    asked = ask(program, run, "recompute", detector="netted").json()

    cancelled = program.post(f"/api/v1/runs/{asked['id']}/cancel/")

    assert cancelled.status_code == 200
    assert program.get(f"/api/v1/traces/{asked['id']}/").json()["state"] == "cancelled"


@pytest.mark.parametrize("what", ["recompute", "heatmap"])
def test_somebody_elses_run_and_question_are_not_there(program: APIClient, run: Run, what: str) -> None:
    question = {"detector": "netted", "pts_seconds": 0.4}
    stranger, viewer = signed_in(make_user()), signed_in(make_user(role=Role.VIEWER))

    mine = ask(program, run, what, **question)

    assert mine.status_code == 201
    assert ask(stranger, run, what, **question).status_code == 404
    assert stranger.get(f"/api/v1/traces/{mine.json()['id']}/").status_code == 404
    assert stranger.get(f"/api/v1/runs/{run.pk}/traces/").status_code == 404
    assert ask(viewer, run, what, **question).status_code == 403


@pytest.mark.parametrize(
    ("what", "question", "status", "code"),
    [
        ("recompute", {"detector": "calm"}, 422, "no_such_score"),
        ("recompute", {"detector": "netted", "pts_seconds": 0.41}, 422, "no_such_score"),
        ("recompute", {"detector": "netted", "pts_seconds": 0.4, "track": 1}, 422, "no_such_score"),
        ("recompute", {"detector": "netted", "pts_seconds": "nan"}, 400, "invalid"),
        ("recompute", {"detector": "netted", "colour": "red"}, 400, "invalid"),
        ("heatmap", {"detector": "wavering", "pts_seconds": 0.4}, 422, "no_heatmap"),
        ("heatmap", {"detector": "netted"}, 422, "no_heatmap"),
    ],
)
def test_what_cannot_be_answered_is_refused_at_once(
    program: APIClient, run: Run, what: str, question: dict[str, Any], status: int, code: str
) -> None:
    answer = ask(program, run, what, **question)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert not Trace.objects.exists()


def _unlink(run: Run) -> None:
    (Path(settings.ASSAY_HOME) / "media" / run.media.path).unlink()


def _switch_off(run: Run) -> None:
    DetectorCard.objects.filter(name="netted").update(available=False, reason="no weights")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [(_unlink, 410, "media_missing"), (_switch_off, 409, "detector_unavailable")],
)
def test_what_is_not_there_any_more_is_named(
    program: APIClient, run: Run, change: Callable[[Run], None], status: int, code: str
) -> None:
    change(run)

    answer = ask(program, run, "recompute", detector="netted")

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_open_questions_are_bounded(program: APIClient, run: Run) -> None:
    answers = [ask(program, run, "recompute", detector="netted").status_code for _ in range(21)]

    assert answers == [201] * 20 + [409]


def test_a_list_costs_few_queries(program: APIClient, run: Run, django_assert_max_num_queries: Any) -> None:
    for _ in range(5):
        ask(program, run, "recompute", detector="netted")

    with django_assert_max_num_queries(8):
        listed = program.get(f"/api/v1/runs/{run.pk}/traces/").json()

    assert listed["count"] == 5
