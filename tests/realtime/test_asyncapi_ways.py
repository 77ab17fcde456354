"""An examination is told on every way to the outside as docs/asyncapi.yaml describes it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from redis.asyncio import Redis

from analysis import queue
from analysis.uploads import adopt_file
from realtime import jobs, outside
from realtime.readers import ask
from tests.clips import write_video
from tests.factories import make_user
from tests.product import Program, Server
from tests.realtime.conftest import Watch, append
from tests.realtime.described import DOCUMENT, EVENT_TYPES, kind, messages, seen
from tests.realtime.scenes import footage, is_served, played
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
# Types nothing writes in these scripts: an attempt that is lost, a detector that breaks, cameras.
NOT_PLAYED = {
    "run.retried",
    "run.failed",
    "run.cancelled",
    "detector.failed",
    "camera.online",
    "camera.offline",
    "camera.gap",
    # tests/analysis/test_stress.py holds these against the document
    "stress.started",
    "variant.started",
    "variant.scored",
    "variant.skipped",
    # and tests/analysis/alerts/test_raising.py this one
    "alert.raised",
}


class Outside:
    """A program that hears every channel of ours in Redis, and knows what they are called in the document."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self.heard: dict[str, list[dict[str, Any]]] = {}
        self.strangers: set[str] = set()

    async def listen(self) -> None:
        pubsub = self._redis.pubsub(ignore_subscribe_messages=True)
        await pubsub.psubscribe(outside.public("*"))
        async for message in pubsub.listen():
            name = message["channel"].decode("latin-1").removeprefix(outside.public(""))
            if not name.startswith("assay"):  # the layer's own, between our processes
                self._take(name, message["data"])

    def _take(self, name: str, data: bytes) -> None:
        channel = _described(name)
        if channel is None:
            self.strangers.add(name)
        else:
            self.heard.setdefault(channel, []).append(json.loads(data))


def _described(name: str) -> str | None:
    for channel, node in DOCUMENT["channels"].items():
        if node["servers"] == [{"$ref": "#/servers/redis"}] and re.fullmatch(
            re.sub(r"{\w+}", ".+", node["address"]), name
        ):
            return str(channel)
    return None


@pytest.fixture
async def program() -> AsyncIterator[Outside]:
    redis = Redis.from_url(settings.REDIS_URL)
    listening = Outside(redis)
    task = asyncio.create_task(listening.listen())
    yield listening
    task.cancel()
    await redis.aclose()


async def stream(topics: set[str]) -> list[dict[str, str]]:
    """The entries of the stream that belong to these topics."""
    async with Redis.from_url(settings.REDIS_URL, decode_responses=True) as redis:
        entries = await redis.xrange(outside.stream())
    return [fields for _, fields in entries if fields["topic"] in topics]


async def test_of_an_examination_on_every_way(
    server: Server,
    watch: Watch,
    program: Outside,
    start_worker: Callable[..., Program],
    tmp_path: Path,
) -> None:
    user = await ask(make_user)
    write_video(tmp_path / "clip.mp4", seconds=2.0)
    media = await ask(adopt_file, tmp_path / "clip.mp4", owner=user)
    run = await ask(queue.enqueue, media, owner=user)
    watcher = await watch(server, f"/ws/topics/{run.topic_id}/", user)
    own = await watch(server, "/ws/user/", user)
    dialects = {name: await watch(server, path, user) for name, path in _spoken(str(run.pk)).items()}

    start_worker()
    await watcher.frame("run.succeeded", limit=100)
    await own.frame("media_update", limit=10)
    job, broken = await played("nightly", user), await ask(jobs.fail, user, "broken", "Too warm.")
    await append(run.topic_id, *footage())
    await watcher.see(until=(watcher.cursor + len(footage())))
    topics = {str(run.topic_id), str(job.topic_id), str(broken.topic_id)}
    await eventually(lambda: _told(topics, watcher.cursor + 4 + 2), limit=15, what="all of it in the stream")

    entries = await stream(topics)
    assert {kind("stream", entry) for entry in entries} == {"entry"}
    assert {kind("topic", json.loads(entry["event"])) for entry in entries} == {"event"}
    assert {entry["type"] for entry in entries} | NOT_PLAYED >= EVENT_TYPES - {"visualization.progressed"}
    assert seen("topic", watcher.frames) <= messages("topic", "send").keys()
    assert seen("user", own.frames) >= {"snapshot", "progressUpdate", "mediaUpdate"}
    for channel, listening in dialects.items():
        await listening.say(type="ping")
        await listening.frame("pong")
        assert len(seen(channel, listening.frames)) > 2, channel
    assert program.strangers == set()
    assert program.heard.keys() == _channels()
    for channel, frames in program.heard.items():
        assert seen(channel, frames), channel


def _channels() -> set[str]:
    """The channels of Redis that are described; the stream is none."""
    redis = [{"$ref": "#/servers/redis"}]
    return {name for name, node in DOCUMENT["channels"].items() if node["servers"] == redis} - {"stream"}


def _spoken(run: str) -> dict[str, str]:
    """The addresses of a run on the sockets of dialects, as far as they are served."""
    addresses = {name: DOCUMENT["channels"][name]["address"] for name in ("jobs", "analysis")}
    return {name: re.sub(r"{\w+}", run, address) for name, address in addresses.items() if is_served(address)}


async def _told(topics: set[str], count: int) -> bool:
    return len(await stream(topics)) >= count
