"""A reader that does not read costs little, is cut in time, and loses nothing by it."""

import asyncio
import json
import time
from uuid import UUID

import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from accounts import tokens
from accounts.models import User
from realtime import stats
from realtime.log import Draft
from realtime.readers import ask
from realtime.stats import Sockets
from tests.factories import make_run
from tests.product import Server
from tests.realtime.conftest import Watch, append, stage
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
MEGABYTE = 2**20


def fat_progress(done: int) -> Draft:
    data = {"detector": "meso4", "done": done, "total": 1000, "unit": "frames", "filling": "x" * 30_000}
    return Draft("run.progressed", str(done), data, subject="meso4")


async def idle_reader(server: Server, user: User, topic: UUID) -> ClientConnection:
    """A socket whose client takes nothing from the operating system once a few frames have come."""
    headers = {"Authorization": f"Bearer {(await ask(tokens.start_family, user)).access}"}
    url = f"{server.ws_url}/ws/topics/{topic}/"
    return await connect(url, additional_headers=headers, max_queue=1, compression=None, ping_interval=None)


async def flood(topic: UUID, megabytes: int) -> int:
    """Appends that much progress with a finding in between; the last seq."""
    last = 0
    for number in range(megabytes * 2):
        lines = await append(topic, *[fat_progress(number * 16 + n) for n in range(16)], stage())
        last = lines[-1].seq
    return last


async def everything(socket: ClientConnection) -> tuple[list[dict[str, object]], int]:
    """All frames until the end, and the close code."""
    frames = []
    try:
        async with asyncio.timeout(30):
            while True:
                frames.append(json.loads(await socket.recv()))
    except ConnectionClosed as ended:
        assert ended.rcvd is not None
        return frames, ended.rcvd.code


async def counts() -> Sockets:
    said = await ask(stats.everywhere)
    return max((process.counts for process in said), key=lambda one: one.sockets, default=Sockets())


@pytest.mark.timeout(180)
async def test_a_reader_that_does_not_read_is_cut_and_resumes(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    slow = await idle_reader(server, run.owner, run.topic_id)
    quick = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)
    await quick.frame("caught_up")

    reading = asyncio.create_task(quick.see(until=17 * 40, limit=60))
    last = await flood(run.topic_id, 20)
    began = time.monotonic()
    await reading
    queued = await eventually(queue_of_both, limit=15, what="both sockets are counted")
    await eventually(emptied, limit=40, every=0.2, what="the slow reader was cut")
    took = time.monotonic() - began
    frames, code = await everything(slow)

    assert queued <= MEGABYTE
    assert took < 30
    assert code == 4008
    assert frames[-1]["code"] == "too_slow"
    assert quick.seqs == list(range(1, last + 1))
    cursor = max(int(str(frame["seq"])) for frame in frames if "seq" in frame)
    again = await watch(server, f"/ws/topics/{run.topic_id}/?after={cursor}", run.owner)
    assert await again.see(until=last) == list(range(cursor + 1, last + 1))


async def queue_of_both() -> int:
    said = await counts()
    return said.outbox_largest_bytes if said.sockets == 2 else 0


async def emptied() -> bool:
    """Whether what waited was dropped, of a socket that can still be told why."""
    said = await counts()
    return said.sockets == 2 and not said.outbox_bytes


@pytest.mark.timeout(180)
async def test_the_connection_of_a_reader_that_never_reads_is_gone_within_30_seconds(server: Server) -> None:
    run = await ask(make_run)
    slow = await idle_reader(server, run.owner, run.topic_id)
    await flood(run.topic_id, 16)
    port = slow.local_address[1]
    await eventually(stuck, limit=20, every=0.2, what="frames wait for it")
    began = time.monotonic()

    await eventually(lambda: not connected(server, port), limit=90, every=0.5, what="it is dropped")
    took = time.monotonic() - began

    assert took < 30
    await eventually(nobody, limit=10, every=0.5, what="it is not counted any more")


async def stuck() -> int:
    return (await counts()).outbox_bytes


async def nobody() -> bool:
    return (await counts()).sockets == 0


def connected(server: Server, port: int) -> bool:
    """Whether the server still holds the connection from this port."""
    open_ones = psutil.Process(server.pid).net_connections("tcp")
    return any(one.raddr and one.raddr.port == port for one in open_ones)


async def test_a_reader_that_fell_behind_misses_only_outdated_progress(server: Server) -> None:
    run = await ask(make_run)
    slow = await idle_reader(server, run.owner, run.topic_id)
    last = await flood(run.topic_id, 16)

    frames = await until_seq(slow, last)

    seen = [int(str(frame["seq"])) for frame in frames if "specversion" in frame]
    gaps = [(int(str(f["first"])), int(str(f["last"]))) for f in frames if f.get("type") == "thinned"]
    assert gaps
    assert seen == sorted(set(seen))
    named = {seq for first, end in gaps for seq in range(first, end + 1)}
    assert named.isdisjoint(seen)
    assert named | set(seen) == set(range(1, last + 1))
    assert not [seq for seq in named if seq % 17 == 0], "findings are never left out"


async def until_seq(socket: ClientConnection, last: int) -> list[dict[str, object]]:
    frames: list[dict[str, object]] = []
    async with asyncio.timeout(60):
        while not frames or frames[-1].get("seq") != last:
            frames.append(json.loads(await socket.recv()))
    return frames
