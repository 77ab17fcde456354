"""Everything the sockets say is described in docs/asyncapi.yaml, and everything described is said."""

import json
from typing import Any

import pytest

from accounts import tokens
from analysis.topics import description_changed
from realtime import jobs
from realtime.jobs import Report
from realtime.readers import ask
from tests.factories import make_run, make_user
from tests.product import Server
from tests.realtime.conftest import Watch, append, progress, stage
from tests.realtime.described import judge, messages, seen
from tests.realtime.scenes import answered, emptied, failed, footage, played, queued, served, succeeded
from tests.realtime.socketio_clients import raw_socket

pytestmark = pytest.mark.django_db(transaction=True)
HEARTBEAT_SECONDS = 25.0


async def test_of_a_topic(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    await append(run.topic_id, stage(), progress(1), stage())
    await emptied(run.topic_id, 2)
    watcher = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)
    await watcher.frame("caught_up")

    await append(run.topic_id, *footage(), failed(run))
    await answered(watcher, type="nonsense")
    await watcher.frame("heartbeat", limit=HEARTBEAT_SECONDS)

    assert seen("topic", watcher.frames) == messages("topic", "send").keys()


async def test_of_a_user(server: Server, watch: Watch) -> None:
    user = await ask(make_user)
    earlier, run = await ask(make_run, owner=user), await ask(make_run, owner=user)
    await append(earlier.topic_id, progress(1), stage())
    await emptied(earlier.topic_id, 1)
    await ask(jobs.report, user, "earlier", Report("encoding", 0.4, "Frame 120"))
    watcher = await watch(server, "/ws/user/", user)
    await watcher.frame("snapshot")

    await append(run.topic_id, progress(1), failed(run))
    await ask(lambda: description_changed(run.media))
    await played("nightly", user)
    await watcher.say(type="resume", **{str(earlier.topic_id): 0})
    await answered(watcher, type="nonsense")
    await watcher.frame("heartbeat", limit=HEARTBEAT_SECONDS)

    assert seen("user", watcher.frames) == messages("user", "send").keys()


async def test_of_a_job(server: Server, watch: Watch) -> None:
    address = served("jobs")
    user = await ask(make_user)
    watcher = await watch(server, address.format(job="nightly"), user)
    await watcher.frame("connected")

    await ask(jobs.report, user, "nightly", Report("encoding", 0.4, "Frame 120", {"frame": 120}))
    while "status" not in await watcher.read():
        continue
    await ask(jobs.fail, user, "nightly", "Too warm.")
    done = await watch(server, address.format(job="done"), user)
    await played("done", user)
    while (await done.read()).get("status") != "completed":
        continue
    watcher.frames += done.frames
    await answered(watcher, type="nonsense")
    await watcher.frame("ping", limit=HEARTBEAT_SECONDS)

    assert seen("jobs", watcher.frames) == messages("jobs", "send").keys()
    assert {frame.get("status") for frame in watcher.frames} >= {"processing", "failed", "completed"}


async def test_of_an_analysis(server: Server, watch: Watch) -> None:
    address = served("analysis")
    run = await queued()
    watcher = await watch(server, address.format(run=run.pk), run.owner)
    await watcher.frame("connection_established")

    await append(run.topic_id, stage(), progress(1), succeeded(run))
    await watcher.frame("result_update")
    await answered(watcher, type="nonsense")
    await watcher.frame("heartbeat", limit=HEARTBEAT_SECONDS)

    assert seen("analysis", watcher.frames) == messages("analysis", "send").keys()


async def test_of_footage(server: Server, watch: Watch) -> None:
    address = served("events")
    run = await ask(make_run)
    watcher = await watch(server, address, run.owner)
    await watcher.frame("connected")

    await append(run.topic_id, stage(), *footage())
    await emptied(run.topic_id, 1)
    await answered(watcher, type="resume", **{str(run.topic_id): 0})
    await answered(watcher, type="nonsense")
    await watcher.frame("heartbeat", limit=HEARTBEAT_SECONDS)

    assert seen("events", watcher.frames) == messages("events", "send").keys()


async def test_of_socketio(server: Server) -> None:
    run = await ask(make_run)
    token = (await ask(tokens.start_family, run.owner)).access
    async with raw_socket(server) as client:
        await client.introduce({"token": token})
        await client.until("snapshot")

        await append(run.topic_id, progress(1), failed(run))
        await client.until("media_update")
        await client.socket.send('42["nonsense"]')
        await client.until("heartbeat", limit=HEARTBEAT_SECONDS)

    # lines that were emptied are met here only by a client that fell behind
    heard = {event_kind(name, data) for name, data in client.told}
    assert heard == messages("socketio", "send").keys() - {"thinned"}


def event_kind(event: str, data: Any) -> str:
    """The one message of Socket.IO that an event is."""
    found = [
        name
        for name, message in messages("socketio", "send").items()
        if message["name"] == event and judge(message["payload"]["$ref"]).is_valid(data)
    ]
    assert len(found) == 1, f"{event}: {json.dumps(data)}"
    return found[0]
