"""Redis may lose anything; a watcher loses nothing, and waits a second at most."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from realtime import log, relay
from realtime.doorbell import Doorbell
from realtime.models import Mark
from realtime.readers import ask
from tests.factories import make_run
from tests.product import Server
from tests.realtime.conftest import Watch, append, progress, stage
from tests.realtime.own_redis import OwnRedis
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def losing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int], bool]], None]:
    """Lets Redis lose the announcements that the given function picks by their number."""

    def lose(picked: Callable[[int], bool]) -> None:
        ring: Callable[..., Awaitable[None]] = Doorbell.ring
        count = 0

        async def announce(self: Any, parts: Any) -> None:
            nonlocal count
            count += 1
            if not picked(count):
                await ring(self, parts)

        monkeypatch.setattr(Doorbell, "ring", announce)

    return lose


async def test_every_second_message_lost_costs_no_event(
    server: Server, watch: Watch, losing: Callable[..., None]
) -> None:
    losing(lambda number: number % 2 == 0)
    run = await ask(make_run)
    watcher = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)
    await watcher.frame("caught_up")

    for done in range(40):
        await append(run.topic_id, progress(done))

    assert await watcher.see(until=40) == list(range(1, 41))


async def test_the_last_event_lost_comes_within_a_second(
    server: Server, watch: Watch, losing: Callable[..., None]
) -> None:
    run = await ask(make_run)
    watcher = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)
    user = await watch(server, "/ws/user/", run.owner)
    await watcher.frame("caught_up")
    await user.frame("snapshot")
    losing(lambda number: True)

    began = time.monotonic()
    await append(run.topic_id, progress(1))
    await asyncio.gather(watcher.see(until=1), user.frame("progress_update"))

    # The poll comes every 0.8 s and gives announcements on their way 0.1 s; the rest is the machine.
    assert time.monotonic() - began < 1.5


async def test_a_restarted_redis_is_used_again(
    server_on_own_redis: Server, own_redis: OwnRedis, watch: Watch
) -> None:
    run = await ask(make_run)
    watcher = await watch(server_on_own_redis, f"/ws/topics/{run.topic_id}/", run.owner)
    await append(run.topic_id, stage())
    await watcher.see(until=1)

    own_redis.stop()
    await append(run.topic_id, stage(), stage())
    without = await watcher.see(until=3)
    await asyncio.to_thread(own_redis.start)
    await append(run.topic_id, stage())
    await watcher.see(until=4)

    assert without == [1, 2, 3]
    assert watcher.seqs == [1, 2, 3, 4]
    await eventually(lambda: rings(watcher, run.topic_id), limit=20, what="the bell rings again")


async def rings(watcher: Any, topic: Any) -> bool:
    """Whether a line comes faster than any poll could bring it."""
    began = time.monotonic()
    lines = await append(topic, stage())
    await watcher.see(until=lines[-1].seq)
    return time.monotonic() - began < 0.08


async def test_a_watcher_may_join_while_redis_is_away(
    server_on_own_redis: Server, own_redis: OwnRedis, watch: Watch
) -> None:
    own_redis.stop()
    run = await ask(make_run)
    await append(run.topic_id, stage())

    watcher = await watch(server_on_own_redis, f"/ws/topics/{run.topic_id}/", run.owner)
    await watcher.frame("caught_up")
    await append(run.topic_id, stage())

    assert await watcher.see(until=2) == [1, 2]


async def test_a_commit_does_not_notice_that_redis_is_away(own_redis: OwnRedis) -> None:
    own_redis.stop()
    run = await ask(make_run)

    began = time.monotonic()
    for _ in range(20):
        await append(run.topic_id, stage())

    assert await ask(log.head, run.topic_id) == 20
    assert time.monotonic() - began < 2


async def test_what_was_missed_is_announced_when_redis_is_back(own_redis: OwnRedis) -> None:
    run = await ask(make_run)
    own_redis.stop()
    await append(run.topic_id, stage(), stage())
    await append(run.topic_id, stage())

    await asyncio.to_thread(own_redis.start)

    await eventually(lambda: published(run.topic_id, 3), limit=15, what="the mark reaches the head")


async def published(topic: Any, seq: int) -> bool:
    mark = await ask(Mark.objects.get, topic_id=topic)
    return mark.published == seq


async def test_the_mark_follows_without_a_write_per_announcement(own_redis: OwnRedis) -> None:
    run = await ask(make_run)
    for _ in range(10):
        await append(run.topic_id, stage())

    await eventually(lambda: published(run.topic_id, 10), limit=10)


async def test_lines_of_a_process_that_died_are_found_by_the_mark() -> None:
    run = await ask(make_run)
    await append(run.topic_id, stage(), stage())
    await eventually(lambda: published(run.topic_id, 2), limit=10)
    await ask(Mark.objects.filter(topic_id=run.topic_id).update, published=1)

    missed = await eventually(lambda: ask(relay.unannounced), limit=15)

    assert missed == [(run.topic_id, 2)]
