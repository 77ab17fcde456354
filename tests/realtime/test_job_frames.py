"""External jobs on their owner's `/ws/user/`: the progress dialect, as of a run."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from realtime import jobs, log
from realtime.jobs import Report
from realtime.jobs import states as job_states
from realtime.jobs import topics as job_topics
from realtime.jobs.frames import frames
from realtime.models import Job
from realtime.readers import ask
from tests.factories import make_user
from tests.product import Server
from tests.realtime.conftest import Watch

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    return make_user()


def told(job: Job, after: int = 0) -> list[dict[str, Any]]:
    return [json.loads(frame.text) for frame in frames(job.topic_id, log.read(job.topic_id, after=after))]


def test_a_report_is_progress_in_percent(ana: User) -> None:
    job = jobs.report(ana, "render", Report("encoding", 0.29, "Encoding.", {"frame": 3}))

    queued, said = told(job)
    assert said.pop("timestamp").endswith("Z")
    assert said == {
        "type": "progress_update",
        "mediaId": "render",
        "jobId": "render",
        "event": "FRAME_ANALYSIS_PROGRESS",
        "message": "Encoding.",
        "data": {
            "model_name": "run",
            "progress": 29,
            "total": 100,
            "details": {"phase": "encoding", "metadata": {"frame": 3}},
        },
        "topic": str(job.topic_id),
        "seq": 2,
    }
    assert (queued["event"], queued["data"]["progress"]) == ("ANALYSIS_QUEUED", 0)


def test_an_ending_is_that_of_a_run(ana: User) -> None:
    job = jobs.complete(ana, "render", {"rows": 3})

    said, update = told(job, after=1)
    assert (said["event"], said["data"]["progress"]) == ("ANALYSIS_COMPLETE", 100)
    assert said["data"]["details"] == {"scope": "run", "result": {"rows": 3}}
    assert (update["type"], update["seq"]) == ("media_update", 2)
    media = update["media"]
    assert (media["id"], media["filename"], media["kind"]) == ("render", "render", "job")
    assert {name: media["run"][name] for name in ("id", "topic", "head", "state", "sentence")} == {
        "id": str(job.pk),
        "topic": str(job.topic_id),
        "head": 2,
        "state": "succeeded",
        "sentence": "Job completed",
    }


def test_a_failure_says_why(ana: User) -> None:
    job = jobs.fail(ana, "render", "disk full")

    said, error, update = told(job, after=1)
    assert (said["event"], said["message"]) == ("ANALYSIS_FAILED", "Error: disk full")
    assert said["data"]["details"] == {"scope": "run", "error": "disk full"}
    assert (error["type"], error["mediaId"], error["code"], error["message"]) == (
        "processing_error",
        "render",
        "job_failed",
        "disk full",
    )
    assert (update["media"]["run"]["state"], update["media"]["run"]["error"]["message"]) == (
        "failed",
        "disk full",
    )


def test_a_stalled_job_says_so(ana: User) -> None:
    job = jobs.report(ana, "render", Report("encoding", 0.5, "Encoding."))
    silent = timezone.now() - timedelta(seconds=job.silent_seconds + 5)
    Job.objects.filter(pk=job.pk).update(reported=silent)
    jobs.sweep()

    (said,) = told(job, after=2)
    assert said["event"] == "FRAME_ANALYSIS_PROGRESS"
    assert (said["data"]["progress"], said["data"]["details"]) == (50, {"phase": "stalled"})


@pytest.mark.parametrize(
    "fed",
    [
        1,
        "x",
        {},
        {"event": ["FRAME_ANALYSIS_PROGRESS"]},
        {"event": "SOMETHING_ELSE", "message": "m", "data": {}},
        {"event": "FRAME_ANALYSIS_PROGRESS", "message": 1, "data": {}},
        {"event": "FRAME_ANALYSIS_PROGRESS", "message": "m", "data": {"model_name": "x"}},
    ],
    ids=str,
)
def test_what_only_looks_like_a_progress_event_is_told_as_a_report(ana: User, fed: Any) -> None:
    job = jobs.report(ana, "render", Report("encoding", 0.5, "Encoding.", {"progress_event": fed}))

    (said,) = told(job, after=1)
    assert (said["message"], said["data"]["model_name"], said["data"]["progress"]) == ("Encoding.", "run", 50)


def test_lines_of_one_job_are_told_in_one_query(ana: User) -> None:
    job = jobs.report(ana, "render", Report("encoding", 0.5, "Encoding."))
    jobs.complete(ana, "render")
    lines = log.read(job.topic_id)

    with CaptureQueriesContext(connection) as queries:
        frames(job.topic_id, lines)

    assert len(queries) == 1


def test_the_snapshot_has_open_jobs_and_those_that_ended_lately(ana: User) -> None:
    old, lately = jobs.complete(ana, "old"), jobs.complete(ana, "lately")
    Job.objects.filter(pk=old.pk).update(ended=timezone.now() - timedelta(days=2))
    for number in range(60):
        jobs.create(ana, f"job{number}")
    jobs.create(make_user(), "theirs")

    with CaptureQueriesContext(connection) as queries:
        shown = job_topics.snapshot(ana.pk)
    named = [job["job_id"] for job in shown.fields["jobs"]]

    assert named == [f"job{number}" for number in reversed(range(10, 60))]
    assert len(queries) == 2
    Job.objects.filter(owner=ana, ended=None).delete()
    assert [job["job_id"] for job in job_topics.snapshot(ana.pk).fields["jobs"]] == ["lately"]
    assert job_topics.snapshot(ana.pk).heads == {lately.topic_id: 2}


def test_a_snapshot_of_long_messages_stays_small(ana: User) -> None:
    for number in range(50):
        jobs.report(ana, f"job{number}", Report("s", 0.5, "é" * 4000, {"x": "y" * 60_000}))

    said = json.dumps(job_topics.snapshot(ana.pk).fields, ensure_ascii=False)

    assert len(said.encode()) < 100_000
    assert len(job_states.brief(Job.objects.select_related("topic")[0])["message"]) == 4000


@pytest.mark.django_db(transaction=True)
async def test_the_owners_socket_follows_a_job_to_its_end(server: Server, watch: Watch) -> None:
    ana = await ask(make_user)
    await ask(jobs.create, ana, "waiting")
    watcher = await watch(server, "/ws/user/", ana)
    snapshot = await watcher.frame("snapshot")

    await ask(jobs.report, ana, "waiting", Report("encoding", 0.5, "Encoding."))
    await ask(jobs.fail, ana, "waiting", "disk full")
    update = await watcher.frame("media_update")

    assert [(job["job_id"], job["status"]) for job in snapshot["jobs"]] == [("waiting", "queued")]
    assert [frame["type"] for frame in watcher.frames[1:]] == [
        "progress_update",
        "progress_update",
        "processing_error",
        "media_update",
    ]
    assert [frame["seq"] for frame in watcher.frames[1:]] == [2, 3, 3, 3]
    assert update["media"]["run"]["state"] == "failed"
