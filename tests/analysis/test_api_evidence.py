"""Evidence in REST: listed, as data, as a picture; the rights are the run's."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from analysis.models import Evidence, Run, RunLease
from tests.analysis.conftest import signed_in
from tests.analysis.intake import png
from tests.factories import make_media, make_run, make_user

pytestmark = pytest.mark.django_db
CURVE = {"panels": [{"title": "score", "across": {"name": "t", "unit": "s", "values": [0, 1]}}]}


@pytest.fixture
def run(analyst: User) -> Run:
    run = make_run(media=make_media(owner=analyst))
    RunLease.objects.update_or_create(run=run, defaults={"attempt": 2})
    return run


def left(run: Run, home: Path, *, attempt: int = 2, **fields: Any) -> Evidence:
    number = Evidence.objects.count()
    path = f"{run.pk}/{attempt}/{number}.png"
    (home / "evidence" / path).parent.mkdir(parents=True, exist_ok=True)
    (home / "evidence" / path).write_bytes(png())
    given = {
        "detector": "pulse",
        "kind": "pulse",
        "title": "Pulse",
        "caption": "Seen.",
        "media_type": "image/png",
    }
    return Evidence.objects.create(run=run, attempt=attempt, path=path, sha256="0" * 64, **given | fields)


def test_all_evidence_of_a_run_is_listed_with_what_it_is_of_and_where_it_lies(
    client: APIClient, run: Run, home: Path
) -> None:
    curve = left(run, home, plot="curves", data=CURVE, begins_seconds=0.0, ends_seconds=1.0)
    mask = left(run, home, detector="classnseg", kind="mask", plot="map", data={}, box=[0.1, 0.2, 0.5, 0.6])
    left(run, home, attempt=1, title="of an attempt before")

    body = client.get(f"/api/v1/runs/{run.pk}/evidence/").json()

    assert body["count"] == 2
    first, second = body["results"]
    assert first == {
        "id": str(curve.pk),
        "detector": "pulse",
        "kind": "pulse",
        "title": "Pulse",
        "caption": "Seen.",
        "media_type": "image/png",
        "sha256": "0" * 64,
        "plot": "curves",
        "begins_seconds": 0.0,
        "ends_seconds": 1.0,
        "box": None,
        "address": f"/api/v1/evidence/{curve.pk}/",
        "data_address": f"/api/v1/evidence/{curve.pk}/data/",
    }
    assert (second["id"], second["box"]) == (str(mask.pk), [0.1, 0.2, 0.5, 0.6])


def test_a_long_list_is_paged_and_costs_no_query_more(client: APIClient, run: Run, home: Path) -> None:
    with CaptureQueriesContext(connection) as few:
        client.get(f"/api/v1/runs/{run.pk}/evidence/")
    for _ in range(30):
        left(run, home, plot="curves", data=CURVE)

    with CaptureQueriesContext(connection) as many:
        body = client.get(f"/api/v1/runs/{run.pk}/evidence/?page_size=10").json()

    assert (body["count"], len(body["results"])) == (30, 10)
    assert "data" not in body["results"][0]
    assert len(many) <= len(few) + 1  # the page itself; an empty list needs none


def test_each_piece_is_there_as_data_and_as_a_picture(client: APIClient, run: Run, home: Path) -> None:
    piece = left(run, home, plot="curves", data=CURVE)

    data = client.get(f"/api/v1/evidence/{piece.pk}/data/")
    picture = client.get(f"/api/v1/evidence/{piece.pk}/")

    assert data.json()["data"] == CURVE
    assert (data["Content-Type"], picture["Content-Type"]) == ("application/json", "image/png")
    assert b"".join(picture.streaming_content) == png()  # type: ignore[attr-defined]
    assert data["X-Content-Type-Options"] == picture["X-Content-Type-Options"] == "nosniff"


def test_a_picture_alone_says_that_there_is_no_data(client: APIClient, run: Run, home: Path) -> None:
    piece = left(run, home)

    body = client.get(f"/api/v1/evidence/{piece.pk}/data/").json()

    assert (body["plot"], body["data"], body["title"]) == (None, None, "Pulse")


def test_no_answer_says_where_files_lie(client: APIClient, run: Run, home: Path) -> None:
    piece = left(run, home)

    answers = [
        client.get(f"/api/v1/{at}") for at in (f"runs/{run.pk}/evidence/", f"evidence/{piece.pk}/data/")
    ]
    picture = client.get(f"/api/v1/evidence/{piece.pk}/")

    said = json.dumps([answer.json() for answer in answers]) + str(picture.headers)
    assert "0.png" not in said
    assert str(home) not in said


@pytest.mark.parametrize("address", ["runs/{run}/evidence/", "evidence/{piece}/data/", "evidence/{piece}/"])
def test_another_users_evidence_is_not_found(client: APIClient, run: Run, home: Path, address: str) -> None:
    piece = left(run, home, plot="curves", data=CURVE)
    asked = "/api/v1/" + address.format(run=run.pk, piece=piece.pk)
    stranger = signed_in(make_user())

    assert client.get(asked).status_code == 200
    assert stranger.get(asked).status_code == 404
    assert APIClient().get(asked).status_code == 401


def test_a_parameter_that_is_not_known_is_refused(client: APIClient, run: Run) -> None:
    assert client.get(f"/api/v1/runs/{run.pk}/evidence/?kind=map").status_code == 400
