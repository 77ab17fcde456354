"""What compression of large frames saves and costs, against the same server without it.

    python bench/compression.py [--sockets 50] [--events 1000] [--idle 500] [--rounds 3] [--short]

A web server without and one with ASSAY_SOCKET_COMPRESSION, in turn. Each sends the same lines (scores of a
detector, 4 KB each; then progress, 0.6 KB, which is not compressed) to sockets of one process that offers
compression as browsers do. Counted are bytes on the wire and CPU seconds of the web process per delivery. Then
idle sockets: memory of the web process (PSS) before and after opening them.
"""

import argparse
import asyncio
import multiprocessing
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psutil
from websockets.asyncio.client import ClientConnection, connect

from bench import figures
from bench.delivery import measure_sockets
from bench.installation import Installation, installation, web_server

BATCH = 10


class Counting(ClientConnection):
    """A connection that counts what comes over the wire."""

    received_bytes = 0

    def data_received(self, data: bytes) -> None:
        self.received_bytes += len(data)
        super().data_received(data)


@dataclass
class Way:
    """What was measured of one kind of lines, one value per round."""

    wire_bytes: list[float] = field(default_factory=list)
    cpu_microseconds: list[float] = field(default_factory=list)

    def described(self) -> dict[str, Any]:
        return {
            "bytes_per_delivery": figures.spread(self.wire_bytes, digits=0),
            "cpu_us_per_delivery": figures.spread(self.cpu_microseconds, digits=1),
        }


def watch(address: str, key: str, sockets: int, until: int, line: Connection) -> None:
    """In a process of its own: bytes that came for all sockets between "ready" and the line `until`."""
    line.send(asyncio.run(_watch(address, key, sockets, until, line)))


async def _watch(address: str, key: str, sockets: int, until: int, line: Connection) -> int:
    headers = {"Authorization": f"Bearer {key}"}
    options: dict[str, Any] = {"create_connection": Counting, "additional_headers": headers}
    opened: list[Any] = [await connect(address, **options) for _ in range(sockets)]
    await asyncio.gather(*(_read(socket, '{"type":"caught_up"') for socket in opened))
    before = sum(socket.received_bytes for socket in opened)
    line.send("ready")
    await asyncio.gather(*(_read(socket, f'"seq":{until},') for socket in opened))
    return sum(socket.received_bytes for socket in opened) - before


async def _read(socket: Any, wanted: str) -> None:
    async for frame in socket:
        if wanted in frame[:64] or wanted in frame[-400:]:
            return


@contextmanager
def watching(*asked: Any) -> Iterator[Connection]:
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=watch, args=(*asked, theirs))
    process.start()
    theirs.close()
    try:
        if not ours.poll(60) or ours.recv() != "ready":
            raise SystemExit("The watching sockets did not open.")
        yield ours
    finally:
        process.terminate()
        process.join()


def scores(number: int) -> Any:
    from realtime.log import Draft

    rolled = random.Random(number)  # noqa: S311  # scores to look at, no secrets
    points = [[n / 5, round(rolled.random(), 4), 1, None, [0.25, 0.1, 0.5, 0.6]] for n in range(90)]
    return Draft("score.measured", data={"detector": "meso4", "points": points}, subject="meso4")


def progress(number: int) -> Any:
    from realtime.log import Draft

    data = {"detector": "meso4", "done": number, "total": 500, "unit": "frames", "fps": 25.0}
    return Draft("run.progressed", f"{number} of 500", data, subject="meso4")


def measure(url: str, pid: int, way: Way, draft: Any, sockets: int, events: int) -> None:
    from accounts.credentials import issue_api_key
    from realtime import log, publisher
    from tests.factories import make_run, make_user

    owner = make_user()
    topic: UUID = make_run(owner=owner).topic_id
    address = f"{url.replace('http', 'ws', 1)}/ws/topics/{topic}/"
    with watching(address, issue_api_key(owner)[1], sockets, events) as line:
        used = _cpu_seconds(pid)
        for first in range(0, events, BATCH):
            log.append(topic, [draft(first + n) for n in range(BATCH)])
            publisher.flush()
        wire_bytes = line.recv()
        used = _cpu_seconds(pid) - used
    way.wire_bytes.append(wire_bytes / sockets / events)
    way.cpu_microseconds.append(used / sockets / events * 1e6)


def _cpu_seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def set_to(place: Installation, setting: str) -> Installation:
    return replace(place, env=place.env | {"ASSAY_SOCKET_COMPRESSION": setting})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sockets", type=int, default=50)
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--idle", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--short", action="store_true", help="one round, 20 sockets, 200 events, 50 idle")
    given = parser.parse_args()
    if given.short:
        given.sockets, given.events, given.idle, given.rounds = 20, 200, 50, 1
    before = figures.machine()
    ways = {setting: {"large": Way(), "small": Way()} for setting in ("off", "on")}
    with installation() as place:
        for number in range(given.rounds):
            for setting, found in ways.items():
                figures.say(f"round {number + 1} of {given.rounds}, compression {setting}")
                with web_server(set_to(place, setting)) as (url, pid):
                    measure(url, pid, found["large"], scores, given.sockets, given.events)
                    measure(url, pid, found["small"], progress, given.sockets, given.events)
        idle = {setting: measure_sockets(set_to(place, setting), given.idle) for setting in ways}
    told = {
        setting: {name: way.described() for name, way in found.items()} for setting, found in ways.items()
    }
    asked = {"sockets": given.sockets, "events": given.events, "idle_sockets": given.idle}
    figures.report("compression", before, asked | told | {"kb_per_idle_socket": idle}, {})


if __name__ == "__main__":
    main()
