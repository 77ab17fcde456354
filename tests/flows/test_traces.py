"""A score on record is computed once more by a real worker: the same value, or said loudly why not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from analysis.models import Media, Run
from tests.analysis.conftest import signed_in
from tests.flows import workers
from tests.product import Program

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def plugin(tmp_path: Path) -> dict[str, str]:
    return workers.install_plugin(tmp_path / "plugins", "traced")


@pytest.fixture
def clip(transactional_db: None, tmp_path: Path) -> Media:
    return workers.make_clip(tmp_path, seconds=3.0)


@pytest.fixture
def program(clip: Media) -> APIClient:
    return signed_in(clip.owner)


@pytest.fixture
def examined(start_worker: Callable[..., Program], plugin: dict[str, str], clip: Media) -> Run:
    start_worker("--device", "cpu", **plugin)
    run = workers.ask(clip, "netted")
    return workers.wait_for_state(run, "succeeded", "failed", limit=90)


def points(run: Run, detector: str) -> list[list[Any]]:
    lines = [
        line for line in workers.events(run) if line.type == "score.measured" and line.subject == detector
    ]
    return [point for line in lines for point in line.data["points"]]


def asked(program: APIClient, run: Run, **question: Any) -> Run:
    answer = program.post(f"/api/v1/runs/{run.pk}/recompute/", question, format="json")
    assert answer.status_code == 201, answer.content
    return Run.objects.get(pk=answer.json()["id"])


def answered(program: APIClient, trace: Run) -> dict[str, Any]:
    workers.wait_for_state(trace, "succeeded", "failed", limit=60)
    assert trace.state == "succeeded", trace.error_message
    body: dict[str, Any] = program.get(f"/api/v1/traces/{trace.pk}/").json()
    return body


def test_every_kind_of_score_comes_out_the_same(examined: Run, program: APIClient) -> None:
    pts_seconds, score, *_ = points(examined, "netted")[7]
    whole = examined.results.get(detector="netted").score

    of_frame = answered(program, asked(program, examined, detector="netted", pts_seconds=pts_seconds))
    of_file = answered(program, asked(program, examined, detector="netted"))

    for body, recorded in ((of_frame, score), (of_file, whole)):
        assert (body["recorded"], body["answer"]["comparison"]) == (recorded, "equal"), body
        assert (body["answer"]["difference"], body["answer"]["tolerance"]) == (0, 0)
    place = of_frame["answer"]["place"]
    assert (round(place["pts_seconds"], 3), place["sample_index"]) == (pts_seconds, 7)
    assert of_frame["answer"]["detector"]["preprocessing"] == "64 x 64 by area, RGB / 255."
    assert of_frame["answer"]["plan"]["then"] == of_frame["answer"]["plan"]["now"]
    assert [made["kind"] for made in of_frame["evidence"]] == ["crop"]


def test_other_weights_are_named_instead_of_claiming_equality(
    start_worker: Callable[..., Program], plugin: dict[str, str], clip: Media, program: APIClient
) -> None:
    first = start_worker("--device", "cpu", **plugin)
    run = workers.wait_for_state(workers.ask(clip, "netted"), "succeeded", limit=90)
    first.stop()
    trace = asked(program, run, detector="netted")
    path = Path(settings.ASSAY_HOME) / "media" / clip.path
    path.write_bytes(path.read_bytes() + b"\0" * 8)

    start_worker("--device", "cpu", TRACED_DIGEST="b" * 64, **plugin)

    said = answered(program, trace)["answer"]
    assert said["comparison"] == "changed"
    assert "Other weights: SHA-256 aaaaaaaaaaaa… then, SHA-256 bbbbbbbbbbbb… now." in said["changes"]
    assert any("not the one that was examined" in change for change in said["changes"])
    assert said["sentence"].endswith("now.")
    assert "same" not in said["sentence"]
