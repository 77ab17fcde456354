"""Everything a real server says is described in docs/asyncapi.yaml, and everything described is said."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from redis.asyncio import Redis

from accounts import tokens
from accounts.models import User
from analysis import queue
from analysis.models import Run
from analysis.topics import description_changed
from analysis.uploads import adopt_file
from realtime import jobs, log, outside, routing
from realtime.jobs import Report
from realtime.log import Draft
from realtime.models import Event, Job
from realtime.readers import ask
from tests.clips import write_video
from tests.factories import make_run, make_user
from tests.product import Program, Server
from tests.realtime.conftest import Watch, Watcher, append, progress, stage
from tests.realtime.described import DOCUMENT, EVENT_TYPES, at, judge, kind, kinds, messages, seen
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
HEARTBEAT_SECONDS = 25.0
# Types nothing writes in these scripts: an attempt that is lost, a detector that breaks, cameras.
NOT_PLAYED = {
    "run.retried",
    "run.failed",
    "run.cancelled",
    "detector.failed",
    "camera.online",
    "camera.offline",
    # tests/analysis/test_stress.py holds these against the document
    "stress.started",
    "variant.started",
    "variant.scored",
    "variant.skipped",
}


def served(channel: str) -> str:
    """The address of a socket with a parameter; skips the test where the server has none yet."""
    address = str(DOCUMENT["channels"][channel]["address"])
    if not _served(address):
        pytest.skip(f"{address} is not served")
    return address


def _served(address: str) -> bool:
    plain = re.sub(r"{\w+}", "x", address).lstrip("/")
    return any(pattern and re.match(pattern, plain) for pattern in routing._PLACES)


async def answered(watcher: Watcher, **frame: Any) -> None:
    """Says something, and reads what comes until it was answered."""
    await watcher.say(**frame)
    await watcher.say(type="ping")
    await watcher.frame("pong")


async def emptied(topic: Any, *seqs: int) -> None:
    rows = Event.objects.filter(topic=topic, seq__in=seqs)
    await ask(rows.update, body="", data=None, message="", subject="")


async def played(job_id: str, user: User) -> Job:
    """An external job that is announced, reported on, stalls, and is done."""
    await ask(jobs.create, user, job_id, silent_seconds=60)
    await ask(jobs.report, user, job_id, Report("encoding", 0.4, "Frame 120", {"frame": 120}))
    silent_since = timezone.now() - timedelta(seconds=70)
    await ask(Job.objects.filter(job_id=job_id).update, reported=silent_since)
    await ask(jobs.sweep)
    return await ask(jobs.complete, user, job_id, {"file": "out.mp4"})


async def queued() -> Run:
    """A run as it is found by its id: with a first line."""
    run = await ask(make_run)
    data = {"run": str(run.pk), "media": str(run.media_id), "filename": run.media.filename, "detectors": []}
    await ask(log.append, run.topic_id, [Draft("run.queued", "Waiting for a worker.", data)], run=run.pk)
    return run


def footage() -> list[Draft]:
    box, model = [0.25, 0.5, 0.5, 0.875], {"type": "yolox-nano", "version": "0.1.1"}
    where = {"box": box, "pts_seconds": 12.48, "frame": 312, "confidence": 0.91}
    track = {**where, "track": 15, "class": "person", "dwell_seconds": 4.2, "model": model}
    plate = {**where, "plate": "AB-12 CDE", "region": "gb"}
    motion = {"intensity": 0.4, "area": 0.125, "pts_seconds": 3.0, "frame": 75}
    return [
        *(
            Draft(f"track.{action}", "", track, subject="track/15")
            for action in ("entered", "updated", "left")
        ),
        *(Draft(f"motion.{action}", "", motion) for action in ("started", "ended")),
        Draft("plate.read", "", plate, subject="AB12CDE"),
    ]


def failed(run: Any) -> Draft:
    data = {"run": str(run.pk), "attempt": 1, "code": "reader_lost", "error": "Lost.", "filename": "clip.mp4"}
    return Draft("run.failed", "The reader died.", data, ending=True)


def succeeded(run: Any) -> Draft:
    said = {"outcome": "no_signs", "sentence": "No signs.", "why": "", "limit": "", "rule": "all"}
    return Draft("run.succeeded", "No signs.", {"run": str(run.pk), "attempt": 1, **said}, ending=True)


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
    while "status" not in await done.read():
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


async def test_of_socketio(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    told = SocketIO(await watch(server, "/socket.io/?EIO=4&transport=websocket", None))
    token = (await ask(tokens.start_family, run.owner)).access
    await told.watcher.socket.send("40" + json.dumps({"token": token}))
    await told.until("snapshot")

    await append(run.topic_id, progress(1), failed(run))
    await told.until("media_update")
    await told.watcher.socket.send('42["nonsense"]')
    await told.until("heartbeat", limit=HEARTBEAT_SECONDS)

    # lines that were emptied are met here only by a client that fell behind
    assert told.kinds() == messages("socketio", "send").keys() - {"thinned"}


class SocketIO:
    """A Socket.IO client, by hand: the names and arguments of the events it was told."""

    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher
        self.events: list[tuple[str, Any]] = []

    async def until(self, event: str, *, limit: float = 15.0) -> None:
        async with asyncio.timeout(limit):
            while event not in [name for name, _ in self.events]:
                packet = str(await self.watcher.socket.recv())
                if packet == "2":
                    await self.watcher.socket.send("3")
                elif packet.startswith("42"):
                    name, data = json.loads(packet[2:])
                    self.events.append((name, data))

    def kinds(self) -> set[str]:
        return {self._kind(name, data) for name, data in self.events}

    def _kind(self, event: str, data: Any) -> str:
        said = messages("socketio", "send")
        found = [
            name
            for name, message in said.items()
            if message["name"] == event and judge(message["payload"]["$ref"]).is_valid(data)
        ]
        assert len(found) == 1, f"{event}: {json.dumps(data)}"
        return found[0]


@pytest.mark.parametrize("channel", ["topic", "user", "jobs", "analysis", "events"])
async def test_what_a_client_may_say_is_understood_and_nothing_else(
    server: Server, watch: Watch, channel: str
) -> None:
    run = await queued()
    path = re.sub(r"{\w+}", str(run.topic_id if channel == "topic" else run.id), served(channel))
    said = {
        "ping": {"type": "ping"},
        "ack": {"type": "ack", "seq": 0},
        "resume": {"type": "resume", str(run.topic_id): 0},
        "subscribe": {"type": "subscribe", "task_id": str(run.id)},
    }
    known = messages(channel, "receive").keys() - {"authenticate"}
    watcher = await watch(server, path, run.owner)

    for name in known:
        assert kind(channel, said[name], action="receive") == name
        await answered(watcher, **said[name])
    assert [frame for frame in watcher.frames if frame.get("type") == "error"] == []
    for name in known:
        odd = {**said[name], "colour": "red"}
        assert kinds(channel, odd, action="receive") == []
        await watcher.say(**odd)
        assert await watcher.frame("error")


async def test_the_first_message_may_say_who_it_is(server: Server, watch: Watch) -> None:
    watcher = await watch(server, "/ws/user/", None)
    introduction = {"type": "authenticate", "token": "nobody's"}

    await watcher.say(**introduction)
    refusal = await watcher.frame("error")

    assert kind("user", introduction, action="receive") == "authenticate"
    assert kind("user", refusal) == "error"


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
    return {name: re.sub(r"{\w+}", run, address) for name, address in addresses.items() if _served(address)}


async def _told(topics: set[str], count: int) -> bool:
    return len(await stream(topics)) >= count


def test_an_event_that_lacks_something_or_says_too_much_is_noticed() -> None:
    event = json.loads(
        '{"specversion":"1.0","id":"11111111-2222-4333-8444-555555555555/1","type":"stage.finished",'
        '"source":"/topics/11111111-2222-4333-8444-555555555555","time":"2026-05-03T14:00:12.480000Z",'
        '"datacontenttype":"application/json","data":{"stage":"visualization","seconds":1.5},'
        '"topic":"11111111-2222-4333-8444-555555555555","seq":1,"message":""}'
    ) | {"prev": "0" * 64, "hash": "1" * 64}

    assert kinds("topic", event) == ["event"]
    for name in at("#/components/schemas/Event/required"):
        assert kinds("topic", {key: value for key, value in event.items() if key != name}) == []
    assert kinds("topic", {**event, "data": {"stage": "dancing", "seconds": 1.5}}) == []
    assert kinds("topic", {**event, "data": {"stage": "visualization"}}) == []
    assert kinds("topic", {"type": "somebody_elses"}) == []
