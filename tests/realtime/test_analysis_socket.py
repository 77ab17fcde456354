"""`/ws/analysis/<run>/`: a run in the analysis dialect."""

from uuid import uuid4

import pytest

from realtime.models import Job
from realtime.readers import ask
from tests.factories import make_user
from tests.product import Server
from tests.realtime.conftest import Watch, progress, stage
from tests.realtime.dialects import at, failed, queued_run, report, retried, succeeded, tell, until
from tests.realtime.test_socket_access import closed

pytestmark = pytest.mark.django_db(transaction=True)


async def test_the_last_status_follows_the_greeting_and_then_what_is_new(
    server: Server, watch: Watch
) -> None:
    run = await queued_run()
    await tell(run, progress(25))

    watcher = await watch(server, f"/ws/analysis/{run.pk}/", run.owner)
    await until(watcher, at(0.25))
    await tell(run, stage(), progress(50))
    frames = await until(watcher, at(0.5))

    assert [frame["event_type"] for frame in frames] == ["connection_established", *["status_update"] * 3]
    assert all(frame["type"] == frame["event_type"] for frame in frames)
    assert (
        {frame["task_id"] for frame in frames} == {frame["analysis_id"] for frame in frames} == {str(run.pk)}
    )
    assert [frame["current_stage"] for frame in frames[1:]] == [
        "initializing",
        "model_inference",
        "model_inference",
    ]
    assert all(frame["message"] and frame["timestamp"].endswith("Z") for frame in frames)


async def test_who_comes_after_the_end_is_told_the_result(server: Server, watch: Watch) -> None:
    run = await queued_run()
    await tell(run, progress(25), succeeded())

    watcher = await watch(server, f"/ws/analysis/{run.pk}", run.owner)
    greeting, status, result = await until(watcher, lambda frame: frame["type"] == "result_update")

    assert greeting["type"] == "connection_established"
    assert (status["progress"], status["current_stage"]) == (1, "completed")
    assert (result["is_fake"], result["frames_processed"], result["total_frames"]) == (False, 25, 100)
    assert len(result["blockchain_hash"]) == 64


async def test_a_failure_is_told_and_a_retry_goes_on_the_same_socket(server: Server, watch: Watch) -> None:
    run = await queued_run()
    watcher = await watch(server, f"/ws/analysis/{run.pk}/", run.owner)

    await tell(run, progress(25), failed())
    error = await watcher.frame("error")
    await tell(run, retried(), progress(10))
    last = (await until(watcher, at(0.1)))[-1]

    assert (error["error_code"], error["error_message"]) == ("reader_lost", "It died.")
    assert last["error"] is None


@pytest.mark.parametrize("named", [False, True])
async def test_subscribe_is_answered_with_the_status(server: Server, watch: Watch, named: bool) -> None:
    run = await queued_run()
    await tell(run, progress(25))
    watcher = await watch(server, f"/ws/analysis/{run.pk}/", run.owner)
    first = (await until(watcher, at(0.25)))[-1]

    await watcher.say(type="subscribe", **({"task_id": str(run.pk)} if named else {}))

    assert await watcher.read() == first


@pytest.mark.parametrize("fields", [{"task_id": "x"}, {"channel": "y"}])
async def test_subscribe_to_something_else_is_refused(
    server: Server, watch: Watch, fields: dict[str, str]
) -> None:
    run = await queued_run()
    watcher = await watch(server, f"/ws/analysis/{run.pk}/", run.owner)

    await watcher.say(type="subscribe", **fields)
    error = await watcher.frame("error")

    assert error["event_type"] == "error"
    assert error["error_code"] in ("bad_value", "unknown_field")


async def test_a_ping_is_answered(server: Server, watch: Watch) -> None:
    run = await queued_run()
    watcher = await watch(server, f"/ws/analysis/{run.pk}/", run.owner)

    await watcher.say(type="ping")

    assert (await watcher.frame("pong"))["event_type"] == "pong"


async def test_heartbeats_come_within_16_seconds(server: Server, watch: Watch) -> None:
    run = await queued_run()
    watcher = await watch(server, f"/ws/analysis/{run.pk}/", run.owner)

    beat = await watcher.frame("heartbeat", limit=18)

    assert (beat["event_type"], beat["task_id"]) == ("heartbeat", str(run.pk))
    assert beat["timestamp"].endswith("Z")


@pytest.mark.parametrize("what", ["foreign", "missing", "no-uuid", "job", "topic"])
async def test_what_is_no_run_of_theirs_is_not_found(server: Server, watch: Watch, what: str) -> None:
    user, run = await ask(make_user), await queued_run()
    await report(user, "a", 0.5)
    job = await ask(Job.objects.get, job_id="a")
    path = {"foreign": run.pk, "missing": uuid4(), "no-uuid": "a", "job": job.pk, "topic": job.topic_id}[what]

    watcher = await watch(server, f"/ws/analysis/{path}/", user)

    assert await closed(watcher) == ("not_found", 4004)
    assert [frame["error_code"] for frame in watcher.frames] == ["not_found"]


async def test_a_cursor_brings_every_frame_after_it(server: Server, watch: Watch) -> None:
    run = await queued_run()
    await tell(run, progress(10), progress(20), failed(), retried(), progress(30), succeeded())

    watcher = await watch(server, f"/ws/analysis/{run.pk}/?after=3", run.owner)
    frames = await until(watcher, lambda frame: frame["type"] == "result_update")

    assert [(frame["type"], frame.get("seq")) for frame in frames[1:]] == [
        ("status_update", None),
        ("error", 4),
        ("status_update", 5),
        ("status_update", 6),
        ("status_update", None),
        ("result_update", 7),
    ]
