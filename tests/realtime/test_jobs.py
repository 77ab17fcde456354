"""External jobs: what a report changes, in the row and in the log at once."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from realtime import jobs, log
from realtime.jobs import Report
from realtime.models import Job
from tests.factories import make_run, make_user

pytestmark = pytest.mark.django_db


def lines(job: Job) -> list[tuple[str, dict[str, Any]]]:
    return [(line.type, json.loads(line.body)["data"]) for line in log.read(job.topic_id)]


def test_the_first_report_creates_the_job() -> None:
    ana = make_user()

    job = jobs.report(ana, "render-7", Report("encoding", 0.25, "Encoding."))

    assert (job.state, job.stage, job.progress, job.message) == ("processing", "encoding", 0.25, "Encoding.")
    assert lines(job) == [
        ("job.reported", {"job_id": "render-7", "stage": "queued", "progress": 0}),
        ("job.reported", {"job_id": "render-7", "stage": "encoding", "progress": 0.25}),
    ]


def test_progress_is_clamped() -> None:
    ana = make_user()

    told = [jobs.report(ana, "a", Report("s", value, "")).progress for value in (-3, 0.5, 17)]

    assert told == [0.0, 0.5, 1.0]


@pytest.mark.parametrize("value", [float("nan"), True, "0.5", None])
def test_progress_that_is_no_number_is_refused_and_creates_nothing(value: Any) -> None:
    with pytest.raises(jobs.BadReport):
        jobs.report(make_user(), "a", Report("s", value, ""))

    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "job_id",
    ["", " ", "\u3000 ", "x" * 129, "a\nb", "a\0b", ".", "..", "./", "../a", "a/.", "a/../b", "a/.."],
)
def test_an_id_that_is_none_is_refused(job_id: str) -> None:
    with pytest.raises(jobs.BadJobId):
        jobs.create(make_user(), job_id)


@pytest.mark.parametrize("job_id", ["...", ".a", "a.", "a/.b", "a..b", "/", "a//b"])
def test_an_id_may_hold_dots_and_slashes(job_id: str) -> None:
    assert jobs.create(make_user(), job_id).job_id == job_id


def test_a_completed_job_says_so_once_and_takes_no_more_reports() -> None:
    ana = make_user()
    jobs.report(ana, "a", Report("s", 0.5, ""))

    job = jobs.complete(ana, "a", {"rows": 3})
    jobs.complete(ana, "a", {"rows": 4})
    with pytest.raises(jobs.JobEnded):
        jobs.report(ana, "a", Report("s", 0.6, ""))

    assert lines(job)[-1] == (
        "job.succeeded",
        {"job_id": "a", "stage": "complete", "progress": 1, "result": {"rows": 3}, "last_seq": 3},
    )


def test_a_failed_job_keeps_its_last_progress() -> None:
    ana = make_user()
    jobs.report(ana, "a", Report("s", 0.5, ""))

    job = jobs.fail(ana, "a", "disk full")

    assert (job.state, job.progress, job.message, job.error) == (
        "failed",
        0.5,
        "Error: disk full",
        "disk full",
    )


def test_two_users_may_use_the_same_id_and_redis_knows_the_first() -> None:
    first, second = jobs.create(make_user(), "nightly"), jobs.create(make_user(), "nightly")

    assert (first.shown, second.shown) == (True, False)


def test_an_id_of_somebodys_run_is_not_spoken_for_in_redis() -> None:
    run = make_run()
    log.append(run.topic_id, [log.Draft("run.queued")], run=run.pk)

    assert jobs.create(make_user(), str(run.pk)).shown is False


def test_an_id_of_somebody_elses_media_topic_or_run_is_not_spoken_for_in_redis() -> None:
    ana, run = make_user(), make_run()

    shown = [jobs.create(ana, str(one)).shown for one in (run.media_id, run.topic_id, run.pk)]

    assert shown == [False, False, False]


def test_an_id_of_ones_own_media_is_spoken_for_in_redis() -> None:
    run = make_run()

    assert jobs.create(run.owner, str(run.media_id)).shown is True


def test_a_silent_job_is_stalled_and_then_failed() -> None:
    ana = make_user()
    job = jobs.create(ana, "a", silent_seconds=60)

    states = []
    for silent in (30, 70, 80, 130):
        Job.objects.filter(pk=job.pk).update(reported=timezone.now() - timedelta(seconds=silent))
        jobs.sweep()
        job.refresh_from_db()
        states.append(job.state)

    assert states == ["queued", "stalled", "stalled", "failed"]
    assert [kind for kind, _ in lines(job)] == ["job.reported", "job.stalled", "job.failed"]


def test_a_stalled_job_that_reports_goes_on() -> None:
    ana = make_user()
    job = jobs.create(ana, "a", silent_seconds=60)
    Job.objects.filter(pk=job.pk).update(reported=timezone.now() - timedelta(seconds=70))
    jobs.sweep()

    assert jobs.report(ana, "a", Report("s", 0.5, "")).state == "processing"


def test_what_the_log_refuses_changes_no_row() -> None:
    ana = make_user()
    job = jobs.create(ana, "a")

    with pytest.raises(log.EventRefused):
        jobs.report(ana, "a", Report("s", 0.5, "", {"x": float("inf")}))

    job.refresh_from_db()
    assert (job.state, job.topic.head) == ("queued", 1)


def test_stalled_jobs_do_not_keep_the_sweep_from_others() -> None:
    ana = make_user()
    for number, silent in enumerate([90, 80, 70]):
        job = jobs.create(ana, f"job{number}", silent_seconds=60)
        Job.objects.filter(pk=job.pk).update(reported=timezone.now() - timedelta(seconds=silent))

    for _ in range(3):
        jobs.sweep(limit=1)

    assert set(Job.objects.values_list("state", flat=True)) == {"stalled"}
