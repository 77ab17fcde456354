"""A stressed verdict, from what was asked for to what is on record, in the log, in REST and on the page."""

import base64
import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from analysis import queue
from analysis.engine.registry import Registry
from analysis.engine.weights import WeightStore
from analysis.models import DetectorCard, Media, Run, Worker
from analysis.queue import Loss
from analysis.uploads import adopt_file
from analysis.uploads.places import scratch_root
from analysis.worker import scratch, watch
from analysis.worker.child import Child
from analysis.worker.examiner import Examiner
from analysis.worker.plan import Plan
from analysis.worker.reports import Report
from analysis.worker.slot import Line
from analysis.worker.supervisor import Supervisor
from realtime.models import Event
from tests import trouble_detectors
from tests.analysis.intake import png, send
from tests.clips import write_image
from tests.realtime.described import judge

pytestmark = pytest.mark.django_db(transaction=True)
RUNS = "/api/v1/runs/"


@pytest.fixture
def examine(home: Path) -> Iterator[Callable[[Run], Run]]:
    """Has a slot examine a run."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    worker = Worker.objects.create(host="here", pid=1, device="cpu").pk
    registry = Registry.of([trouble_detectors], WeightStore(Path("/nowhere")))
    examiner = Examiner(worker, 0, registry, 1, Line(nowhere))

    def examine(run: Run) -> Run:
        examiner.examine(str(run.pk))
        return Run.objects.get(pk=run.pk)

    yield examine
    os.close(nowhere)


@pytest.fixture
def media(home: Path, tmp_path: Path, analyst: User) -> Media:
    return adopt_file(write_image(tmp_path / "picture.png"), owner=analyst)


@pytest.fixture
def card() -> DetectorCard:
    return DetectorCard.objects.create(name="wavers", card={}, available=True)


def told(run: Run) -> list[Event]:
    return list(Event.objects.filter(topic=run.topic_id).order_by("seq"))


def test_a_flip_is_told_kept_and_shown(
    examine: Callable[[Run], Run], media: Media, analyst: User, client: APIClient
) -> None:
    run = examine(queue.enqueue(media, owner=analyst, detectors=["wavers"], stress_seconds=300))

    lines = told(run)
    variants = [line for line in lines if line.type.startswith(("stress.", "variant."))]
    assert [line.type for line in variants] == ["stress.started", *["variant.started", "variant.scored"] * 3]
    assert [line.data["state"] for line in variants[2::2]] == ["held", "flipped", "flipped"]
    described = judge("#/components/schemas/Event")
    assert [fault.message for line in lines for fault in described.iter_errors(json.loads(line.body))] == []
    ending = lines[-1].data
    body = client.get(f"{RUNS}{run.pk}/").json()
    assert body["stress"] == ending["stress"] == run.stress
    assert body["stress_seconds"] == 300
    assert body["stress"]["variants"][1]["scores"] == [
        {
            "detector": "wavers",
            "title": "Wavers",
            "before": 0.71,
            "after": {"kind": "verdict", "score": 0.38, "band": "uncalibrated"},
            "crossed": True,
        }
    ]
    assert (body["outcome"], ending["outcome"]) == ("some_signs", "some_signs")
    assert "score moved from 0.71 to 0.38 after scaling to half" in body["why"]
    assert list(scratch_root().rglob("*.*/*")) == []
    browser = Client()
    browser.force_login(analyst)
    page = browser.get(f"/runs/{run.pk}/").content.decode()
    assert 'data-variant="half_size" data-state="flipped"' in page
    assert "0.71 → 0.38" in page
    assert "crossed its mark" in page


def test_a_run_that_was_not_asked_to_says_nothing_of_it(
    examine: Callable[[Run], Run], media: Media, analyst: User, client: APIClient
) -> None:
    run = examine(queue.enqueue(media, owner=analyst, detectors=["calm"]))

    body = client.get(f"{RUNS}{run.pk}/").json()
    assert (body["state"], body["stress"], body["stress_seconds"]) == ("succeeded", None, None)
    assert not [line.type for line in told(run) if line.type.startswith(("stress.", "variant."))]


def test_a_run_is_stressed_for_as_long_as_was_said_or_set(
    client: APIClient, media: Media, settings: Any
) -> None:
    settings.STRESS_SECONDS = 77

    said = client.post(RUNS, {"media": str(media.pk), "stress": True, "stress_seconds": 9}, format="json")
    usual = client.post(RUNS, {"media": str(media.pk), "stress": True}, format="json")
    without = client.post(RUNS, {"media": str(media.pk)}, format="json")

    seconds = [answer.json()["stress_seconds"] for answer in (said, usual, without)]
    assert seconds == [9, 77, None]


@pytest.mark.parametrize(
    "given",
    [{"stress_seconds": 9}, {"stress": True, "stress_seconds": 0}, {"stress": True, "stress_seconds": 3601}],
)
def test_what_could_not_be_kept_is_refused(client: APIClient, media: Media, given: dict[str, Any]) -> None:
    answer = client.post(RUNS, {"media": str(media.pk)} | given, format="json")

    assert answer.status_code == 400
    assert "stress_seconds" in answer.content.decode()
    assert not Run.objects.exists()


def test_an_upload_in_one_go_may_ask_for_it(client: APIClient) -> None:
    answer = send(client, png(), "picture.png", stress="true", stress_seconds="30")

    assert answer.status_code == 201, answer.content
    assert Run.objects.get().stress_seconds == 30


def test_an_upload_that_is_not_examined_cannot_be_stressed(client: APIClient) -> None:
    answer = send(client, png(), "picture.png", stress="true", analyze="false")

    assert answer.status_code == 400
    assert not Media.objects.exists()


def test_a_resumable_upload_may_ask_for_it(client: APIClient) -> None:
    content = png()
    said = {"filename": "picture.png", "stress": "true", "stress_seconds": "30"}
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in said.items())
    head = {"HTTP_TUS_RESUMABLE": "1.0.0"}

    begun = client.post(
        "/api/v1/uploads/", HTTP_UPLOAD_LENGTH=str(len(content)), HTTP_UPLOAD_METADATA=metadata, **head
    )
    client.patch(
        begun["Location"],
        content,
        content_type="application/offset+octet-stream",
        HTTP_UPLOAD_OFFSET="0",
        **head,
    )

    assert Run.objects.get().stress_seconds == 30


def test_the_button_asks_for_a_new_run_by_the_same_detectors(
    examine: Callable[[Run], Run], media: Media, analyst: User, card: DetectorCard
) -> None:
    run = examine(queue.enqueue(media, owner=analyst, detectors=["wavers"]))
    browser = Client()
    browser.force_login(analyst)

    page = browser.get(f"/runs/{run.pk}/").content.decode()
    answer = browser.post(f"/runs/{run.pk}/stress/")

    again = Run.objects.exclude(pk=run.pk).get()
    assert "Stress this verdict" in page
    assert answer["Location"] == f"/runs/{again.pk}/"
    assert (again.media_id, again.detectors, again.stress_seconds) == (media.pk, ["wavers"], 120)
    waiting = browser.get(f"/runs/{again.pk}/").content.decode()
    assert "Altered copies will be looked at once every detector has ended." in waiting


def test_trying_again_forgets_what_came_of_it_and_asks_for_it_still(
    examine: Callable[[Run], Run], media: Media, analyst: User
) -> None:
    run = examine(queue.enqueue(media, owner=analyst, detectors=["calm"], stress_seconds=300))
    assert run.stress["held"] == 3

    queue.retry(run, by=analyst)

    run.refresh_from_db()
    assert (run.stress, run.stress_seconds) == (None, 300)


def copy_left_by(slot: str) -> Path:
    path = scratch_root() / slot / "1" / "trimmed"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"copy")
    return path


def test_a_slot_clears_what_the_one_before_it_left(examine: Any) -> None:
    worker = Worker.objects.get()
    left, beside = copy_left_by(f"{worker.pk}.0"), copy_left_by(f"{worker.pk}.1")

    scratch.clear(worker.pk, 0)

    assert (left.exists(), beside.exists()) == (False, True)


def test_copies_outlive_a_worker_that_was_killed_by_an_hour_at_most(
    transactional_db: None, home: Path
) -> None:
    supervisor = Supervisor(Plan(("media",), "cpu", slots=0, once=False))
    now = timezone.now()
    silent, killed = (
        Worker.objects.create(host="here", pid=1, device="cpu", heartbeat=now - timedelta(minutes=minutes))
        for minutes in (58, 62)
    )
    kept = [copy_left_by(f"{one}.0") for one in (supervisor.worker, silent.pk)]
    left = [copy_left_by(f"{killed.pk}.0"), copy_left_by("gone.3")]

    supervisor._tick(time.monotonic())

    assert [path.exists() for path in (*kept, *left)] == [True, True, False, False]


@pytest.mark.parametrize("over", ["stall", "memory", "death"])
def test_a_worker_lost_over_copies_costs_the_copies_and_nothing_else(
    examine: Callable[[Run], Run], media: Media, analyst: User, settings: Any, over: str
) -> None:
    run = queue.enqueue(media, owner=analyst, detectors=["wavers"], stress_seconds=300)
    worker = Worker.objects.get()
    assert queue.claim(run.pk, worker=worker.pk, slot=0)
    queue.lose_slot(worker.pk, 0, _loss_over_copies(settings, run.pk, over))

    run = examine(run)

    assert (run.state, run.outcome) == ("succeeded", "some_signs")
    assert (run.lease.excluded, run.lease.claims) == ({}, 1)
    assert run.stress["variants"] == []
    assert "while altered copies were looked at; the run is repeated without them" in run.stress["not_run"]
    assert run.stress["sentence"] == f"Not stressed: {run.stress['not_run']}."
    assert [result.detector for result in run.results.filter(attempt=run.lease.attempt)] == ["wavers"]
    described = judge("#/components/schemas/Event")
    assert [
        fault.message for line in told(run) for fault in described.iter_errors(json.loads(line.body))
    ] == []


def _loss_over_copies(settings: Any, run: UUID, over: str) -> Loss:
    """What the supervisor makes of a slot that reports copies of that run and then goes wrong."""
    child = Child(0, ["sleep", "60"], threads=1)
    try:
        child._hear(Report(ready=True, run=run, attempt=1, seen=2, in_feed="wavers", stressing=True))
        settings.STALL_SECONDS = -1.0 if over == "stall" else 60.0
        settings.SLOT_MEMORY_BYTES = 1 if over == "memory" else 0
        loss = watch.died(child) if over == "death" else watch.verdict(child)
    finally:
        child.kill()
        child.close()
    assert loss
    return loss
