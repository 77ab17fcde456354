"""What programs outside are told when Redis was away, or forgot."""

import asyncio
import json
from collections.abc import Callable

import pytest
from redis import Redis

from realtime import log, outside, relay, relayer
from realtime.lines import Announcement
from realtime.log import Draft
from realtime.readers import ask
from tests.factories import make_run
from tests.realtime.conftest import append, progress, stage
from tests.realtime.own_redis import OwnRedis
from tests.realtime.programs import (
    Listener,
    append_unannounced,
    in_stream,
    marked,
    streamed,
)
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


async def test_what_is_committed_while_redis_is_away_is_told_when_it_is_back(
    own_redis: OwnRedis, listening: Callable[..., Listener]
) -> None:
    run = await ask(make_run)
    program = listening("media:progress")
    await append(run.topic_id, progress(1))
    await program.hear(1)

    own_redis.stop()
    for done in range(2, 6):
        await append(run.topic_id, progress(done))
    await asyncio.to_thread(own_redis.start)
    program.connect()
    await append(run.topic_id, progress(6))

    heard = await program.hear_until(lambda said: said["data"]["progress"] == 6)
    numbers = [said["data"]["progress"] for _, said in heard]
    assert list(dict.fromkeys(numbers)) == [1, 2, 3, 4, 5, 6]  # the first twice: a new Redis is told it again
    assert numbers[1:] == sorted(numbers[1:])
    assert streamed(own_redis, run.topic_id) == [1, 2, 3, 4, 5, 6]


async def test_a_redis_that_forgot_everything_is_told_on_from_the_mark(
    own_redis: OwnRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relayer, "LATELY_SECONDS", 0.0)
    run = await ask(make_run)
    await append(run.topic_id, stage(), stage())
    await eventually(lambda: marked(run.topic_id, 2), limit=10)
    await asyncio.to_thread(own_redis.stop)
    await asyncio.to_thread(own_redis.start)

    await append(run.topic_id, stage())

    assert await in_stream(own_redis, run.topic_id, 1) == [3]


async def test_what_a_redis_was_told_just_before_it_died_is_told_to_the_next_one(own_redis: OwnRedis) -> None:
    run = await ask(make_run)
    await append(run.topic_id, stage(), stage())
    await in_stream(own_redis, run.topic_id, 2)

    await asyncio.to_thread(own_redis.stop)
    await asyncio.to_thread(own_redis.start)

    assert await in_stream(own_redis, run.topic_id, 2) == [1, 2]


async def test_what_came_while_it_was_away_does_not_hide_what_was_told_just_before(
    own_redis: OwnRedis,
) -> None:
    run = await ask(make_run)
    await append(run.topic_id, stage(), stage())
    await in_stream(own_redis, run.topic_id, 2)
    await asyncio.to_thread(own_redis.stop)
    await append(run.topic_id, stage())

    await asyncio.to_thread(own_redis.start)

    assert await in_stream(own_redis, run.topic_id, 3) == [1, 2, 3]


async def test_an_outage_of_any_length_does_not_make_the_last_seconds_forgotten(
    own_redis: OwnRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relayer, "LATELY_SECONDS", 2.0)
    run = await ask(make_run)
    await append(run.topic_id, stage(), stage())
    await in_stream(own_redis, run.topic_id, 2)
    await asyncio.to_thread(own_redis.stop)
    await append(run.topic_id, stage())
    await asyncio.sleep(3)  # the outage itself

    await asyncio.to_thread(own_redis.start)

    assert await in_stream(own_redis, run.topic_id, 3) == [1, 2, 3]


async def test_another_writer_does_not_seal_away_what_this_one_told_just_before(own_redis: OwnRedis) -> None:
    run = await ask(make_run)
    await append(run.topic_id, stage(), stage())
    await in_stream(own_redis, run.topic_id, 2)
    await eventually(lambda: marked(run.topic_id, 2), limit=10)
    await asyncio.to_thread(own_redis.stop)
    await asyncio.to_thread(own_redis.start)

    lines = await ask(append_unannounced, run.topic_id, stage())
    other = relayer.Relayer()
    other.take(Announcement.of("media_run", run.owner_id, lines))
    await other.drain(books=False)

    assert sorted(set(await in_stream(own_redis, run.topic_id, 3))) == [1, 2, 3]
    other.end()


async def test_a_long_run_is_caught_up_with_by_its_newest_progress(own_redis: OwnRedis) -> None:
    run = await ask(make_run)
    started = {"attempt": 1, "detectors": ["spectrum"], "run": str(run.pk)}
    drafts = [Draft("run.started", "", started), *(progress(done, total=5000) for done in range(3000))]
    await ask(append_unannounced, run.topic_id, *drafts)

    heard = await ask(lambda: list(relay.history(run.topic_id, until=3001, ignoring=["score.measured"])))
    await append(run.topic_id, stage())

    assert [line.seq for line in heard] == [1, 3001]
    await eventually(lambda: marked(run.topic_id, 3002), limit=15)
    with Redis.from_url(own_redis.url, decode_responses=True) as client:
        kept = json.loads(client.get(outside.public(f"job_status:{run.pk}")) or "{}")
    assert kept["progress"] == pytest.approx(2999 / 5000, abs=0.01)


async def test_a_topic_whose_last_lines_were_emptied_is_not_asked_about_for_ever(own_redis: OwnRedis) -> None:
    run = await ask(make_run)
    own_redis.stop()
    await append(run.topic_id, stage(), stage())
    await ask(log.empty, run.topic_id, 1, 2)

    await asyncio.to_thread(own_redis.start)

    await eventually(lambda: marked(run.topic_id, 2), limit=15)
