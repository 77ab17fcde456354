"""A Socket.IO client that does not read costs little and is gone in time, whatever its transport."""

import asyncio
import json
import time
from dataclasses import replace
from uuid import UUID

import psutil
import pytest

from accounts import tokens
from accounts.models import User
from realtime import stats
from realtime.readers import ask
from realtime.stats import Sockets
from tests.factories import make_run
from tests.product import Server
from tests.realtime.conftest import append, progress, stage
from tests.realtime.socketio_clients import RawSocket, poller, raw_socket
from tests.waiting import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
MEGABYTE = 2**20


def introduction(user: User) -> str:
    return "40" + json.dumps({"token": tokens.start_family(user).access})


async def flood(topic: UUID, pages: int) -> int:
    """Some 120 KB of events a page, twice that as Socket.IO says them; the last seq."""
    last = 0
    for number in range(pages):
        fat = [progress(number * 32 + n) for n in range(32)]
        drafts = [replace(draft, message="x" * 1900) for draft in fat]
        last = (await append(topic, *drafts, stage("audio_extraction")))[-1].seq
    return last


async def counts() -> Sockets:
    said = await ask(stats.everywhere)
    return max((process.counts for process in said), key=lambda one: one.sockets, default=Sockets())


async def waiting_bytes() -> int:
    return (await counts()).outbox_largest_bytes


async def nobody() -> bool:
    return (await counts()).sockets == 0


def memory_bytes(server: Server) -> int:
    return int(psutil.Process(server.pid).memory_info().rss)


async def test_a_socket_that_is_not_read(live_server_process: Server) -> None:
    server, run = live_server_process, await ask(make_run)
    options = {"max_queue": 1, "compression": None, "ping_interval": None}
    async with raw_socket(server, **options) as slow, raw_socket(server) as quick:
        await slow.socket.send(await ask(introduction, run.owner))
        await slow.until("snapshot")
        await quick.socket.send(await ask(introduction, run.owner))
        await quick.until("snapshot")
        before, port = memory_bytes(server), slow.socket.local_address[1]

        reading = asyncio.create_task(until_seq(quick, 160 * 33))
        await flood(run.topic_id, 160)
        began = time.monotonic()
        queued = await eventually(waiting_bytes, limit=20, every=0.2, what="events wait for it")
        await eventually(lambda: not connected(server, port), limit=60, every=0.5, what="it is dropped")
        took = time.monotonic() - began
        grown = memory_bytes(server) - before

        assert queued <= MEGABYTE
        assert took < 32  # 30 from when it stopped reading; the flood itself took its time
        assert grown < 48 * MEGABYTE
        await reading


async def until_seq(socket: RawSocket, last: int) -> None:
    while (await socket.until("progress_update"))["seq"] < last:
        pass


def connected(server: Server, port: int) -> bool:
    open_ones = psutil.Process(server.pid).net_connections("tcp")
    return any(one.raddr and one.raddr.port == port for one in open_ones)


async def test_a_polling_client_that_does_not_poll(live_server_process: Server) -> None:
    server, run = live_server_process, await ask(make_run)
    async with poller(server) as slow:
        await slow.post(await ask(introduction, run.owner))
        await slow.until('42["snapshot"')

        await flood(run.topic_id, 40)
        queued = await eventually(waiting_bytes, limit=20, every=0.2, what="events wait for it")
        began = time.monotonic()
        await eventually(nobody, limit=60, every=0.5, what="it is not counted any more")
        took = time.monotonic() - began
        answer = await slow.get()

        assert queued <= MEGABYTE
        assert took < 40  # 30, and the report of the counts
        assert answer.status_code == 400


async def test_a_polling_client_that_fell_behind_is_told_what_is_new(server: Server) -> None:
    run = await ask(make_run)
    async with poller(server) as slow:
        await slow.post(await ask(introduction, run.owner))
        await slow.until('42["snapshot"')
        last = await flood(run.topic_id, 40)

        seen = [seq_of(await slow.until('42["progress_update"'))]
        while seen[-1] < last:
            seen.append(seq_of(await slow.until('42["progress_update"')))

        assert seen == sorted(set(seen))
        assert set(range(33, last + 1, 33)) <= set(seen), "stages are never left out"


def seq_of(packet: str) -> int:
    return int(json.loads(packet[2:])[1]["seq"])
