"""Live views before a real Redis: slow readers get the newest frame, and Redis may go and come."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from accounts.credentials import Identity
from analysis.cameras import live_streams
from analysis.cameras.live_streams import LiveStream, Opening
from analysis.cameras.live_view import MOST_BYTES, Publisher
from analysis.engine.types.footage import Snapshot
from tests.realtime.own_redis import OwnRedis
from tests.waiting import eventually

OPENING = Opening(Identity(uuid4(), uuid4(), None), uuid4(), uuid4())


class Client:
    """Takes what is sent only while it is `reading`."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.reading = asyncio.Event()
        self.reading.set()
        self.gone = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        await self.reading.wait()
        self.parts.append(message.get("body", b""))

    def saw(self, what: bytes) -> bool:
        return any(what in part for part in self.parts)


@pytest.fixture
def own_redis(tmp_path_factory: pytest.TempPathFactory, settings: Any) -> Iterator[OwnRedis]:
    folder: Path = tmp_path_factory.mktemp("r")
    redis = OwnRedis(folder)
    redis.start()
    settings.REDIS_URL = redis.url
    yield redis
    redis.stop()


@pytest.fixture
async def connect(own_redis: OwnRedis) -> AsyncIterator[Callable[[], Client]]:
    """Opens live views of the same camera."""
    opened: list[tuple[Client, asyncio.Future[None]]] = []

    def connect() -> Client:
        client = Client()
        serving = asyncio.ensure_future(LiveStream(OPENING, client.receive, client.send).serve())
        opened.append((client, serving))
        return client

    yield connect
    for client, serving in opened:
        client.reading.set()
        client.gone.set()
        await serving


@pytest.fixture
def client(connect: Callable[[], Client]) -> Client:
    return connect()


@pytest.fixture
def publisher(own_redis: OwnRedis) -> Iterator[Publisher]:
    publisher = Publisher(OPENING.camera)
    yield publisher
    publisher.close()


def frame(name: str) -> Snapshot:
    return Snapshot(f"clean {name}".encode(), f"boxed {name}".encode())


async def test_a_slow_reader_gets_the_newest_frame_and_none_of_those_between(
    connect: Callable[[], Client], publisher: Publisher
) -> None:
    slow, quick = connect(), connect()
    publisher.show(frame("first"))
    await eventually(lambda: slow.saw(b"boxed first"))
    slow.reading.clear()

    for name in ("between 1", "between 2", "between 3", "between 4", "newest"):
        publisher.show(frame(name))
        await eventually(partial(quick.saw, name.encode()))
    slow.reading.set()

    await eventually(lambda: slow.saw(b"boxed newest"))
    # the one that was on its way when reading stopped, and no other
    assert sum(b"between" in part for part in slow.parts) <= 1


async def test_where_redis_is_away_the_view_says_so_and_comes_back(
    client: Client, publisher: Publisher, own_redis: OwnRedis
) -> None:
    publisher.show(frame("before"))
    await eventually(lambda: client.saw(b"boxed before"))

    own_redis.stop()
    await eventually(lambda: client.saw(b"Assay-Shows: away"))
    own_redis.start()
    await eventually(publisher.is_watched)
    publisher.show(frame("after"))

    await eventually(lambda: client.saw(b"boxed after"))


async def test_where_rights_can_be_asked_for_no_longer_views_end(
    own_redis: OwnRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_streams, "RECHECK_SECONDS", 0.05)
    monkeypatch.setattr(live_streams, "watchable", lambda pairs: 1 / 0)
    monkeypatch.setattr(live_streams.credentials, "live", set)
    client = Client()

    async with asyncio.timeout(10):
        await live_streams.Streams().serve(LiveStream(OPENING, client.receive, client.send))

    assert client.parts
    assert not client.gone.is_set()


async def test_a_frame_that_is_too_large_is_not_shown(client: Client, publisher: Publisher) -> None:
    publisher.show(Snapshot(b"x" * (MOST_BYTES + 1), b"y"))

    await eventually(lambda: client.saw(b"Assay-Shows: none"))
    assert not client.saw(b"Assay-Shows: picture")
