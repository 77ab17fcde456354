"""Programs outside, at channels of Redis: what happens, in the words of existing clients."""

import asyncio
import json
from collections.abc import Callable

import pytest
from redis import Redis

from realtime import jobs, outside
from realtime.jobs import Report
from realtime.log import Draft
from realtime.models import Job
from realtime.readers import ask
from tests.factories import make_run, make_user
from tests.realtime.conftest import append, progress, stage
from tests.realtime.own_redis import OwnRedis
from tests.realtime.programs import Listener, in_stream
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


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
