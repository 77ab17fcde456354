"""Compression, where it is switched on: large frames shrink, small ones stay, and what arrives is the same."""

from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from realtime.log import Draft
from realtime.readers import ask
from tests.factories import make_run
from tests.product import Server
from tests.realtime.conftest import Watch, Watcher, append, stage

pytestmark = pytest.mark.django_db(transaction=True)


class Counting(ClientConnection):
    """A connection that counts what comes over the wire."""

    received_bytes = 0

    def data_received(self, data: bytes) -> None:
        self.received_bytes += len(data)
        super().data_received(data)


@pytest.fixture
def compressing(start_server: Callable[..., Server]) -> Server:
    return start_server(ASSAY_SOCKET_COMPRESSION="on")


def large(number: int) -> Draft:
    words = [f"row {n} of {number}" for n in range(200)]
    return Draft("stage.started", data={"stage": "model_inference", "rows": words})


async def wire_bytes(watcher: Watcher, topic: Any, *drafts: Draft) -> tuple[int, int]:
    """What these lines were on the wire, and what they are."""
    connection: Any = watcher.socket
    before = connection.received_bytes
    lines = await append(topic, *drafts)
    await watcher.see(until=lines[-1].seq)
    return connection.received_bytes - before, sum(len(line.body) for line in lines)


async def watching(watch: Watch, server: Server, **options: Any) -> tuple[Watcher, Any]:
    run = await ask(make_run)
    watcher = await watch(
        server, f"/ws/topics/{run.topic_id}/", run.owner, create_connection=Counting, **options
    )
    await watcher.frame("caught_up")
    return watcher, run.topic_id


async def test_large_frames_are_compressed_for_every_watcher(compressing: Server, watch: Watch) -> None:
    watcher, topic = await watching(watch, compressing)

    sent, whole = await wire_bytes(watcher, topic, *[large(number) for number in range(20)])

    assert whole > 60_000
    assert sent < whole / 3
    assert watcher.frames[-1]["data"]["rows"][199] == "row 199 of 19"


async def test_small_frames_go_as_they_are(compressing: Server, watch: Watch) -> None:
    watcher, topic = await watching(watch, compressing)

    sent, whole = await wire_bytes(watcher, topic, stage(), stage())

    assert whole < sent < whole + 2 * 10


async def test_a_client_that_offers_none_gets_none(compressing: Server, watch: Watch) -> None:
    watcher, topic = await watching(watch, compressing, compression=None)

    sent, whole = await wire_bytes(watcher, topic, large(1))

    assert sent >= whole


async def test_compressed_frames_of_clients_are_understood_and_a_bomb_is_not(
    compressing: Server, watch: Watch
) -> None:
    watcher, _ = await watching(watch, compressing)
    bomb, _ = await watching(watch, compressing)

    await watcher.say(type="ping")
    await bomb.socket.send("0" * 2**24)

    assert await watcher.frame("pong")
    await bomb.socket.wait_closed()
    assert bomb.socket.close_code == 1009


async def test_off_is_off(server: Server, watch: Watch) -> None:
    watcher, topic = await watching(watch, server)

    sent, whole = await wire_bytes(watcher, topic, large(1))

    assert sent >= whole
