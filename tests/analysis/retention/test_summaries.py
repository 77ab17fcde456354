"""What detectors summed up of footage goes as the footage does, from the result, the log and the page."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from analysis.models import Camera, Evidence, Result, Run
from analysis.retention import expiry, holds, previews, summaries
from realtime import log
from realtime.log import Draft
from tests.analysis.retention.conftest import MakeCamera, See, days_ago, watched
from tests.factories import make_run
from tests.pages.conftest import leased_run

pytestmark = pytest.mark.django_db(transaction=True)
FACTS = {"plates": 1, "read": [{"plate": "AB12CDE", "pts_seconds": 7.0}]}
Sum = Callable[..., Result]


@pytest.fixture
def run(camera: Camera) -> Run:
    return camera.runs.get()


@pytest.fixture
def summed() -> Sum:
    """Has a detector end with what it read, in a run that began and ended so many days ago."""

    def made(
        run: Run, ended: float, *, began: float | None = None, detector: str = "anpr", **said: Any
    ) -> Result:
        times = {"created": days_ago(began or ended), "finished": days_ago(ended)}
        Run.objects.filter(pk=run.pk).update(state=Run.State.SUCCEEDED, **times)
        said = {"reason": "reports_facts", "detail": "AB12 CDE was read.", "facts": FACTS} | said
        data = {"detector": detector, "facts": said["facts"]}
        ending = Draft("detector.abstained", said["detail"], data, detector, days_ago(ended))
        log.append(run.topic_id, [ending, Draft("run.succeeded", "Done.", {})], run=run.pk, attempt=1)
        plain = {"attempt": 1, "version": "1.0", "family": "plates", "seconds": 1.0}
        return Result.objects.create(run=run, detector=detector, **plain, **said)

    return made


def keep(camera: Camera, days: int | None) -> None:
    Camera.objects.filter(pk=camera.pk).update(retention_days=days)


def told(run: Run) -> str:
    """All that stands of a run in its log and its results."""
    rows = Result.objects.filter(run=run).values_list("detail", "facts")
    return " ".join(line.body for line in log.read(run.topic_id)) + str(list(rows))


def test_plates_in_a_summary_go_when_the_footage_of_its_run_does(
    camera: Camera, run: Run, summed: Sum
) -> None:
    summed(run, 40)
    keep(camera, 30)
    assert "AB12" in told(run)

    gone = [summaries.expire(), summaries.expire()]

    assert gone == [1, 0]
    assert "AB12" not in told(run)
    result = Result.objects.get()
    assert (result.detector, result.facts, result.detail) == ("anpr", {}, summaries.GONE)
    assert [bool(line.body) for line in log.read(run.topic_id)] == [False, True]
    assert log.verify(run.topic_id).ok


@pytest.mark.parametrize("days", [None, 41])
def test_what_is_kept_longer_stays(camera: Camera, run: Run, summed: Sum, days: int | None) -> None:
    summed(run, 40)
    keep(camera, days)

    assert summaries.expire() == 0
    assert "AB12" in told(run)


def test_a_hold_of_any_part_of_the_run_keeps_its_summary(camera: Camera, run: Run, summed: Sum) -> None:
    summed(run, 40, began=60)
    keep(camera, 30)
    hold = holds.place(camera, by=camera.owner, reason="case 7", start=days_ago(59), end=days_ago(58))

    assert summaries.expire() == 0
    holds.release(hold, by=camera.owner, reason="closed")
    assert summaries.expire() == 1


def test_a_hold_of_another_time_does_not(camera: Camera, run: Run, summed: Sum) -> None:
    summed(run, 40, began=60)
    keep(camera, 30)
    holds.place(camera, by=camera.owner, reason="case 7", start=days_ago(35), end=days_ago(34))
    holds.place(camera, by=camera.owner, reason="case 8", start=days_ago(70), end=days_ago(65))

    assert summaries.expire() == 1


def test_an_error_is_no_summary(camera: Camera, run: Run, summed: Sum) -> None:
    summed(run, 40, reason="detector_failed", detail="it broke", facts={})
    keep(camera, 30)

    assert summaries.expire() == 0
    assert Result.objects.get().detail == "it broke"


def test_what_a_detector_left_of_a_camera_goes_too(camera: Camera, run: Run, summed: Sum, home: Path) -> None:
    summed(run, 40)
    file = home / "evidence" / "best.png"
    file.parent.mkdir()
    file.write_bytes(b"png")
    Evidence.objects.create(run=run, attempt=1, detector="anpr", kind="crop", title="Best", path="best.png")
    keep(camera, 30)

    summaries.expire()

    assert not Evidence.objects.exists()
    assert not file.exists()


def test_each_camera_has_its_own_days(camera: Camera, run: Run, summed: Sum, make_camera: MakeCamera) -> None:
    other = watched(make_camera(key="yard"))
    summed(run, 10)
    summed(other.runs.get(), 10)
    keep(camera, 5)
    keep(other, 20)

    summaries.expire()

    assert "AB12" not in told(run)
    assert "AB12" in told(other.runs.get())


def test_of_files_what_footage_detectors_summed_up_goes_and_what_judges_them_stays(
    analyst: User, summed: Sum, settings: Any
) -> None:
    run = make_run(owner=analyst)
    summed(run, 20)
    summed(run, 20, detector="metadata", facts={"software": "Editor 7"})
    assert summaries.expire() == 0

    settings.FOOTAGE_DAYS = 10
    gone = [summaries.expire(), summaries.expire()]

    assert gone == [1, 0]
    assert "AB12 CDE" in Result.objects.get(detector="metadata").detail
    assert Result.objects.get(detector="anpr").facts == {}


def test_a_held_file_keeps_its_summary(analyst: User, summed: Sum, settings: Any) -> None:
    run = make_run(owner=analyst)
    summed(run, 20)
    settings.FOOTAGE_DAYS = 10
    assert run.media
    holds.place(run.media, by=analyst, reason="case 7")

    assert summaries.expire() == 0


def test_the_page_of_the_run_says_that_it_is_no_longer_kept(
    analyst: User, summed: Sum, settings: Any
) -> None:
    run = leased_run(owner=analyst)
    summed(run, 20)
    settings.FOOTAGE_DAYS = 10
    browser = Client()
    browser.force_login(analyst)
    assert "AB12" in browser.get(f"/runs/{run.pk}/").content.decode()

    summaries.expire()

    page = browser.get(f"/runs/{run.pk}/").content.decode()
    assert "AB12" not in page
    assert summaries.GONE in page


def test_the_preview_counts_them_and_what_alerts_go(
    client: APIClient, camera: Camera, run: Run, summed: Sum, see: See
) -> None:
    see(run, 50)
    summed(run, 40, began=50)
    summed(run, 40, began=50, detector="tracking")

    said = client.get(f"/api/v1/cameras/{camera.pk}/retention/", {"days": 30}).json()

    assert (said["total"], said["summaries"], said["alerts"]) == (1, 2, 0)
    keep(camera, 30)
    assert (expiry.expire(), summaries.expire()) == (1, 2)
    assert previews.preview(camera, 30)["summaries"] == 0


def test_a_look_costs_one_question_where_nothing_is_due(
    camera: Camera, run: Run, summed: Sum, django_assert_num_queries: Any
) -> None:
    summed(run, 1)
    keep(camera, 30)

    with django_assert_num_queries(1):
        summaries.expire()
