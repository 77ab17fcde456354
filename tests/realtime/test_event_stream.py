"""Server-sent events: the same lines, the same cursor, the same rights as on the socket."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from accounts import credentials, tokens
from accounts.models import Credential, User
from realtime import log, stats
from realtime.log import Draft
from realtime.readers import ask
from tests.factories import make_run, make_user
from tests.product import Server
from tests.realtime.conftest import append, progress, stage
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class Told:
    """One server-sent event."""

    id: str
    event: str
    data: dict[str, Any]
    text: str


class Stream:
    """An open stream that keeps what it was told."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.told: list[Told] = []
        self._lines = response.aiter_lines()

    @property
    def seqs(self) -> list[int]:
        return [one.data["seq"] for one in self.told if "specversion" in one.data]

    async def until(self, found: Callable[[Told], bool], *, limit: float = 20.0) -> Told:
        """Reads until an event fits."""
        async with asyncio.timeout(limit):
            while True:
                one = await self.read()
                assert one is not None, "the stream ended"
                if found(one):
                    return one

    async def named(self, name: str, *, limit: float = 20.0) -> Told:
        return await self.until(lambda one: one.event == name, limit=limit)

    async def see(self, *, until: int) -> list[int]:
        while until not in self.seqs:
            await self.until(lambda one: one.data.get("seq") == until)
        return self.seqs

    async def read(self) -> Told | None:
        """The next event; None at the end."""
        fields: dict[str, str] = {}
        async for line in self._lines:
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
            elif "event" in fields:
                data = json.loads(fields["data"])
                self.told.append(Told(fields.get("id", ""), fields["event"], data, fields["data"]))
                return self.told[-1]
        return None


Listen = Callable[..., Awaitable[Stream]]


@pytest.fixture
async def listen() -> AsyncIterator[Listen]:
    """`await listen(server, "/api/v1/topics/…/stream/", user)`; every stream is closed after the test."""
    opened: list[httpx.Response] = []
    async with httpx.AsyncClient(timeout=40, trust_env=False) as client:

        async def open_stream(server: Server, path: str, user: User | None, **headers: str) -> Stream:
            if user is not None:
                headers["Authorization"] = f"Bearer {(await ask(tokens.start_family, user)).access}"
            request = client.build_request("GET", server.url + path, headers=headers)
            opened.append(await client.send(request, stream=True))
            return Stream(opened[-1])

        yield open_stream
        for response in opened:
            await response.aclose()


async def test_lines_come_as_stored_then_live_with_their_seq_as_id(server: Server, listen: Listen) -> None:
    run = await ask(make_run)
    await append(
        run.topic_id, stage(), Draft("detector.started", 'says "seq":7,', {"seq": 9}, subject='"seq":3')
    )
    stream = await listen(server, f"/api/v1/topics/{run.topic_id}/stream/", run.owner)
    await stream.named("caught_up")
    await append(run.topic_id, stage())

    await stream.see(until=3)

    assert [one.event for one in stream.told] == [
        "subscribed",
        "stage.started",
        "detector.started",
        "caught_up",
        "stage.started",
    ]
    events = [one for one in stream.told if one.id]
    assert [one.id for one in events] == ["1", "2", "3"]
    assert [one.text for one in events] == [line.body for line in await ask(log.read, run.topic_id)]
    headers = stream.response.headers
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-store", "no")


@pytest.mark.parametrize(
    "address", ["topics/{run.topic_id}/events/", "runs/{run.pk}/events/", "runs/{run.pk}/stream/"]
)
async def test_the_addresses_of_events_stream_when_asked_to(
    server: Server, listen: Listen, address: str
) -> None:
    run = await ask(make_run)
    await append(run.topic_id, stage())

    stream = await listen(server, f"/api/v1/{address.format(run=run)}", run.owner, Accept="text/event-stream")

    assert await stream.see(until=1) == [1]


@pytest.mark.parametrize(
    ("after", "last_id", "seqs"),
    [("", "", [1, 2, 3, 4]), ("?after=2", "", [3, 4]), ("?after=2", "3", [4]), ("", "{topic}/1", [2, 3, 4])],
)
async def test_the_last_id_is_where_a_stream_goes_on(
    server: Server, listen: Listen, after: str, last_id: str, seqs: list[int]
) -> None:
    run = await ask(make_run)
    await append(run.topic_id, *[stage() for _ in range(4)])
    headers = {"Last-Event-ID": last_id.format(topic=run.topic_id)} if last_id else {}

    stream = await listen(server, f"/api/v1/topics/{run.topic_id}/stream/{after}", run.owner, **headers)

    assert await stream.see(until=4) == seqs


async def test_emptied_lines_are_named_and_move_the_cursor(server: Server, listen: Listen) -> None:
    run = await ask(make_run)
    await append(run.topic_id, *[stage() for _ in range(4)])
    await ask(log.empty, run.topic_id, 2, 3)

    stream = await listen(server, f"/api/v1/topics/{run.topic_id}/stream/", run.owner)
    thinned = await stream.named("thinned")

    assert (thinned.id, thinned.data) == ("3", {"type": "thinned", "first": 2, "last": 3})


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("nobody", "topics/{run.topic_id}/stream/", 401),
        ("stranger", "topics/{run.topic_id}/stream/", 404),
        ("stranger", "runs/{run.pk}/stream/", 404),
        ("owner", "topics/00000000-0000-4000-8000-000000000000/stream/", 404),
        ("owner", "topics/{run.topic_id}/stream/?after=x", 400),
        ("owner", "topics/{run.topic_id}/stream/?afer=1", 400),
    ],
)
async def test_who_may_not_is_told_before_anything_streams(
    server: Server, listen: Listen, who: str, path: str, status: int
) -> None:
    run = await ask(make_run)
    user = {"nobody": None, "stranger": await ask(make_user), "owner": run.owner}[who]

    stream = await listen(server, f"/api/v1/{path.format(run=run)}", user)

    assert stream.response.status_code == status
    assert stream.response.headers["content-type"].startswith("application/problem+json")
    assert json.loads(await stream.response.aread())["status"] == status


@pytest.mark.parametrize("how", ["revoked", "not_yours"])
async def test_lost_rights_end_a_stream_within_five_seconds(server: Server, listen: Listen, how: str) -> None:
    run = await ask(make_run)
    stream = await listen(server, f"/api/v1/topics/{run.topic_id}/stream/", run.owner)
    await stream.named("caught_up")

    began = time.monotonic()
    await ask(_lose, how, run)
    error = await stream.named("error")

    assert time.monotonic() - began < 5
    assert error.data["code"] == {"revoked": "credential_ended", "not_yours": "not_allowed"}[how]
    assert await stream.read() is None


def _lose(how: str, run: Any) -> None:
    if how == "revoked":
        Credential.objects.filter(user=run.owner).update(revoked=timezone.now())
    else:
        type(run.media).objects.filter(pk=run.media.pk).update(owner=make_user())


async def test_a_token_that_ends_ends_the_stream(server: Server, listen: Listen) -> None:
    run = await ask(make_run)
    soon = timezone.now() + timedelta(seconds=3)
    _, key = await ask(credentials.issue_api_key, run.owner, expires=soon)

    stream = await listen(server, f"/api/v1/topics/{run.topic_id}/stream/", None, **{"X-API-Key": key})
    error = await stream.named("error", limit=9)

    assert error.data["code"] == "credential_ended"


async def test_a_stream_is_never_silent_for_fifteen_seconds(server: Server, listen: Listen) -> None:
    run = await ask(make_run)
    stream = await listen(server, f"/api/v1/topics/{run.topic_id}/stream/", run.owner)
    await stream.named("caught_up")

    heartbeat = await stream.named("heartbeat", limit=15)

    assert heartbeat.data == {"type": "heartbeat", "head": 0}


async def test_a_stream_counts_as_a_socket_until_it_is_closed(server: Server, listen: Listen) -> None:
    run = await ask(make_run)
    stream = await listen(server, f"/api/v1/topics/{run.topic_id}/stream/", run.owner)
    await stream.named("caught_up")
    await eventually(_streams, what="it is counted")

    await stream.response.aclose()

    await eventually(_no_streams, what="it is not counted any more")


async def _streams() -> int:
    said = await ask(stats.everywhere)
    return sum(one.counts.by_path.get("stream", 0) for one in said)


async def _no_streams() -> bool:
    said = await ask(stats.everywhere)
    return bool(said) and not any(one.counts.by_path.get("stream", 0) for one in said)


async def test_a_stopping_server_ends_streams_at_once_and_says_so(
    live_server_process: Server, listen: Listen
) -> None:
    run = await ask(make_run)
    stream = await listen(live_server_process, f"/api/v1/topics/{run.topic_id}/stream/", run.owner)
    await stream.named("caught_up")

    began = time.monotonic()
    live_server_process.process.terminate()
    error = await stream.named("error")
    await asyncio.to_thread(live_server_process.process.wait, 10)

    assert error.data["code"] == "restarting"
    assert time.monotonic() - began < 3
    assert "Exception in ASGI application" not in live_server_process.log()


async def test_too_many_streams_are_refused(start_server: Callable[..., Server], listen: Listen) -> None:
    server = start_server(ASSAY_SOCKETS_PER_USER="1")
    run = await ask(make_run)
    path = f"/api/v1/topics/{run.topic_id}/stream/"
    first = await listen(server, path, run.owner)
    await first.named("caught_up")

    second = await listen(server, path, run.owner)

    assert second.response.status_code == 429
    assert json.loads(await second.response.aread())["code"] == "too_many"
    await append(run.topic_id, progress(1))
    assert await first.see(until=1) == [1]


@pytest.mark.timeout(180)
async def test_a_stream_nobody_reads_is_dropped_within_thirty_seconds(server: Server) -> None:
    run = await ask(make_run)
    token = (await ask(tokens.start_family, run.owner)).access
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
    path = f"/api/v1/topics/{run.topic_id}/stream/"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    await reader.readuntil(b"event: caught_up")
    for _ in range(32):
        await append(run.topic_id, *[Draft("stage.started", data={"filling": "x" * 30_000})] * 16)
    await eventually(_waiting_bytes, limit=20, every=0.2, what="frames wait for it")
    began = time.monotonic()

    await eventually(_no_streams, limit=60, every=0.5, what="it is dropped")

    assert time.monotonic() - began < 30
    writer.close()


async def _waiting_bytes() -> int:
    return sum(one.counts.outbox_bytes for one in await ask(stats.everywhere))
