"""Runs, detectors and evidence in REST."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Role, User
from analysis import queue
from analysis.models import DetectorCard, Evidence, Media, Result, Run, RunLease
from tests.analysis.conftest import signed_in
from tests.analysis.intake import png
from tests.factories import make_user

pytestmark = pytest.mark.django_db
RUNS = "/api/v1/runs/"


@pytest.fixture
def make_media(analyst: User) -> Callable[..., Media]:
    def make(filename: str = "clip.mp4", **fields: Any) -> Media:
        number = Media.objects.count()
        given = {"kind": "video", "media_type": "video/mp4", "sha256": "0" * 64, "size_bytes": 1} | fields
        return Media.objects.create(owner=analyst, filename=filename, path=f"x{number}", **given)

    return make


@pytest.fixture
def media(make_media: Callable[..., Media]) -> Media:
    return make_media()


def ended(run: Run, **fields: Any) -> Run:
    Run.objects.filter(pk=run.pk).update(state=Run.State.SUCCEEDED, finished=timezone.now(), **fields)
    RunLease.objects.filter(run=run).update(attempt=2)
    return Run.objects.get(pk=run.pk)


def test_a_run_is_started_for_a_file_that_is_there(client: APIClient, media: Media) -> None:
    DetectorCard.objects.create(name="jpeg", card={}, available=True)

    answer = client.post(RUNS, {"media": str(media.pk), "detectors": ["jpeg"]}, format="json")

    run = Run.objects.get()
    assert answer.status_code == 201
    assert answer["Location"] == f"{RUNS}{run.pk}/"
    assert answer.json() == client.get(f"{RUNS}{run.pk}/").json()
    assert answer.json()["detectors"] == ["jpeg"]


def test_a_queued_run_says_nothing_yet(client: APIClient, media: Media) -> None:
    body = client.post(RUNS, {"media": str(media.pk)}, format="json").json()

    run = Run.objects.get()
    assert (body["purpose"], body["state"]) == ("examination", "queued")
    assert (body["id"], body["media"], body["topic"]) == (str(run.pk), str(media.pk), str(run.topic_id))
    assert (body["attempt"], body["head"]) == (0, 1)
    empty = ("outcome", "sentence", "seen", "why", "limit", "error", "error_code", "started", "finished")
    assert [body[name] for name in empty] == [None] * len(empty)
    assert (body["results"], body["evidence"]) == ([], [])


def test_an_ended_run_says_what_its_last_attempt_found(
    client: APIClient, analyst: User, media: Media
) -> None:
    run = ended(
        queue.enqueue(media, owner=analyst),
        outcome="some_signs",
        sentence="Some signs.",
        why="w",
        limit="l",
        seen="1 car · 3 plates",
    )
    common = {"run": run, "version": "1", "family": "f", "seconds": 0.5}
    Result.objects.create(
        detector="meso4", attempt=2, score=0.7, band="uncalibrated", scored=212, sampled=300, unit="frames",
        weights_sha256="a" * 64, **common,
    )  # fmt: skip
    Result.objects.create(detector="aasist-l", attempt=2, reason="no_sound", detail="It has none.", **common)
    Result.objects.create(detector="old", attempt=1, reason="no_sound", detail="x", **common)
    Evidence.objects.create(
        run=run, attempt=2, detector="meso4", kind="faces", title="Faces", media_type="image/png", path="a", sha256="0"
    )  # fmt: skip

    body = client.get(f"{RUNS}{run.pk}/").json()

    verdict, abstained = body["results"]
    assert (body["outcome"], body["sentence"], body["seen"], body["why"], body["limit"]) == (
        "some_signs",
        "Some signs.",
        "1 car · 3 plates",
        "w",
        "l",
    )
    assert (verdict["detector"], verdict["weights_sha256"], verdict["seconds"]) == ("meso4", "a" * 64, 0.5)
    assert verdict["assessment"] == {
        "kind": "verdict",
        "score": 0.7,
        "band": "uncalibrated",
        "calibrated": False,
        "coverage": {"scored": 212, "sampled": 300, "unit": "frames"},
    }
    assert abstained["assessment"] == {"kind": "not_assessed", "reason": "no_sound", "detail": "It has none."}
    assert "score" not in json.dumps(abstained)
    assert body["evidence"][0]["title"] == "Faces"
    assert body["evidence"][0]["address"] == f"/api/v1/evidence/{body['evidence'][0]['id']}/"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"media": "x"},
        {"media": "MEDIA", "detectors": ["spektrum"]},
        {"media": "MEDIA", "detectors": {"a": 1}},
        {"media": "MEDIA", "priority": 1},
    ],
)
def test_orders_that_make_no_sense_are_refused(
    client: APIClient, media: Media, given: dict[str, Any]
) -> None:
    order = {name: str(media.pk) if value == "MEDIA" else value for name, value in given.items()}

    assert client.post(RUNS, order, format="json").status_code == 400
    assert client.post(RUNS, {"media": str(media.pk)}, format="json").status_code == 201


def test_nobody_examines_other_peoples_files(media: Media, home: Path) -> None:
    stranger = signed_in(make_user())

    assert stranger.post(RUNS, {"media": str(media.pk)}, format="json").status_code == 404
    assert not Run.objects.exists()


def test_an_order_sent_twice_with_one_key_is_one_run(client: APIClient, media: Media) -> None:
    client.credentials(**client._credentials, HTTP_IDEMPOTENCY_KEY="once")

    first, second = (client.post(RUNS, {"media": str(media.pk)}, format="json") for _ in range(2))

    assert first.json()["id"] == second.json()["id"]
    assert Run.objects.count() == 1


def test_a_queued_run_is_cancelled_and_tried_again(client: APIClient, analyst: User, media: Media) -> None:
    address = f"{RUNS}{queue.enqueue(media, owner=analyst).pk}/"

    too_early = client.post(f"{address}retry/")
    stopped = client.post(f"{address}cancel/")
    again = client.post(f"{address}retry/")

    assert (too_early.status_code, too_early.json()["code"]) == (409, "not_ended")
    assert (stopped.status_code, stopped.json()["state"]) == (200, "cancelled")
    assert (again.status_code, again.json()["state"]) == (200, "queued")


def test_an_ended_run_cannot_be_cancelled(client: APIClient, analyst: User, media: Media) -> None:
    run = ended(queue.enqueue(media, owner=analyst))

    answer = client.post(f"{RUNS}{run.pk}/cancel/")

    assert (answer.status_code, answer.json()["code"]) == (409, "already_ended")


def test_a_viewer_looks_and_touches_nothing(analyst: User, media: Media, home: Path) -> None:
    run = queue.enqueue(media, owner=analyst)
    viewer = make_user(role=Role.VIEWER)
    Media.objects.update(owner=viewer)
    program = signed_in(viewer)

    assert program.get(f"{RUNS}{run.pk}/").status_code == 200
    writes = [
        program.post(RUNS, {"media": str(media.pk)}, format="json"),
        program.post(f"{RUNS}{run.pk}/cancel/"),
        program.post(f"{RUNS}{run.pk}/retry/"),
        program.patch(f"/api/v1/media/{media.pk}/", {"description": "x"}, format="json"),
        program.delete(f"/api/v1/media/{media.pk}/"),
        program.post("/api/v1/uploads/", HTTP_TUS_RESUMABLE="1.0.0", HTTP_UPLOAD_LENGTH="5"),
    ]
    assert [answer.status_code for answer in writes] == [403] * len(writes)


def test_the_events_of_a_run_can_be_read_from_a_cursor(
    client: APIClient, analyst: User, media: Media
) -> None:
    run = queue.enqueue(media, owner=analyst)
    queue.request_cancel(run, by=analyst)

    whole = client.get(f"{RUNS}{run.pk}/events/").json()
    rest = client.get(f"{RUNS}{run.pk}/events/", {"after": 1}).json()

    assert (whole["head"], whole["complete"]) == (2, True)
    assert [event["type"] for event in whole["events"]] == ["run.queued", "run.cancelled"]
    assert [event["seq"] for event in rest["events"]] == [2]


def test_a_list_takes_the_same_queries_however_long(
    client: APIClient, analyst: User, make_media: Callable[..., Media], django_assert_max_num_queries: Any
) -> None:
    for number in range(6):
        queue.enqueue(make_media(f"{number}.mp4"), owner=analyst)

    # sign-in 1, count 1, page 1
    with django_assert_max_num_queries(3):
        page = client.get(RUNS).json()

    assert [run["filename"] for run in page["results"]] == [f"{number}.mp4" for number in (5, 4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"state": "succeeded"}, ["a.mp4"]),
        ({"state": "queued"}, ["b.wav"]),
        ({"outcome": "no_signs"}, ["a.mp4"]),
        ({"kind": "audio"}, ["b.wav"]),
        ({"q": "B.W"}, ["b.wav"]),
        ({"q": "f" * 64}, ["b.wav"]),
        ({"created_before": "2000-01-01"}, []),
        ({"created_after": "2000-01-01T00:00:00Z"}, ["b.wav", "a.mp4"]),
    ],
)
def test_a_list_can_be_narrowed(
    client: APIClient,
    analyst: User,
    make_media: Callable[..., Media],
    query: dict[str, str],
    names: list[str],
) -> None:
    ended(queue.enqueue(make_media("a.mp4"), owner=analyst), outcome="no_signs")
    queue.enqueue(make_media("b.wav", kind="audio", sha256="f" * 64), owner=analyst)

    assert [run["filename"] for run in client.get(RUNS, query).json()["results"]] == names


@pytest.mark.parametrize(
    "query", [{"state": "done"}, {"outcome": "real"}, {"colour": "red"}, {"media": "x"}, {"page": "0"}]
)
def test_filters_that_make_no_sense_are_refused(client: APIClient, query: dict[str, str]) -> None:
    assert client.get(RUNS).status_code == 200
    assert client.get(RUNS, query).status_code in (400, 404)


def test_detectors_say_whether_they_are_there_and_why_not(client: APIClient) -> None:
    DetectorCard.objects.create(name="jpeg", card={"title": "JPEG", "family": "jpeg"}, available=True)
    DetectorCard.objects.create(name="meso4", card={"title": "Meso-4"}, available=False, reason="No weights.")

    jpeg, meso = client.get("/api/v1/detectors/").json()["results"]

    assert (jpeg["name"], jpeg["title"], jpeg["available"], jpeg["reason"]) == ("jpeg", "JPEG", True, None)
    assert (meso["available"], meso["reason"]) == (False, "No weights.")


def test_evidence_is_served_as_a_picture(client: APIClient, analyst: User, media: Media, home: Path) -> None:
    run = queue.enqueue(media, owner=analyst)
    (home / "evidence").mkdir()
    (home / "evidence" / "a").write_bytes(png())
    evidence = Evidence.objects.create(
        run=run,
        attempt=1,
        detector="jpeg",
        kind="ghost",
        title="t",
        media_type="image/png",
        path="a",
        sha256="0",
    )

    answer = client.get(f"/api/v1/evidence/{evidence.pk}/", HTTP_ACCEPT="image/webp,*/*")

    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == png()
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
