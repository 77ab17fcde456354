"""Programs outside, at Redis: every committed event at least once and in order, and the last state of a run."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from redis import Redis

from realtime import jobs, log, outside, publisher, relay, relayer
from realtime.jobs import Report
from realtime.lines import Announcement, Line
from realtime.log import Draft
from realtime.models import Job
from realtime.readers import ask
from tests.factories import make_run, make_user
from tests.realtime.conftest import OwnRedis, append, progress, stage
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


class Listener:
    """A program that subscribed to channels and keeps what it hears; it comes back when Redis does."""

    def __init__(self, redis: OwnRedis, *channels: str) -> None:
        self._redis = redis
        self._channels = [outside.public(name) for name in channels]
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.connect()

    def connect(self) -> None:
        self._pubsub = Redis.from_url(self._redis.url, decode_responses=True).pubsub()
        self._pubsub.subscribe(*self._channels)
        for _ in self._channels:
            self._pubsub.get_message(timeout=5)

    def listen(self) -> list[tuple[str, dict[str, Any]]]:
        """What was heard so far."""
        while message := self._pubsub.get_message(timeout=0.02):
            if message["type"] == "message":
                name = message["channel"].removeprefix(outside.public(""))
                self.heard.append((name, json.loads(message["data"])))
        return self.heard

    async def hear(self, count: int, *, limit: float = 15.0) -> list[tuple[str, dict[str, Any]]]:
        """What was heard, as soon as it is this much."""
        await eventually(lambda: self._enough(count), limit=limit, what=f"{count} messages")
        return self.heard

    async def hear_until(self, last: Callable[[dict[str, Any]], bool]) -> list[tuple[str, dict[str, Any]]]:
        """What was heard, as soon as such a message is among it."""

        async def came() -> bool:
            return any(last(said) for _, said in await asyncio.to_thread(self.listen))

        await eventually(came, limit=15, what="the last message")
        return self.heard

    async def _enough(self, count: int) -> bool:
        return len(await asyncio.to_thread(self.listen)) >= count


@pytest.fixture
def listening(own_redis: OwnRedis) -> Iterator[Callable[..., Listener]]:
    yield lambda *channels: Listener(own_redis, *channels)


def streamed(redis: OwnRedis, topic: UUID) -> list[int]:
    """The seqs of a topic in the stream, in its order."""
    with Redis.from_url(redis.url, decode_responses=True) as client:
        entries = client.xrange(outside.stream())
    return [int(fields["seq"]) for _, fields in entries if fields["topic"] == str(topic)]


async def in_stream(redis: OwnRedis, topic: UUID, count: int) -> list[int]:
    """The seqs of a topic in the stream, as soon as there are this many."""

    async def enough() -> bool:
        return len(await asyncio.to_thread(streamed, redis, topic)) >= count

    await eventually(enough, limit=15, what=f"{count} entries of the stream")
    return streamed(redis, topic)


async def test_the_stream_has_every_event_as_it_was_stored(own_redis: OwnRedis) -> None:
    run = await ask(make_run)

    lines = await append(run.topic_id, stage(), progress(1), progress(2))
    await in_stream(own_redis, run.topic_id, 3)

    with Redis.from_url(own_redis.url, decode_responses=True) as client:
        entries = [fields for _, fields in client.xrange(outside.stream())]
    assert [(entry["type"], entry["event"]) for entry in entries] == [
        (line.type, line.body) for line in lines
    ]


async def test_an_external_job_is_said_like_a_run(
    own_redis: OwnRedis, listening: Callable[..., Listener]
) -> None:
    ana = await ask(make_user)
    program = listening("media:progress")

    await ask(jobs.report, ana, "render", Report("encoding", 0.5, "Encoding."))
    await ask(jobs.complete, ana, "render")

    told = [said for _, said in await program.hear(3)]
    job = await ask(Job.objects.get)
    assert told[1].pop("timestamp").endswith("Z")
    assert [said["event"] for said in told] == [
        "ANALYSIS_QUEUED",
        "FRAME_ANALYSIS_PROGRESS",
        "ANALYSIS_COMPLETE",
    ]
    assert told[1] == {
        "media_id": "render",
        "user_id": str(ana.pk),
        "event": "FRAME_ANALYSIS_PROGRESS",
        "message": "Encoding.",
        "data": {"model_name": "run", "progress": 50, "total": 100, "details": {"phase": "encoding"}},
        "topic": str(job.topic_id),
        "seq": 2,
    }


async def test_progress_is_said_in_the_words_of_existing_clients(
    own_redis: OwnRedis, listening: Callable[..., Listener]
) -> None:
    run = await ask(make_run)
    program = listening("media:progress")

    await append(run.topic_id, stage("frame_extraction"), progress(7, detector="meso4"))

    [(_, said)] = await program.hear(1)
    assert {key: said[key] for key in ("media_id", "user_id", "event", "message")} == {
        "media_id": str(run.media_id),
        "user_id": str(run.owner_id),
        "event": "FRAME_ANALYSIS_PROGRESS",
        "message": "7 of 100",
    }
    assert said["data"] == {
        "model_name": "meso4",
        "progress": 7,
        "total": 100,
        "details": {"phase": "frame_processing", "fps": 25.0},
    }


async def test_progress_names_its_run_and_the_line_it_was_made_from(
    own_redis: OwnRedis, listening: Callable[..., Listener]
) -> None:
    run = await ask(make_run)
    program = listening("media:progress")

    _, line = await append(run.topic_id, stage("frame_extraction"), progress(7))

    [(_, said)] = await program.hear(1)
    named = {key: said[key] for key in ("run_id", "topic", "seq", "timestamp")}
    assert named == {
        "run_id": str(run.pk),
        "topic": str(run.topic_id),
        "seq": 2,
        "timestamp": json.loads(line.body)["time"],
    }


async def test_the_channel_of_a_user_says_what_their_sockets_say(
    own_redis: OwnRedis, listening: Callable[..., Listener]
) -> None:
    run = await ask(make_run)
    program = listening(f"user:{run.owner_id}")

    await append(run.topic_id, progress(7))

    [(_, said)] = await program.hear(1)
    assert (said["type"], said["mediaId"], said["seq"]) == ("progress_update", str(run.media_id), 1)


async def test_somebody_who_listens_by_pattern_hears_it_too(own_redis: OwnRedis) -> None:
    run = await ask(make_run)
    client = Redis.from_url(own_redis.url, decode_responses=True)
    pubsub = client.pubsub()
    pubsub.psubscribe(outside.public("media:*"))
    pubsub.get_message(timeout=5)

    await append(run.topic_id, progress(7))

    async def heard() -> bool:
        message = await asyncio.to_thread(pubsub.get_message, timeout=0.05)
        return bool(message and message["type"] == "pmessage")

    await eventually(heard, limit=10)
    client.close()


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


async def test_two_writers_of_one_topic_are_told_in_order(own_redis: OwnRedis) -> None:
    run = await ask(make_run)
    lines = await ask(append_unannounced, run.topic_id, 3)

    await append(run.topic_id, stage())

    assert await in_stream(own_redis, run.topic_id, 4) == [1, 2, 3, 4]
    publisher.announce(Announcement.of("media_run", run.owner_id, lines))  # the other one, late
    await append(run.topic_id, stage())
    assert await in_stream(own_redis, run.topic_id, 5) == [1, 2, 3, 4, 5]


def append_unannounced(topic: UUID, count: int) -> list[Line]:
    """Lines of a writer that has committed and not come to announce them."""
    return append_unannounced_drafts(topic, [stage() for _ in range(count)])


def append_unannounced_drafts(topic: UUID, drafts: list[Draft]) -> list[Line]:
    announce, publisher.announce = publisher.announce, lambda announcement: None
    try:
        return log.append(topic, drafts)
    finally:
        publisher.announce = announce


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


async def marked(topic: UUID, seq: int) -> bool:
    return bool(await ask(relay.published, topic) == seq)


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

    lines = await ask(append_unannounced, run.topic_id, 1)
    other = relayer.Relayer()
    other.take(Announcement.of("media_run", run.owner_id, lines))
    await other.drain(books=False)

    assert sorted(set(await in_stream(own_redis, run.topic_id, 3))) == [1, 2, 3]
    other.end()


async def test_a_line_that_overflows_silences_nobody(
    own_redis: OwnRedis, listening: Callable[..., Listener]
) -> None:
    ana = await ask(make_user)
    job = await ask(jobs.create, ana, "a")
    program = listening(f"user:{ana.pk}", "media:progress")

    odd = Draft("job.reported", "far", {"job_id": "a", "stage": "s", "progress": 1e308})
    await append(
        job.topic_id, odd, Draft("job.reported", "m", {"job_id": "a", "stage": "s", "progress": 0.5})
    )

    await program.hear(2)
    assert (await in_stream(own_redis, job.topic_id, 3))[-3:] == [1, 2, 3]


async def test_a_long_run_is_caught_up_with_by_its_newest_progress(own_redis: OwnRedis) -> None:
    run = await ask(make_run)
    started = {"attempt": 1, "detectors": ["spectrum"], "run": str(run.pk)}
    drafts = [Draft("run.started", "", started), *(progress(done, total=5000) for done in range(3000))]
    await ask(append_unannounced_drafts, run.topic_id, drafts)

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


async def test_emptied_lines_do_not_hold_up_what_follows(own_redis: OwnRedis) -> None:
    run = await ask(make_run)
    await ask(append_unannounced, run.topic_id, 4)
    await ask(log.empty, run.topic_id, 1, 3)

    await append(run.topic_id, stage())

    assert await in_stream(own_redis, run.topic_id, 2) == [4, 5]
    await eventually(lambda: marked(run.topic_id, 5), limit=10)


async def test_a_line_no_dialect_can_say_silences_nobody(
    own_redis: OwnRedis, listening: Callable[..., Listener]
) -> None:
    run = await ask(make_run)
    program = listening("media:progress", f"user:{run.owner_id}")
    odd = Draft("detector.finished", "without its assessment", {"detector": 7})

    await append(run.topic_id, odd, progress(1))

    heard = await program.hear(2)
    assert [channel for channel, _ in heard] == ["media:progress", f"user:{run.owner_id}"]
    assert await in_stream(own_redis, run.topic_id, 2) == [1, 2]


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


async def test_a_job_is_streamed_like_a_run(own_redis: OwnRedis) -> None:
    ana = await ask(make_user)

    job = await ask(jobs.report, ana, "render", Report("encoding", 0.5, "Half."))

    assert await in_stream(own_redis, job.topic_id, 2) == [1, 2]
