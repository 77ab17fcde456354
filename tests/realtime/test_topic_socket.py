"""A watcher says what it has and gets everything after it, once, in order, then live lines."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import pytest

from realtime import log
from realtime.readers import ask
from tests.factories import make_run
from tests.product import Server
from tests.realtime.conftest import Watch, append, progress, stage
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_new_watcher_gets_the_whole_topic_and_then_live_lines(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    await append(run.topic_id, stage(), stage(), stage())

    watcher = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)
    await watcher.frame("caught_up")
    await append(run.topic_id, stage(), progress(1))
    seqs = await watcher.see(until=5)

    assert watcher.frames[0] == {"type": "subscribed", "head": 3, "recovered": True}
    assert watcher.frames[4] == {"type": "caught_up", "head": 3}
    assert seqs == [1, 2, 3, 4, 5]


async def test_events_come_as_they_are_stored(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    await append(run.topic_id, progress(1))

    watcher = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)
    replayed = await watcher.socket.recv() and await watcher.socket.recv()
    await watcher.frame("caught_up")
    await append(run.topic_id, progress(2))
    live = await watcher.socket.recv()

    assert [replayed, live] == [line.body for line in await ask(log.read, run.topic_id)]


@pytest.mark.parametrize("path", ["/ws/topics/{}?after=2", "/ws/topics/{}/?after=2"])
async def test_a_cursor_skips_what_the_watcher_has(server: Server, watch: Watch, path: str) -> None:
    run = await ask(make_run)
    await append(run.topic_id, *[stage() for _ in range(5)])

    watcher = await watch(server, path.format(run.topic_id), run.owner)
    await watcher.frame("caught_up")

    assert watcher.seqs == [3, 4, 5]


async def test_a_cursor_beyond_the_head_is_of_another_history(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    await append(run.topic_id, stage(), stage())

    watcher = await watch(server, f"/ws/topics/{run.topic_id}/?after=9", run.owner)
    await watcher.frame("caught_up")

    assert watcher.frames[0] == {"type": "subscribed", "head": 2, "recovered": False}
    assert watcher.seqs == [1, 2]


async def test_a_topic_longer_than_a_page_is_replayed_in_order(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    for _ in range(7):
        await append(run.topic_id, *[progress(done) for done in range(100)])

    watcher = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)

    assert await watcher.see(until=700) == list(range(1, 701))


async def test_emptied_lines_are_named(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    await append(run.topic_id, *[stage() for _ in range(5)])
    await ask(log.empty, run.topic_id, 2, 3)

    watcher = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)
    await watcher.frame("caught_up")

    assert watcher.seqs == [1, 4, 5]
    assert {"type": "thinned", "first": 2, "last": 3} in watcher.frames


async def test_twenty_watchers_that_join_while_it_flows_get_each_event_once(
    server: Server, watch: Watch
) -> None:
    run = await ask(make_run)

    async def write() -> None:
        for done in range(100):
            await append(run.topic_id, progress(done))

    async def join(number: int) -> list[int]:
        await wait_for_head(run.topic_id, number * 4)
        watcher = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)
        return await watcher.see(until=100, limit=30)

    writing = asyncio.create_task(write())
    seen = await asyncio.gather(*(join(number) for number in range(20)))
    await writing

    assert seen == [list(range(1, 101))] * 20


async def wait_for_head(topic: UUID, seq: int) -> None:
    async def reached() -> bool:
        return await ask(log.head, topic) >= seq

    await eventually(reached)


async def test_a_watcher_sees_two_topics_apart(server: Server, watch: Watch) -> None:
    first, second = await ask(make_run), await ask(make_run)
    one = await watch(server, f"/ws/topics/{first.topic_id}/", first.owner)
    other = await watch(server, f"/ws/topics/{second.topic_id}/", second.owner)
    await one.frame("caught_up")
    await other.frame("caught_up")

    await append(first.topic_id, stage())
    await append(second.topic_id, stage(), stage())

    assert await one.see(until=1) == [1]
    assert await other.see(until=2) == [1, 2]
    assert {frame["topic"] for frame in other.frames if "topic" in frame} == {str(second.topic_id)}


async def test_ping_and_ack_are_understood(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    await append(run.topic_id, stage())
    watcher = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)
    await watcher.frame("caught_up")

    await watcher.say(type="ack", seq=1)
    await watcher.say(type="ping")
    assert (await watcher.read()) == {"type": "pong"}

    await watcher.say(type="ack", seq=2)
    assert (await watcher.frame("error"))["code"] == "bad_value"


async def test_an_idle_socket_lives_and_hears_the_head(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    await append(run.topic_id, stage())
    watcher = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)
    await watcher.frame("caught_up")

    heartbeat = await watcher.frame("heartbeat", limit=20)
    await append(run.topic_id, stage())

    assert heartbeat == {"type": "heartbeat", "head": 1}
    assert await watcher.see(until=2) == [1, 2]


async def test_a_restarted_web_server_goes_on_from_the_cursor(
    start_server: Callable[..., Server], watch: Watch
) -> None:
    server = await asyncio.to_thread(start_server)
    run = await ask(make_run)
    watcher = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)
    await append(run.topic_id, stage(), stage())
    await watcher.see(until=2)

    await asyncio.to_thread(server.kill)
    await append(run.topic_id, stage())
    await asyncio.to_thread(server.start)
    again = await watch(server, f"/ws/topics/{run.topic_id}/?after={watcher.cursor}", run.owner)
    await append(run.topic_id, stage())

    assert await again.see(until=4) == [3, 4]
