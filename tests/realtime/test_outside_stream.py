"""The stream in Redis: every committed event at least once and in order, as far back as it is kept."""

from typing import Any

import pytest
from redis import Redis

from realtime import jobs, log, outside, publisher
from realtime.jobs import Report
from realtime.lines import Announcement
from realtime.log import Draft
from realtime.readers import ask
from tests.factories import make_run, make_user
from tests.realtime.conftest import append, progress, stage
from tests.realtime.own_redis import OwnRedis
from tests.realtime.programs import append_unannounced, in_stream, marked
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


async def test_the_stream_has_every_event_as_it_was_stored(own_redis: OwnRedis) -> None:
    run = await ask(make_run)

    lines = await append(run.topic_id, stage(), progress(1), progress(2))
    await in_stream(own_redis, run.topic_id, 3)

    with Redis.from_url(own_redis.url, decode_responses=True) as client:
        entries = [fields for _, fields in client.xrange(outside.stream())]
    assert [(entry["type"], entry["event"]) for entry in entries] == [
        (line.type, line.body) for line in lines
    ]


async def test_a_job_is_streamed_like_a_run(own_redis: OwnRedis) -> None:
    ana = await ask(make_user)

    job = await ask(jobs.report, ana, "render", Report("encoding", 0.5, "Half."))

    assert await in_stream(own_redis, job.topic_id, 2) == [1, 2]


async def test_two_writers_of_one_topic_are_told_in_order(own_redis: OwnRedis) -> None:
    run = await ask(make_run)
    lines = await ask(append_unannounced, run.topic_id, stage(), stage(), stage())

    await append(run.topic_id, stage())

    assert await in_stream(own_redis, run.topic_id, 4) == [1, 2, 3, 4]
    publisher.announce(Announcement.of("media_run", run.owner_id, lines))  # the other one, late
    await append(run.topic_id, stage())
    assert await in_stream(own_redis, run.topic_id, 5) == [1, 2, 3, 4, 5]


async def test_emptied_lines_do_not_hold_up_what_follows(own_redis: OwnRedis) -> None:
    run = await ask(make_run)
    await ask(append_unannounced, run.topic_id, stage(), stage(), stage(), stage())
    await ask(log.empty, run.topic_id, 1, 3)

    await append(run.topic_id, stage())

    assert await in_stream(own_redis, run.topic_id, 2) == [4, 5]
    await eventually(lambda: marked(run.topic_id, 5), limit=10)


async def test_the_stream_is_capped(own_redis: OwnRedis, settings: Any) -> None:
    settings.REDIS_STREAM_LENGTH = 100
    run = await ask(make_run)

    for _ in range(10):
        await append(run.topic_id, *(stage() for _ in range(100)))

    await eventually(lambda: marked(run.topic_id, 1000), limit=15)
    with Redis.from_url(own_redis.url) as client:
        assert client.xlen(outside.stream()) < 300  # trimmed by whole nodes of a hundred


async def test_the_stream_keeps_fewer_events_where_they_are_large(
    own_redis: OwnRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "STREAM_BYTES", 2**20)
    run = await ask(make_run)

    for _ in range(10):
        large = [Draft("stage.started", "", {"stage": "model_inference", "more": "x" * 10_000})] * 100
        await append(run.topic_id, *large)

    await eventually(lambda: marked(run.topic_id, 1000), limit=15)
    with Redis.from_url(own_redis.url) as client:
        assert client.xlen(outside.stream()) < 300  # 3 MB; a thousand were written


async def test_a_reading_group_gets_what_was_streamed_while_it_was_away(own_redis: OwnRedis) -> None:
    run = await ask(make_run)
    with Redis.from_url(own_redis.url, decode_responses=True) as client:
        client.xgroup_create(outside.stream(), "archive", id="0", mkstream=True)
        await append(run.topic_id, stage(), stage())
        await in_stream(own_redis, run.topic_id, 2)

        [[_, entries]] = client.xreadgroup("archive", "one", {outside.stream(): ">"})

    assert [fields["seq"] for _, fields in entries] == ["1", "2"]
