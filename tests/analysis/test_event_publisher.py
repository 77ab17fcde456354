"""Progress events published in-process: reports of an external job, stored, numbered and replayed."""

import json
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from analysis.event_publisher import (
    BadProgressEvent,
    EventData,
    EventType,
    ProgressEvent,
    UnknownUser,
    event_publisher,
)
from realtime import jobs, log
from realtime.jobs.frames import frames
from realtime.models import Event, Job
from realtime.readers import ask
from tests.factories import make_run, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    return make_user()


def event(user: User | None, name: str = "FRAME_ANALYSIS_PROGRESS", **fields: Any) -> ProgressEvent:
    """30 of 120 frames of meso4, unless fields say otherwise."""
    details = {"phase": "frame_processing", "avg_score": 0.25}
    data = {"model_name": "meso4", "progress": 30, "total": 120, "details": details} | fields.pop("data", {})
    said = {"media_id": "clip-7", "user_id": user and str(user.pk), "message": "30 of 120"} | fields
    return ProgressEvent(event=EventType(name), data=EventData(**data), **said)


def spoken(job: Job) -> list[dict[str, Any]]:
    """What the owner's sockets are told of the job."""
    return [json.loads(frame.text) for frame in frames(job.topic_id, log.read(job.topic_id))]


def test_progress_becomes_a_report_of_the_job_called_like_the_media(ana: User) -> None:
    event_publisher.publish(event(ana))

    job = Job.objects.get()
    assert (job.owner, job.job_id, job.state) == (ana, "clip-7", "processing")
    assert (job.stage, job.progress, job.message) == ("frame_processing", 0.25, "30 of 120")
    assert [line.type for line in log.read(job.topic_id)] == ["job.reported", "job.reported"]


def test_the_original_event_is_spoken_to_the_owners_sockets(ana: User) -> None:
    event_publisher.publish(event(ana))

    queued, told = spoken(Job.objects.get())
    assert queued["event"] == "ANALYSIS_QUEUED"
    assert (told["type"], told["mediaId"], told["event"]) == (
        "progress_update",
        "clip-7",
        "FRAME_ANALYSIS_PROGRESS",
    )
    assert (told["message"], told["seq"]) == ("30 of 120", 2)
    assert told["data"] == {
        "model_name": "meso4",
        "progress": 30,
        "total": 120,
        "details": {"phase": "frame_processing", "avg_score": 0.25},
    }


def test_an_event_that_does_not_count_leaves_the_job_where_it_is(ana: User) -> None:
    event_publisher.publish(event(ana))

    uncounted = {"progress": None, "total": None, "details": None}
    event_publisher.publish(event(ana, "AUDIO_EXTRACTION_START", data=uncounted))

    job = Job.objects.get()
    assert (job.stage, job.progress) == ("audio_extraction_start", 0.25)


@pytest.mark.parametrize("name", ["ANALYSIS_COMPLETE", "ANALYSIS_FAILED"])
def test_what_one_model_ends_with_ends_nothing(ana: User, name: str) -> None:
    event_publisher.publish(event(ana, name))

    job = Job.objects.get()
    assert job.state == "processing"
    assert spoken(job)[-1]["event"] == name


def test_the_runs_completion_completes_the_job_and_keeps_what_it_found(ana: User) -> None:
    event_publisher.publish(event(ana))
    found = {"model_name": "run", "progress": 1, "total": 1, "details": {"prediction": "FAKE"}}
    event_publisher.publish(event(ana, "ANALYSIS_COMPLETE", data=found, message="Done."))

    job = Job.objects.get()
    *_, told, update = spoken(job)
    assert (job.state, job.progress, job.message) == ("completed", 1.0, "Done.")
    assert job.result["prediction"] == "FAKE"
    assert (told["event"], told["message"]) == ("ANALYSIS_COMPLETE", "Done.")
    assert told["data"]["details"] == {"prediction": "FAKE", "scope": "run"}
    assert (update["type"], update["media"]["run"]["state"]) == ("media_update", "succeeded")


def test_the_runs_failure_fails_the_job(ana: User) -> None:
    event_publisher.publish(event(ana))
    lost = {"model_name": "run", "progress": None, "total": None, "details": {"error": "no such codec"}}
    event_publisher.publish(event(ana, "ANALYSIS_FAILED", data=lost, message="Failed."))

    job = Job.objects.get()
    *_, told, error, update = spoken(job)
    assert (job.state, job.error, job.progress) == ("failed", "no such codec", 0.25)
    assert (told["event"], told["data"]["details"]["scope"]) == ("ANALYSIS_FAILED", "run")
    assert (error["type"], error["message"]) == ("processing_error", "no such codec")
    assert update["media"]["run"]["state"] == "failed"
    with pytest.raises(jobs.JobEnded):
        event_publisher.publish(event(ana))


def test_the_runs_failure_is_told_in_its_own_words(ana: User) -> None:
    lost = {"model_name": "run", "progress": 3, "total": 9, "details": {"error": "no such codec", "tries": 2}}
    event_publisher.publish(event(ana, "ANALYSIS_FAILED", data=lost, message="Gave up."))

    told = next(one for one in spoken(Job.objects.get()) if one.get("event") == "ANALYSIS_FAILED")
    assert told["message"] == "Gave up."
    assert told["data"] == {**lost, "details": {**lost["details"], "scope": "run"}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "details", [{"error": "ä" * 50_000}, {"error": "e", "phase": "p" * 65}, {"error": "a\0b"}]
)
def test_the_runs_failure_is_heard_whatever_it_says(ana: User, details: dict[str, Any]) -> None:
    event_publisher.publish(event(ana, "ANALYSIS_FAILED", data={"model_name": "run", "details": details}))

    assert Job.objects.get().state == "failed"


@pytest.mark.parametrize("ending", ["ANALYSIS_COMPLETE", "ANALYSIS_FAILED"])
@pytest.mark.parametrize("beginning", ["ANALYSIS_QUEUED", "PROCESSING_STARTED"])
def test_a_media_that_is_analysed_again_starts_its_job_anew(ana: User, ending: str, beginning: str) -> None:
    event_publisher.publish(event(ana))
    event_publisher.publish(event(ana, ending, data={"model_name": "run"}))
    before = Job.objects.get()

    uncounted = {"model_name": "run", "progress": None, "total": None, "details": {}}
    event_publisher.publish(event(ana, beginning, data=uncounted, message="Again."))

    job = Job.objects.get()
    assert (job.pk, job.topic_id, job.state, job.progress) == (before.pk, before.topic_id, "processing", 0)
    assert (job.ended, job.result, job.error, job.message) == (None, None, "", "Again.")
    assert [line.type for line in log.read(job.topic_id)][-1] == "job.reported"
    assert spoken(job)[-1]["event"] == beginning
    assert log.verify(job.topic_id).ok


def test_a_second_analysis_ends_like_the_first(ana: User) -> None:
    for _ in range(2):
        event_publisher.publish(event(ana, "ANALYSIS_QUEUED"))
        event_publisher.publish(event(ana, "ANALYSIS_COMPLETE", data={"model_name": "run"}))

    endings = [line.type for line in log.read(Job.objects.get().topic_id) if line.type in jobs.ENDINGS]
    assert (Job.objects.get().state, endings) == ("completed", ["job.succeeded"] * 2)


def test_a_job_under_way_keeps_its_progress_when_it_is_queued_again(ana: User) -> None:
    event_publisher.publish(event(ana))

    event_publisher.publish(event(ana, "PROCESSING_STARTED", data={"progress": None, "total": None}))

    assert Job.objects.get().progress == 0.25


@pytest.mark.parametrize("missing", ["media_id", "user_id"])
@pytest.mark.parametrize("nothing", [None, ""])
def test_without_media_or_user_it_is_silent(ana: User, missing: str, nothing: Any) -> None:
    event_publisher.publish(event(ana, **{missing: nothing}))

    assert not Job.objects.exists()


def test_the_log_of_a_run_is_not_touched(ana: User) -> None:
    run = make_run(owner=ana)

    event_publisher.publish(event(ana, media_id=run.media_id))

    assert not Event.objects.filter(topic=run.topic_id).exists()
    assert Job.objects.get().job_id == str(run.media_id)


def test_a_user_nobody_knows_is_refused(ana: User) -> None:
    User.objects.filter(pk=ana.pk).update(is_active=False)

    for user_id in (str(uuid4()), ana.pk):
        with pytest.raises(UnknownUser):
            event_publisher.publish(event(ana, user_id=user_id))
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"media_id": "x" * 129},
        {"media_id": "a\nb"},
        {"media_id": 7},
        {"user_id": "ana"},
        {"user_id": 7},
        {"message": None},
        {"message": "x" * 9000},
        {"data": {"model_name": ""}},
        {"data": {"model_name": None}},
        {"data": {"progress": 0.5}},
        {"data": {"progress": -1}},
        {"data": {"total": True}},
        {"data": {"details": []}},
        {"data": {"details": {1: 2}}},
    ],
    ids=lambda fields: str(fields)[:40],
)
def test_an_event_that_is_none_cannot_be_made(ana: User, fields: dict[str, Any]) -> None:
    assert event(ana)

    with pytest.raises(BadProgressEvent):
        event(ana, **fields)


@pytest.mark.parametrize("given", [{"event": "ANALYSIS_WON"}, {"data": {"progress": 1}}, {"data": {"x": 1}}])
def test_plain_text_and_objects_are_checked_alike(given: dict[str, Any]) -> None:
    plain = {"event": "ANALYSIS_STARTED", "message": "m", "data": {"model_name": "meso4"}}
    assert ProgressEvent(**plain).data == EventData("meso4", None, None, {})  # type: ignore[arg-type]

    with pytest.raises(BadProgressEvent):
        ProgressEvent(**plain | given)


def test_what_the_log_refuses_stores_nothing(ana: User) -> None:
    with pytest.raises(log.EventRefused):
        event_publisher.publish(event(ana, data={"details": {"score": float("nan")}}))

    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
async def test_a_coroutine_publishes_too() -> None:
    ana = await ask(make_user)

    await event_publisher.apublish(event(ana))

    assert (await ask(Job.objects.get)).progress == 0.25
