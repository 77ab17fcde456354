"""`/ws/jobs/<id>/`: a run or an external job in the jobs dialect."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from analysis.models import Media
from realtime import jobs, log
from realtime.jobs import topics as job_topics
from realtime.models import Job, Topic
from realtime.readers import ask
from realtime.topics import Found
from realtime.waiting import Waiting
from tests.factories import make_user
from tests.product import Server
from tests.realtime.conftest import Watch, progress, stage
from tests.realtime.dialects import (
    at,
    at_seq,
    failed,
    has_status,
    queued_run,
    report,
    retried,
    states,
    succeeded,
    tell,
    until,
)
from tests.realtime.test_socket_access import PATIENCE_SECONDS, closed, superuser, team

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_late_joiner_is_told_the_last_state_at_once_and_then_what_is_new(
    server: Server, watch: Watch
) -> None:
    ana = await ask(make_user)
    await report(ana, "render-7", 0.1, 0.25, frame=7)

    watcher = await watch(server, "/ws/jobs/render-7/", ana)
    await until(watcher, at(0.25))
    await report(ana, "render-7", 0.5)
    connected, last, live = await until(watcher, at(0.5))

    timestamp = connected.pop("timestamp")
    assert timestamp.endswith("Z")
    assert connected == {
        "type": "connected",
        "job_id": "render-7",
        "message": "Connected to job progress stream",
    }
    assert {name: last[name] for name in last if name not in ("timestamp", "topic")} == {
        "job_id": "render-7",
        "status": "processing",
        "stage": "encoding",
        "progress": 0.25,
        "message": "At 0.25.",
        "metadata": {"frame": 7},
        "seq": 3,
    }
    assert "metadata" not in live
    assert live["timestamp"] > last["timestamp"] > ""


async def test_a_completed_job_has_its_result_and_default_words(server: Server, watch: Watch) -> None:
    ana = await ask(make_user)
    await report(ana, "a", 0.5)
    watcher = await watch(server, "/ws/jobs/a", ana)

    await ask(jobs.complete, ana, "a", {"rows": 3})
    last = (await until(watcher, has_status("completed")))[-1]

    assert (last["stage"], last["progress"], last["message"]) == ("complete", 1, "Job completed")
    assert last["result"] == {"rows": 3}


async def test_a_failed_job_keeps_its_progress(server: Server, watch: Watch) -> None:
    ana = await ask(make_user)
    await report(ana, "a", 0.5)
    watcher = await watch(server, "/ws/jobs/a", ana)

    await ask(jobs.fail, ana, "a", "disk full")
    last = (await until(watcher, has_status("failed")))[-1]

    assert (last["stage"], last["progress"], last["message"]) == ("error", 0.5, "Error: disk full")
    assert last["error"] == "disk full"


async def test_a_run_is_a_job_and_the_socket_outlives_its_ending(server: Server, watch: Watch) -> None:
    run = await queued_run()
    watcher = await watch(server, f"/ws/jobs/{run.pk}/", run.owner)
    await until(watcher, at(0))

    await tell(run, progress(50), succeeded())
    await until(watcher, has_status("completed"))
    await tell(run, retried(), progress(10))
    frames = states(await until(watcher, at(0.1)))

    assert [(frame["status"], frame["progress"]) for frame in frames] == [
        ("processing", 0),
        ("processing", 0.5),
        ("completed", 1),
        ("processing", 0),
        ("processing", 0.1),
    ]
    assert {frame["job_id"] for frame in frames} == {str(run.pk)}
    assert frames[2]["result"] == {
        "run": str(run.pk),
        "outcome": "no_signs",
        "sentence": "No signs.",
        "seen": None,
        "results": [],
    }


async def test_a_failed_run_says_why(server: Server, watch: Watch) -> None:
    run = await queued_run()
    await tell(run, progress(50), failed())

    watcher = await watch(server, f"/ws/jobs/{run.pk}/", run.owner)
    last = (await until(watcher, has_status("failed")))[-1]

    assert (last["message"], last["error"], last["progress"]) == ("Error: It died.", "It died.", 0.5)


@pytest.mark.parametrize("right", [team, superuser])
async def test_teams_and_admins_may_watch_a_run(
    server: Server, watch: Watch, right: Callable[[User, Media], None]
) -> None:
    run, user = await queued_run(), await ask(make_user)
    await ask(right, user, run.media)

    watcher = await watch(server, f"/ws/jobs/{run.pk}/", user)

    assert (await until(watcher, at(0)))[-1]["job_id"] == str(run.pk)


async def test_an_own_job_comes_before_a_run_of_the_same_id(server: Server, watch: Watch) -> None:
    run = await queued_run()
    await report(run.owner, str(run.pk), 0.75)

    watcher = await watch(server, f"/ws/jobs/{run.pk}/", run.owner)

    assert (await until(watcher, has_status("processing")))[-1]["progress"] == 0.75


@pytest.mark.parametrize("job_id", ["a/b", "a/", "/", "nightly run #7?", "größe-✓", "100%", "x" * 128])
async def test_an_id_may_hold_anything_that_can_be_printed(server: Server, watch: Watch, job_id: str) -> None:
    ana = await ask(make_user)
    await report(ana, job_id, 0.5)

    slashed = await watch(server, f"/ws/jobs/{quote(job_id, safe='')}/", ana)
    bare = await watch(server, f"/ws/jobs/{quote(job_id, safe='')}", ana)

    assert (await until(slashed, at(0.5)))[-1]["job_id"] == job_id
    assert (await until(bare, at(0.5)))[-1]["job_id"] == job_id


@pytest.mark.parametrize("job_id", ["x" * 129, "a%00b", "a%0Ab", "%FF"])
async def test_an_id_no_job_can_have_is_not_found(server: Server, watch: Watch, job_id: str) -> None:
    watcher = await watch(server, f"/ws/jobs/{job_id}/", await ask(make_user))

    assert await closed(watcher) == ("not_found", 4004)


@pytest.fixture
def impatient(start_server: Callable[..., Server]) -> Server:
    """A server whose sockets wait two seconds for a job."""
    return start_server(ASSAY_JOB_WAIT_SECONDS="2")


async def test_missing_and_foreign_ids_look_alike(impatient: Server, watch: Watch) -> None:
    user, run = await ask(make_user), await queued_run()
    other = await ask(make_user)
    await report(other, "theirs", 0.5)
    asked = ["nobodys", "theirs", str(run.pk), str(uuid4())]
    watchers = [await watch(impatient, f"/ws/jobs/{job_id}/", user) for job_id in asked]

    ends = [await closed(watcher) for watcher in watchers]

    assert ends == [("not_found", 4004)] * 4
    told = [[frame["type"] for frame in watcher.frames] for watcher in watchers]
    assert told == [["connected", "error"]] * 4


async def test_an_admin_sees_no_job_of_somebody_else(impatient: Server, watch: Watch) -> None:
    ana, admin = await ask(make_user), await ask(make_user, is_superuser=True)
    await report(ana, "nightly", 0.5)

    watcher = await watch(impatient, "/ws/jobs/nightly/", admin)

    assert await closed(watcher) == ("not_found", 4004)


async def test_who_waits_sees_the_job_begin_and_is_answered_meanwhile(server: Server, watch: Watch) -> None:
    ana, other = await ask(make_user), await ask(make_user)
    watcher = await watch(server, "/ws/jobs/soon/", ana)
    await until(watcher, lambda frame: frame["type"] == "connected")
    await watcher.say(type="ping")
    await watcher.frame("pong")

    await report(other, "soon", 0.9)
    await report(ana, "soon", 0.5)
    async with asyncio.timeout(3):
        await until(watcher, at(0.5))
    await report(ana, "soon", 0.75)
    frames = states(await until(watcher, at(0.75)))

    assert 0.9 not in [frame["progress"] for frame in frames]


async def test_who_found_the_job_is_not_cut_when_the_wait_would_have_ended(
    impatient: Server, watch: Watch
) -> None:
    ana = await ask(make_user)
    watcher = await watch(impatient, "/ws/jobs/soon/", ana)
    late = await watch(impatient, "/ws/jobs/never/", ana)
    await report(ana, "soon", 0.5)
    await until(watcher, at(0.5))

    await closed(late)
    await report(ana, "soon", 0.75)

    await until(watcher, at(0.75))


async def test_keepalive_comes_within_16_seconds(server: Server, watch: Watch) -> None:
    ana = await ask(make_user)
    watcher = await watch(server, "/ws/jobs/soon/", ana)

    ping = await watcher.frame("ping", limit=18)

    assert ping.pop("timestamp").endswith("Z")
    assert ping == {"type": "ping", "message": "keepalive", "job_id": "soon"}


@pytest.mark.parametrize("frame", ["ping", "[]", '{"type":"resume"}', '{"type":"ping","x":1}'])
async def test_a_frame_that_is_not_understood_hurts_nobody(server: Server, watch: Watch, frame: str) -> None:
    ana = await ask(make_user)
    await report(ana, "a", 0.5)
    watcher = await watch(server, "/ws/jobs/a/", ana)

    await watcher.socket.send(frame)
    await watcher.frame("error")
    await report(ana, "a", 0.75)

    await until(watcher, at(0.75))


@pytest.mark.parametrize("after", ["-1", "x", ""])
async def test_a_cursor_that_is_no_number_is_refused(server: Server, watch: Watch, after: str) -> None:
    watcher = await watch(server, f"/ws/jobs/a/?after={after}", await ask(make_user))

    assert await closed(watcher) == ("bad_cursor", 1008)


@pytest.mark.parametrize(("after", "first"), [(0, 1), (2, 3), (4, 5), (99, 1)])
async def test_a_cursor_brings_every_frame_after_it(
    server: Server, watch: Watch, after: int, first: int
) -> None:
    ana = await ask(make_user)
    await report(ana, "a", 0.1, 0.2, 0.3)

    watcher = await watch(server, f"/ws/jobs/a/?after={after}", ana)
    await until(watcher, lambda frame: frame["type"] == "connected")
    await report(ana, "a", 0.4)
    frames = states(await until(watcher, at(0.4)))

    assert [frame["seq"] for frame in frames] == list(range(first, 6))


async def test_a_run_resumed_anywhere_tells_what_everybody_was_told(server: Server, watch: Watch) -> None:
    run = await queued_run()
    path = f"/ws/jobs/{run.pk}/?after="
    full = await watch(server, f"{path}0", run.owner)
    await tell(run, stage(), *[progress(done) for done in (10, 20)], progress(5, detector="b"), progress(30))

    resumed = [await watch(server, f"{path}{after}", run.owner) for after in range(7)]
    everything = states(await until(full, at_seq(6)))
    await tell(run, progress(40))
    everything = states(await until(full, at_seq(7)))
    seen = [states(await until(watcher, at_seq(7))) for watcher in resumed]

    assert [frame["seq"] for frame in everything] == [1, 2, 3, 4, 5, 6, 7]
    assert seen == [everything[after:] for after in range(7)]


async def test_twenty_that_join_while_it_flows_miss_nothing(server: Server, watch: Watch) -> None:
    ana = await ask(make_user)
    await report(ana, "a", 0.0)

    async def flow() -> None:
        for number in range(1, 101):
            await report(ana, "a", number / 100)

    flowing = asyncio.create_task(flow())
    joined = [await watch(server, "/ws/jobs/a/", ana) for _ in range(10)]
    resumed = [await watch(server, f"/ws/jobs/a/?after={n}", ana) for n in range(10)]
    await flowing
    async with asyncio.timeout(15):
        seen = [states(await until(watcher, at(1.0))) for watcher in (*joined, *resumed)]

    for number, frames in enumerate(seen):
        seqs = [frame["seq"] for frame in frames]
        assert seqs == list(range(seqs[0], 103))
        assert number < 10 or seqs[0] == number - 10 + 1


async def test_a_right_taken_away_ends_the_socket(server: Server, watch: Watch) -> None:
    run, user = await queued_run(), await ask(make_user)
    await ask(team, user, run.media)
    watcher = await watch(server, f"/ws/jobs/{run.pk}/", user)
    await until(watcher, at(0))

    await ask(Media.objects.filter(pk=run.media_id).update, team=None)

    assert await closed(watcher, limit=PATIENCE_SECONDS) == ("not_allowed", 4003)


async def test_a_deleted_job_ends_its_sockets(server: Server, watch: Watch) -> None:
    ana = await ask(make_user)
    await report(ana, "a", 0.5)
    watcher = await watch(server, "/ws/jobs/a/", ana)
    await until(watcher, at(0.5))

    await ask(Topic.objects.all().delete)

    assert await closed(watcher, limit=PATIENCE_SECONDS) == ("not_allowed", 4003)


async def test_emptied_lines_are_passed_over(server: Server, watch: Watch) -> None:
    ana = await ask(make_user)
    await report(ana, "a", 0.1, 0.2, 0.3)
    topic = (await ask(Job.objects.get, job_id="a")).topic_id
    await ask(log.empty, topic, 3, 4)

    late = await watch(server, "/ws/jobs/a/", ana)
    resumed = await watch(server, "/ws/jobs/a/?after=0", ana)

    assert [frame["seq"] for frame in states(await until(late, at(0.1)))] == [2]
    assert [frame["seq"] for frame in states(await until(resumed, at(0.1)))] == [1, 2]


async def test_all_that_wait_are_served_by_one_query(monkeypatch: pytest.MonkeyPatch) -> None:
    ana = await ask(make_user)
    await report(ana, "job-7", 0.5)
    waiting, queries, found = Waiting(), list[int](), dict[str, Found]()
    real = job_topics.named

    def counted(names: Any) -> Any:
        with CaptureQueriesContext(connection) as captured:
            answer = real(names)
        queries.append(len(captured))
        return answer

    monkeypatch.setattr(job_topics, "named", counted)
    for job_id, number in itertools.product([f"job-{n}" for n in range(20)], range(3)):
        waiting.add((ana.pk, job_id), lambda topic, key=f"{job_id}/{number}": found.update({key: topic}))
    await waiting.look()

    assert queries == [1]
    assert sorted(found) == ["job-7/0", "job-7/1", "job-7/2"]
