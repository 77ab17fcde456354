"""The evidence on the page of a run: under its detector, with what can be asked of it."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Role, User
from analysis.models import DetectorCard, Evidence, Run
from tests.pages.conftest import make_result, page

pytestmark = pytest.mark.django_db


def test_evidence_is_a_picture_with_a_caption(browser: Client, finished: Run) -> None:
    make_result(finished, "meso4")
    picture = Evidence.objects.create(
        run=finished, attempt=1, detector="meso4", kind="faces", title="Faces", caption="As the net saw them.",
        media_type="image/png", path="x.png", sha256="0" * 64,
    )  # fmt: skip

    text = page(browser, finished)

    assert f'src="/api/v1/evidence/{picture.pk}/"' in text
    assert text.count("As the net saw them.") >= 2


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
