"""What a program reports arrives, in the order it was said, also when the server was away meanwhile."""

import asyncio
import math
from collections.abc import Callable
from typing import Any

import pytest
from assay_client import (
    AsyncClient,
    Conflict,
    Invalid,
    NotAuthenticated,
    NotFound,
    ProgressReporter,
    SyncProgressReporter,
    TooManyWaiting,
    Undelivered,
)

from accounts.models import User
from realtime.models import Event, Job
from realtime.readers import ask
from tests.clients.relay import Relay
from tests.product import Server, free_port
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
MakeReporter = Callable[..., ProgressReporter]
MakeClient = Callable[..., AsyncClient]


async def told(job_id: str) -> list[Any]:
    """What stands in the log of a job, without its first line."""
    lines = Event.objects.filter(topic__job__job_id=job_id, seq__gt=1).order_by("seq")
    return await ask(lambda: list(lines.values_list("message", flat=True)))


async def test_a_job_is_reported_on_from_its_first_word_to_its_result(
    server: Server, reporter: MakeReporter, user: User
) -> None:
    ours = reporter(server.url)
    await ours.initialize()

    await ours.report("nightly", "encoding", 0.4, "Frame 120 of 300", {"frame": 120})
    halfway = await ours.get_status("nightly")
    await ours.report_complete("nightly", {"file": "out.mp4"})
    status = await ours.get_status("nightly")

    assert (halfway["status"], halfway["stage"], halfway["progress"]) == ("processing", "encoding", 0.4)
    assert (halfway["message"], halfway["metadata"]) == ("Frame 120 of 300", {"frame": 120})
    assert (status["status"], status["stage"], status["progress"]) == ("completed", "complete", 1.0)
    assert (status["message"], status["result"]) == ("Job completed", {"file": "out.mp4"})
    assert (await ask(Job.objects.get)).owner_id == user.pk


async def test_a_failed_job_keeps_its_progress(server: Server, reporter: MakeReporter) -> None:
    ours = reporter(server.url)

    await ours.report("nightly", "encoding", 0.4, "Frame 120 of 300")
    await ours.report_error("nightly", "The disk is full.", stage="writing")
    status = await ours.get_status("nightly")

    assert (status["status"], status["stage"], status["progress"]) == ("failed", "writing", 0.4)
    assert (status["message"], status["error"]) == ("Error: The disk is full.", "The disk is full.")


async def test_a_job_may_be_announced_and_followed(
    server: Server, reporter: MakeReporter, client: MakeClient
) -> None:
    ours = reporter(server.url)
    job = await ours.create("nightly", silent_seconds=300)

    await ours.report("nightly", "encoding", 2.5, "Almost.")
    await ours.report_complete("nightly", {"file": "out.mp4"}, "Encoded.")

    for named in (job, "nightly", job.topic):
        seen = [event async for event in client(server.url).follow(named)]
        assert [event.type for event in seen] == ["job.reported", "job.reported", "job.succeeded"]
        assert [event.message for event in seen[1:]] == ["Almost.", "Encoded."]
        assert seen[1].data["progress"] == 1.0
    assert (job.job_id, job.status) == ("nightly", "queued")
    assert job.websocket_url.startswith("ws://")


@pytest.mark.parametrize("job_id", ["a/b c?d#e%2F", "é😀", "...", "11111111-2222-4333-8444-555555555555"])
async def test_a_job_may_be_called_almost_anything(
    server: Server, reporter: MakeReporter, job_id: str
) -> None:
    ours = reporter(server.url)

    await ours.report(job_id, "encoding", 0.5, "Half.")

    assert (await ours.get_status(job_id))["job_id"] == job_id


async def test_a_job_that_no_address_leads_to_is_refused(server: Server, reporter: MakeReporter) -> None:
    with pytest.raises(Invalid) as refused:
        await reporter(server.url).report("..", "encoding", 0.5, "Half.")

    assert refused.value.code == "bad_job_id"


async def test_without_an_event_loop_it_is_the_same(server: Server, key: str) -> None:
    def program() -> Any:
        with SyncProgressReporter(server.url, key, trust_env=False) as ours:
            ours.report("nightly", "encoding", 0.4, "Frame 120 of 300")
            ours.report_error("nightly", "The disk is full.")
            return ours.get_status("nightly")

    status = await asyncio.to_thread(program)

    assert (status["status"], status["message"]) == ("failed", "Error: The disk is full.")


async def test_what_was_said_while_the_server_was_away_arrives_in_order(
    start_server: Callable[..., Server], reporter: MakeReporter
) -> None:
    server = start_server()
    ours = reporter(server.url)
    await ours.report("nightly", "encoding", 0.0, "0")
    server.kill()

    for number in range(1, 20):
        await asyncio.wait_for(ours.report("nightly", "encoding", number / 20, str(number)), 5)
    assert ours.waiting == 19
    starting = asyncio.create_task(asyncio.to_thread(server.start))
    await ours.report_complete("nightly", {}, "20")
    await starting

    assert await told("nightly") == [str(number) for number in range(21)]
    assert (ours.waiting, ours.dropped) == (0, 0)


async def test_an_answer_that_is_lost_makes_no_second_line(relay: Relay, reporter: MakeReporter) -> None:
    ours = reporter(relay.url)
    lost: list[bytes] = []

    def lose(content: bytes) -> bytes:
        if b'"stage":"encoding"' in content and not lost:
            lost.append(content)
            relay.cut()
        return content

    relay.change = lose

    await ours.report("nightly", "encoding", 0.5, "Half.")
    await ours.report_complete("nightly", {})

    assert lost
    assert await told("nightly") == ["Half.", "Job completed"]


async def test_beyond_the_limit_the_oldest_progress_is_left_out_and_counted(
    start_server: Callable[..., Server], reporter: MakeReporter
) -> None:
    server = start_server()
    ours = reporter(server.url, waiting_limit=5)
    server.kill()

    for number in range(10):
        await ours.report("nightly", "encoding", number / 10, str(number))
    ending = asyncio.create_task(ours.report_error("nightly", "Too warm."))
    await asyncio.to_thread(server.start)
    await ending

    # the first one was on its way all the time
    assert await told("nightly") == ["0", "7", "8", "9", "Error: Too warm."]
    assert ours.dropped == 6


async def test_endings_are_never_left_out(key: str) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    ours = ProgressReporter(nobody, key, waiting_limit=3, patience_seconds=0.5, trust_env=False)

    endings = [asyncio.create_task(ours.report_complete(f"job {n}", {})) for n in range(3)]
    await eventually(lambda: ours.waiting == 3)

    with pytest.raises(TooManyWaiting):
        await ours.report("job 4", "encoding", 0.1, "One more.")
    assert [type(said) for said in await asyncio.gather(*endings, return_exceptions=True)] == [
        Undelivered
    ] * 3
    with pytest.raises(Undelivered) as left:
        await ours.close()
    assert left.value.count == 3


async def test_a_refused_report_is_said_so_and_holds_up_nobody(
    server: Server, reporter: MakeReporter
) -> None:
    ours = reporter(server.url)
    await ours.report_complete("nightly", {})

    with pytest.raises(Conflict) as ended:
        await ours.report("nightly", "encoding", 0.5, "Too late.")
    with pytest.raises(Invalid):
        await ours.report("other", "x" * 65, 0.5, "No such stage.")
    await ours.report("other", "encoding", 0.5, "Fine.")

    assert ended.value.code == "job_ended"
    assert await told("other") == ["Fine."]


@pytest.mark.parametrize("progress", [math.nan, True, "0.5", None])
async def test_progress_is_a_number(server: Server, reporter: MakeReporter, progress: Any) -> None:
    ours = reporter(server.url)

    with pytest.raises(ValueError, match="number"):
        await ours.report("nightly", "encoding", progress, "?")
    assert ours.waiting == 0


@pytest.mark.parametrize("result", [{"at": object()}, math.nan, {1, 2}], ids=["object", "nan", "set"])
async def test_what_json_has_no_form_for_is_refused_before_it_waits(
    server: Server, reporter: MakeReporter, result: Any
) -> None:
    ours = reporter(server.url)

    with pytest.raises((TypeError, ValueError)):
        await ours.report_complete("nightly", result)
    assert ours.waiting == 0


async def test_a_bad_credential_is_said_at_once(server: Server) -> None:
    ours = ProgressReporter(server.url, "assay_no-such-key", trust_env=False)

    with pytest.raises(NotAuthenticated):
        await ours.initialize()
    await ours.close()


async def test_somebody_elses_job_is_not_there(server: Server, reporter: MakeReporter) -> None:
    with pytest.raises(NotFound):
        await reporter(server.url).get_status("nightly")
