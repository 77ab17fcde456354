"""A storm: events flow while Redis, the web server, database connections and the clients' network are cut down.

Seeded, so that a storm can be had again: the faults and their times follow from the seed, the writers and
clients only from each other. Everybody comes back by themselves, as real ones do.
"""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import psycopg
from django.db import Error as DatabaseError
from redis import Redis
from redis.exceptions import RedisError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from realtime import log, outside
from realtime.log import Draft
from realtime.readers import ask
from tests.product import Program, Server
from tests.realtime.own_redis import OwnRedis

UNREACHABLE = (OSError, WebSocketException, TimeoutError)
Fault = Callable[[], Awaitable[None]]


class Client:
    """Watches one topic for ever, and comes back with its cursor after every cut."""

    def __init__(self, server: Server, topic: UUID, key: str) -> None:
        self.server, self.topic, self._key = server, topic, key
        self.seqs: list[int] = []
        self.cuts = 0
        self._socket: ClientConnection | None = None

    async def run(self) -> None:
        while True:
            try:
                await self._watch()
            except UNREACHABLE:
                self.cuts += 1
            await asyncio.sleep(0.05 + random.random() / 5)  # noqa: S311 - as clients spread their returns

    def cut(self) -> None:
        """The network is gone without a word."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def _watch(self) -> None:
        url = f"{self.server.ws_url}/ws/topics/{self.topic}/?after={self.seqs[-1] if self.seqs else 0}"
        headers = {"Authorization": f"Bearer {self._key}"}
        async with connect(url, additional_headers=headers, compression=None, open_timeout=5) as socket:
            self._socket = socket
            async for text in socket:
                frame = json.loads(text)
                if "specversion" in frame:
                    self.seqs.append(frame["seq"])
                assert frame.get("recovered", True), "the server knows a shorter history"


@dataclass
class Follower:
    """A program outside that reads the stream, and the seqs of each topic in the order it met them."""

    redis: OwnRedis
    seqs: dict[str, list[int]] = field(default_factory=dict)

    async def run(self) -> None:
        at = "0"
        while True:
            try:
                at = await asyncio.to_thread(self._read, at)
            except (RedisError, OSError):
                await asyncio.sleep(0.05)

    def _read(self, at: str) -> str:
        with Redis.from_url(self.redis.url, decode_responses=True, socket_timeout=2) as client:
            for _, entries in client.xread({outside.stream(): at}, count=500, block=200) or ():
                for number, fields in entries:
                    at = number
                    self.seqs.setdefault(fields["topic"], []).append(int(fields["seq"]))
        return at

    def first_seen(self, topic: UUID) -> list[int]:
        """The seqs of a topic without those told again."""
        return list(dict.fromkeys(self.seqs.get(str(topic), [])))


@dataclass
class Storm:
    """What is in it, and how hard. rate: events a second over all topics together."""

    seed: int
    seconds: float
    rate: float
    topics: Sequence[UUID]
    clients: Sequence[Client]
    server: Server
    redis: OwnRedis
    database: str
    worker: Program | None = None
    suffered: list[str] = field(default_factory=list)
    written: int = 0

    async def rage(self) -> None:
        """Writes and breaks things for `seconds`; at the end everything runs again."""
        until = time.monotonic() + self.seconds
        # two writers on every topic
        writers = [asyncio.create_task(self._write(until, name)) for name in ("one", "two")]
        await self._break_things(until)
        await asyncio.gather(*writers)

    async def settle(self, *, limit: float) -> None:
        """Waits until every client has everything, or the limit."""
        heads = {topic: await ask(log.head, topic) for topic in self.topics}
        until = time.monotonic() + limit
        while any(len(client.seqs) < heads[client.topic] for client in self.clients):
            if time.monotonic() > until:
                return
            await asyncio.sleep(0.1)

    async def _write(self, until: float, name: str) -> None:
        pause = 2 * len(self.topics) / self.rate
        count = 0
        while time.monotonic() < until:
            began = time.monotonic()
            for topic in self.topics:
                count += 1
                draft = Draft(
                    "stage.started", f"{name} {count}", {"stage": "model_inference", "writer": name}
                )
                try:
                    await ask(log.append, topic, [draft])
                    self.written += 1
                except DatabaseError:
                    self.suffered.append("a write")
            await asyncio.sleep(max(0.0, pause - (time.monotonic() - began)))

    async def _break_things(self, until: float) -> None:
        dice = random.Random(self.seed)  # noqa: S311 - repeatable on purpose
        faults: list[Fault] = [self._lose_redis, self._lose_web, self._lose_database, self._lose_network]
        if self.worker is not None:
            faults.append(self._lose_worker)
        while time.monotonic() < until:
            await asyncio.sleep(dice.uniform(0.3, 1.2))
            fault = dice.choice(faults)
            self.suffered.append(fault.__name__.removeprefix("_lose_"))
            await fault()

    async def _lose_redis(self) -> None:
        await asyncio.to_thread(self.redis.stop)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(self.redis.start)

    async def _lose_web(self) -> None:
        await asyncio.to_thread(self.server.kill)
        await asyncio.to_thread(self.server.start)

    async def _lose_worker(self) -> None:
        assert self.worker is not None
        await asyncio.to_thread(self.worker.kill)
        await asyncio.to_thread(self.worker.start)

    async def _lose_database(self) -> None:
        """Every connection to the database but the one that does this; also ours, in the middle of a commit."""
        await asyncio.to_thread(self._end_connections)

    def _end_connections(self) -> None:
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    async def _lose_network(self) -> None:
        for client in self.clients[:: 1 + len(self.suffered) % 3]:
            client.cut()


async def raging(storm: Storm, follower: Follower, *, limit: float) -> dict[UUID, int]:
    """Runs a storm with its clients and the follower to the end; heads and what everybody saw."""
    watching = [asyncio.create_task(client.run()) for client in storm.clients]
    following = asyncio.create_task(follower.run())
    try:
        await storm.rage()
        await storm.settle(limit=limit)
        heads = {topic: await ask(log.head, topic) for topic in storm.topics}
        until = time.monotonic() + limit
        while any(len(follower.first_seen(topic)) < head for topic, head in heads.items()):
            if time.monotonic() > until:
                break
            await asyncio.sleep(0.1)
        return heads
    finally:
        for task in [*watching, following]:
            task.cancel()
        results = await asyncio.gather(*watching, following, return_exceptions=True)
        for result in results:
            if isinstance(result, AssertionError):
                raise result
