"""From `log.append` to a watching socket of the deployed web server, and what an idle socket costs.

    python bench/delivery.py [--seconds 40] [--sockets 500] [--short]

One process appends 100 events a second, each in a transaction of its own; a second one watches the topic's socket and
notes when each event came. Blocks of five seconds take turns: commits wait for the disk as they do in an installation
(`durable`), or do not (`not_waiting`: PostgreSQL's synchronous_commit off), and a file on the same disk is written
and synced as often (`fsync`), so that it shows what the disk alone costs. `write` is the time inside append, `onward`
the time from there to the socket.

Then idle sockets: memory of the web process (PSS) before and after opening them, 50 topics and `/ws/user/` mixed, after
at least one heartbeat each. The client offers compression as browsers do; the server decides.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psutil
from websockets.asyncio.client import ClientConnection, connect

from bench import figures
from bench.installation import Installation, installation, web_server

RATE = 100
BLOCK_SECONDS = 5.0
WARM_EVENTS = 100
SETTLE_SECONDS = 20.0
TOPICS = 50
WARM_SOCKETS = 20
TARGET_P50_MS, TARGET_P99_MS, TARGET_KB = 5.0, 25.0, 35.0


@dataclass
class Block:
    """Milliseconds of one way of committing."""

    write: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    onward: list[float] = field(default_factory=list)


def watch(address: str, key: str, until: int, line: Connection) -> None:
    """In a process of its own: {seq: monotonic ns of arrival} of the events up to `until`."""
    line.send(asyncio.run(_watch(address, key, until, line)))


async def _watch(address: str, key: str, until: int, line: Connection) -> dict[int, int]:
    came: dict[int, int] = {}
    async with connect(address, additional_headers={"Authorization": f"Bearer {key}"}) as socket:
        async for frame in socket:
            now = time.monotonic_ns()
            said = json.loads(frame)
            if said.get("type") == "caught_up":
                line.send("ready")
            elif "specversion" in said:
                came[said["seq"]] = now
                if said["seq"] >= until:
                    break
    return came


@contextmanager
def watching(address: str, key: str, until: int) -> Iterator[Connection]:
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=watch, args=(address, key, until, theirs))
    process.start()
    theirs.close()
    try:
        if not ours.poll(30) or ours.recv() != "ready":
            raise SystemExit("The watching socket did not open.")
        yield ours
    finally:
        process.terminate()
        process.join()


def append_blocks(topic: UUID, blocks: list[str]) -> list[tuple[str, int, int, int]]:
    """(way, seq, ns before append, ns after it) of every event, RATE a second."""
    from django.db import connection

    from realtime import log
    from realtime.log import Draft

    noted = []
    for way in blocks:
        with connection.cursor() as cursor:
            cursor.execute(f"SET synchronous_commit = {'on' if way == 'durable' else 'off'}")
        due = time.monotonic()
        for number in range(int(RATE * BLOCK_SECONDS)):
            time.sleep(max(0.0, due - time.monotonic()))
            due += 1 / RATE
            draft = Draft("run.progressed", f"{number} of 500", _progress(number), subject="meso4")
            began = time.monotonic_ns()
            (line,) = log.append(topic, [draft])
            noted.append((way, line.seq, began, time.monotonic_ns()))
    return noted


def _progress(done: int) -> dict[str, Any]:
    data = {"detector": "meso4", "done": done, "total": 500, "unit": "frames", "fps": 25.0}
    return data | {"seconds_left": 1.5, "pts_seconds": done / 25, "faces": 1}


def measure_fsync(folder: Path, seconds: float) -> list[float]:
    """Milliseconds of writing and syncing 8 KB, RATE times a second."""
    path, content, took = folder / "sync", os.urandom(8192), []
    with path.open("wb", buffering=0) as file:
        for _ in range(int(RATE * seconds)):
            began = time.perf_counter()
            file.write(content)
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
            time.sleep(max(0.0, 1 / RATE - took[-1] / 1000))
    path.unlink()
    return took


def measure_delivery(url: str, home: Path, seconds: float) -> dict[str, Any]:
    from accounts.credentials import issue_api_key
    from tests.factories import make_run, make_user

    owner = make_user()
    key = issue_api_key(owner)[1]
    topic = make_run(owner=owner).topic_id
    turns = max(1, round(seconds / BLOCK_SECONDS / 2))
    blocks = ["durable", "not_waiting"] * turns
    address = f"{url.replace('http', 'ws', 1)}/ws/topics/{topic}/"
    found = {"durable": Block(), "not_waiting": Block()}
    syncs = measure_fsync(home, BLOCK_SECONDS / 2)
    with watching(address, key, len(blocks) * int(RATE * BLOCK_SECONDS)) as line:
        noted = append_blocks(topic, blocks)
        came = line.recv()
    syncs += measure_fsync(home, BLOCK_SECONDS / 2)
    for way, seq, began, written in noted[WARM_EVENTS:]:
        found[way].write.append((written - began) / 1e6)
        found[way].whole.append((came[seq] - began) / 1e6)
        found[way].onward.append((came[seq] - written) / 1e6)
    told: dict[str, Any] = {way: _described(block) for way, block in found.items()}
    return told | {"fsync": _percentiles(syncs), "events": len(noted), "arrived": len(came)}


def _described(block: Block) -> dict[str, Any]:
    return {name: _percentiles(getattr(block, name)) for name in ("whole", "write", "onward")}


def _percentiles(values: list[float]) -> dict[str, float]:
    return {f"p{percent}_ms": round(figures.percentile(values, percent), 2) for percent in (50, 95, 99)} | {
        "max_ms": round(max(values), 1),
        "n": len(values),
    }


async def open_sockets(url: str, paths: list[str], key: str) -> list[ClientConnection]:
    address, headers = url.replace("http", "ws", 1), {"Authorization": f"Bearer {key}"}
    return [await connect(address + path, additional_headers=headers) for path in paths]


def kilobytes(pid: int) -> float:
    return psutil.Process(pid).memory_full_info().pss / 1024


async def measure_idle(url: str, pid: int, paths: list[str], key: str) -> float:
    """KB of the web process per idle socket."""
    before = kilobytes(pid)
    opened = await open_sockets(url, paths, key)
    reading = [asyncio.create_task(_read(socket)) for socket in opened]
    await asyncio.sleep(SETTLE_SECONDS)
    grown = kilobytes(pid) - before
    for task in reading:
        task.cancel()
    await asyncio.gather(*(socket.close() for socket in opened))
    return grown / len(paths)


async def _read(socket: ClientConnection) -> None:
    async for _ in socket:
        pass


def measure_sockets(place: Installation, count: int) -> float:
    """Against a fresh web server, warmed by a few sockets."""
    from accounts.credentials import issue_api_key
    from tests.factories import make_run, make_user

    owner = make_user()
    key = issue_api_key(owner)[1]
    topics = [make_run(owner=owner).topic_id for _ in range(TOPICS)]
    every = [f"/ws/topics/{topics[n % TOPICS]}/" if n % 2 else "/ws/user/" for n in range(count)]
    figures.say(f"{count} idle sockets")
    with web_server(place) as (url, pid):
        asyncio.run(_warm(url, every[:WARM_SOCKETS], key))
        return round(asyncio.run(measure_idle(url, pid, every, key)), 1)


async def _warm(url: str, paths: list[str], key: str) -> None:
    opened = await open_sockets(url, paths, key)
    await asyncio.sleep(2)
    await asyncio.gather(*(socket.close() for socket in opened))
    await asyncio.sleep(1)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=40.0, help="of appending, both ways together")
    parser.add_argument("--sockets", type=int, default=500)
    parser.add_argument("--short", action="store_true", help="10 s of appending, 50 sockets")
    given = parser.parse_args()
    seconds, sockets = (10.0, 50) if given.short else (given.seconds, given.sockets)
    before = figures.machine()
    with installation() as place:
        with web_server(place) as (url, _):
            figures.say(f"{seconds:.0f} s of {RATE} events/s")
            told = measure_delivery(url, place.home, seconds)
        idle = measure_sockets(place, sockets)
    whole = told["durable"]["whole"]
    verdicts = {
        f"p50 ≤ {TARGET_P50_MS} ms": whole["p50_ms"] <= TARGET_P50_MS,
        f"p99 ≤ {TARGET_P99_MS} ms": whole["p99_ms"] <= TARGET_P99_MS,
        f"idle socket ≤ {TARGET_KB} KB": idle <= TARGET_KB,
    }
    figures.report("delivery", before, told | {"idle_sockets": sockets, "kb_per_idle_socket": idle}, verdicts)


if __name__ == "__main__":
    main()
