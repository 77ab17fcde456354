"""A Redis of the test's own, deployed servers on it, and clients that watch."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from websockets.asyncio.client import ClientConnection, connect

from accounts import tokens
from accounts.models import User
from realtime import log, publisher
from realtime.log import Draft, Line
from realtime.readers import ask
from tests.conftest import product_environment
from tests.product import Server, make_server
from tests.realtime.own_redis import OwnRedis
from tests.realtime.programs import Listener


@pytest.fixture
def own_redis(tmp_path_factory: pytest.TempPathFactory, settings: Any) -> Iterator[OwnRedis]:
    """This test's Redis; this process announces through it."""
    folder = tmp_path_factory.mktemp("r")
    redis = OwnRedis(folder)
    redis.start()
    layers = {**django_settings.CHANNEL_LAYERS["default"], "CONFIG": {"hosts": [redis.url], "prefix": "t"}}
    layers["CONFIG"]["prefix"] = f"{django_settings.REDIS_PREFIX}assay"
    settings.CHANNEL_LAYERS = {"default": layers}
    settings.REDIS_URL = redis.url
    yield redis
    publisher.flush()
    redis.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def listening(own_redis: OwnRedis) -> Callable[..., Listener]:
    """`listening("media:progress")`: a program outside that subscribed to channels of this test's Redis."""
    return lambda *channels: Listener(own_redis, *channels)


@pytest.fixture(scope="session")
def _shared_server(
    django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Server]]:
    """Starts one server for all tests that leave it running."""
    started: list[Server] = []

    def shared() -> Server:
        if not started:
            env = product_environment()
            started.append(make_server(env, tmp_path_factory.mktemp("web")))
            started[0].start()
        return started[0]

    yield shared
    for one in started:
        one.stop()


@pytest.fixture
def server(transactional_db: None, _shared_server: Callable[[], Server]) -> Server:
    """The deployed web server all these tests share; whoever stops one starts their own."""
    return _shared_server()


@pytest.fixture
def server_on_own_redis(start_server: Callable[..., Server], own_redis: OwnRedis) -> Server:
    """One deployed web server on the test's own Redis."""
    return start_server(REDIS_URL=own_redis.url)


class Watcher:
    """A client of a topic's socket that keeps everything it was sent."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []

    @property
    def seqs(self) -> list[int]:
        """The seqs of the events seen, in the order they came."""
        return [frame["seq"] for frame in self.frames if "specversion" in frame]

    @property
    def cursor(self) -> int:
        return max(self.seqs, default=0)

    async def see(self, *, until: int, limit: float = 15.0) -> list[int]:
        """Reads until the event `until` came; the seqs seen so far."""
        async with asyncio.timeout(limit):
            while self.cursor < until:
                await self.read()
        return self.seqs

    async def frame(self, kind: str, *, limit: float = 15.0) -> dict[str, Any]:
        """Reads until a control frame of this type came."""
        async with asyncio.timeout(limit):
            while True:
                frame = await self.read()
                if frame.get("type") == kind:
                    return frame

    async def read(self) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(await self.socket.recv())
        self.frames.append(frame)
        return frame

    async def say(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))


Watch = Callable[..., Awaitable[Watcher]]


@pytest.fixture
async def watch() -> AsyncIterator[Watch]:
    """`await watch(server, "/ws/topics/…/?after=3", user)`; every socket is closed after the test."""
    opened: list[ClientConnection] = []

    async def open_socket(server: Server, path: str, user: User | None, **options: Any) -> Watcher:
        headers = {}
        if user is not None:
            headers["Authorization"] = f"Bearer {(await ask(tokens.start_family, user)).access}"
        socket = await connect(server.ws_url + path, additional_headers=headers, **options)
        opened.append(socket)
        return Watcher(socket)

    yield open_socket
    await asyncio.gather(*(socket.close() for socket in opened))


async def append(topic: UUID, *drafts: Draft) -> list[Line]:
    """Appends from a coroutine."""
    return await ask(log.append, topic, drafts)


def progress(done: int, *, total: int = 100, detector: str = "spectrum") -> Draft:
    """One line of progress."""
    data = {"detector": detector, "done": done, "total": total, "unit": "frames", "fps": 25.0}
    extra = {"seconds_left": 1.5, "pts_seconds": done / 25, "faces": None}
    return Draft("run.progressed", f"{done} of {total}", {**data, **extra}, subject=detector)


def stage(name: str = "model_inference") -> Draft:
    """A line that may never be left out."""
    return Draft("stage.started", "A stage began.", {"stage": name})
