"""Coming back, falling behind, and long logs: what recovery costs.

    python bench/recovery.py [--cases joining,returning,slow,deep] [--rows 1000000]

joining    20 watchers join one topic at once while 100 events flow: what each got; then the server's CPU when idle.
returning  1000 clients come back within five seconds, each 50 events behind: until the last has caught up.
slow       one client reads nothing while 200 MB are appended to its topic: what waits for it, how the server grows,
           when it is cut, and the p99 of ten others on another topic before and during that.
deep       append and catch-up on a topic of --rows events against an empty one, in turns.
"""

import argparse
import asyncio
import json
import re
import statistics
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bench import figures
from bench.installation import Installation, installation, web_server

JOINING, FLOWING = 20, 100
RETURNING, MISSED, TOPICS, RETURN_SECONDS = 1000, 50, 100, 5.0
PUSHED_BYTES, LINE_BYTES = 200 * 2**20, 60_000
IDLE_SECONDS = 10.0
AT_ONCE = 60


class Bench:
    """The server under test, and a user with a key."""

    def __init__(self, place: Installation, url: str, pid: int) -> None:
        from accounts.credentials import issue_api_key
        from tests.factories import make_user

        self.place, self.url, self.process = place, url, psutil.Process(pid)
        self.owner = make_user()
        self.key = issue_api_key(self.owner)[1]

    def topic(self) -> UUID:
        from tests.factories import make_run

        return make_run(owner=self.owner).topic_id

    async def open(self, topic: UUID, *, after: int = 0, **options: Any) -> ClientConnection:
        address = f"{self.url.replace('http', 'ws', 1)}/ws/topics/{topic}/?after={after}"
        headers = {"Authorization": f"Bearer {self.key}"}
        return await connect(
            address, additional_headers=headers, compression=None, open_timeout=60, **options
        )

    def cpu_seconds(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def largest_outbox_bytes(self) -> float:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            f"{self.url}/metrics"
        ) as answer:
            found = re.findall(r"assay_outbox_largest_bytes\{[^}]*\} ([0-9.e+]+)", answer.read().decode())
        return max(map(float, found), default=0.0)


async def append(topic: UUID, count: int, *, padding: int = 100) -> None:
    from realtime import log
    from realtime.log import Draft
    from realtime.readers import ask

    data = {"stage": "model_inference", "padding": "x" * padding, "sent_ns": time.monotonic_ns()}
    await ask(log.append, topic, [Draft("stage.started", "A stage began.", data) for _ in range(count)])


async def read_until(socket: ClientConnection, seq: int, came: Callable[[dict[str, Any]], None]) -> list[int]:
    seqs: list[int] = []
    while not seqs or seqs[-1] < seq:
        frame = json.loads(await socket.recv())
        if "specversion" in frame:
            seqs.append(frame["seq"])
            came(frame)
    return seqs


async def joining(bench: Bench) -> dict[str, Any]:
    topic = await asyncio.to_thread(bench.topic)

    async def watch() -> list[int]:
        async with await bench.open(topic) as socket:
            return await read_until(socket, FLOWING, lambda _: None)

    watching = [asyncio.create_task(watch()) for _ in range(JOINING)]
    for _ in range(FLOWING):
        await append(topic, 1)
        await asyncio.sleep(0.005)
    seen = await asyncio.wait_for(asyncio.gather(*watching), 60)
    sockets = [await bench.open(topic, after=FLOWING) for _ in range(JOINING)]
    await asyncio.sleep(2)
    before = bench.cpu_seconds()
    await asyncio.sleep(IDLE_SECONDS)
    idle_percent = 100 * (bench.cpu_seconds() - before) / IDLE_SECONDS
    await asyncio.gather(*(socket.close() for socket in sockets))
    whole = sum(seqs == list(range(1, FLOWING + 1)) for seqs in seen)
    return {
        "watchers": JOINING,
        "got_everything_once_in_order": whole,
        "idle_cpu_percent": round(idle_percent, 2),
    }


async def returning(bench: Bench) -> dict[str, Any]:
    topics = [await asyncio.to_thread(bench.topic) for _ in range(TOPICS)]
    for topic in topics:
        await append(topic, MISSED)
    began, refused, took = time.monotonic(), [], []
    gate = asyncio.Semaphore(AT_ONCE)

    async def come_back(number: int) -> None:
        await asyncio.sleep(RETURN_SECONDS * number / RETURNING)
        asked = time.monotonic()
        try:
            async with gate:
                socket = await bench.open(topics[number % TOPICS])
            seqs = await asyncio.wait_for(read_until(socket, MISSED, lambda _: None), 60)
            if seqs != list(range(1, MISSED + 1)):
                refused.append(f"{number}: {len(seqs)} events")
            took.append(time.monotonic() - asked)
            opened.append(socket)
        except (OSError, TimeoutError, ConnectionClosed) as error:
            refused.append(repr(error))

    opened: list[ClientConnection] = []
    await asyncio.gather(*(come_back(number) for number in range(RETURNING)))
    whole = time.monotonic() - began
    await asyncio.gather(*(socket.close() for socket in opened))
    p99 = round(figures.percentile(took, 99), 2)
    return {"clients": RETURNING, "seconds": round(whole, 2), "each_p99_seconds": p99, "failed": refused[:5]}


async def slow(bench: Bench) -> dict[str, Any]:
    flooded, calm = [await asyncio.to_thread(bench.topic) for _ in range(2)]
    quick = [await bench.open(calm) for _ in range(10)]
    late: list[float] = []

    def note(frame: dict[str, Any]) -> None:
        late.append((time.monotonic_ns() - frame["data"]["sent_ns"]) / 1e6)

    reading = [asyncio.create_task(read_until(socket, 10**9, note)) for socket in quick]
    flowing = asyncio.create_task(_flow(calm))
    await asyncio.sleep(5)
    before, grown_from = list(late), bench.process.memory_info().rss
    late.clear()
    # a client that takes nothing from its connection
    deaf = await bench.open(flooded, max_queue=1, max_size=None)
    deaf.transport.pause_reading()
    began, cut, largest, peak = time.monotonic(), None, 0.0, 0
    pushing = asyncio.create_task(_push(flooded))
    while cut is None or not pushing.done():
        await asyncio.sleep(0.5)
        largest = max(largest, await asyncio.to_thread(bench.largest_outbox_bytes))
        peak = max(peak, bench.process.memory_info().rss)
        if cut is None and not _open_sockets(bench, deaf):
            cut = time.monotonic() - began
        if time.monotonic() - began > 120:
            break
    flowing.cancel()
    for task in reading:
        task.cancel()
    deaf.transport.abort()
    await asyncio.gather(*(socket.close() for socket in quick))
    return {
        "queued_bytes_at_most": largest,
        "rss_grew_mib": round((peak - grown_from) / 2**20, 1),
        "cut_after_seconds": cut and round(cut, 1),
        "others_p99_ms_before": round(figures.percentile(before, 99), 1),
        "others_p99_ms_meanwhile": round(figures.percentile(late, 99), 1),
    }


def _open_sockets(bench: Bench, client: ClientConnection) -> bool:
    """Whether the server still holds the other end of a client's connection."""
    ours = client.transport.get_extra_info("sockname")
    held = {(one.raddr.ip, one.raddr.port) for one in bench.process.net_connections("tcp") if one.raddr}
    return tuple(ours[:2]) in held


async def _flow(topic: UUID) -> None:
    while True:
        await append(topic, 1)
        await asyncio.sleep(0.02)


async def _push(topic: UUID) -> None:
    for _ in range(PUSHED_BYTES // LINE_BYTES // 10):
        await append(topic, 10, padding=LINE_BYTES)


async def deep(bench: Bench, rows: int) -> dict[str, Any]:
    long, short = [await asyncio.to_thread(bench.topic) for _ in range(2)]
    figures.say(f"copying {rows} events")
    await asyncio.to_thread(_copy, long, rows)
    found: dict[str, dict[str, list[float]]] = {"long": {}, "short": {}}
    await append(short, MISSED)
    for turn in range(200):
        for name, topic, after in (("long", long, rows - MISSED), ("short", short, 0)):
            began = time.perf_counter()
            await append(topic, 1)
            appended = time.perf_counter()
            async with await bench.open(topic, after=after + turn + 1) as socket:
                joined = time.perf_counter()
                await read_until(socket, after + MISSED + turn + 1, lambda _: None)
            found[name].setdefault("append_ms", []).append((appended - began) * 1e3)
            found[name].setdefault("catch_up_ms", []).append((time.perf_counter() - joined) * 1e3)
    medians = {n: {k: round(statistics.median(v), 2) for k, v in f.items()} for n, f in found.items()}
    ratios = {k: round(medians["long"][k] / medians["short"][k], 2) for k in medians["long"]}
    return {"rows": rows, **medians, "ratio": ratios}


def _copy(topic: UUID, rows: int) -> None:
    """Lines as the log writes them, chained, but for the first ones all alike."""
    from django.db import connection

    from realtime.envelope import GENESIS, Draft, prepare, seal

    prepared = prepare(Draft("stage.started", "A stage began.", {"stage": "model_inference"}))
    prev = GENESIS
    with connection.cursor() as cursor:
        with cursor.copy(
            "COPY realtime_event (topic_id, seq, type, subject, message, run, attempt, time, body, data, digest, hash)"
            " FROM STDIN"
        ) as copy:
            for seq in range(1, rows + 1):
                sealed = seal(prepared, topic=topic, seq=seq, prev=prev)
                prev = sealed.hash
                fixed = (topic, seq, "stage.started", "", "A stage began.", None, None, prepared.time)
                copy.write_row((*fixed, sealed.body, sealed.data, sealed.digest, sealed.hash))
        cursor.execute(
            "UPDATE realtime_topic SET head = %s, head_hash = %s WHERE id = %s", [rows, prev, topic]
        )
        cursor.execute("UPDATE realtime_mark SET published = %s WHERE topic_id = %s", [rows, topic])
        cursor.execute("ANALYZE realtime_event")


def reached(found: dict[str, Any]) -> dict[str, bool]:
    """Against what was asked for."""
    verdicts: dict[str, bool] = {}
    if case := found.get("joining"):
        verdicts["all of 20 got 100 of 100"] = case["got_everything_once_in_order"] == JOINING
        verdicts["idle CPU below 1 %"] = case["idle_cpu_percent"] < 1
    if case := found.get("returning"):
        verdicts["all caught up in 10 s, none failed"] = case["seconds"] <= 10 and not case["failed"]
    if case := found.get("slow"):
        verdicts["at most 1 MB queued"] = case["queued_bytes_at_most"] <= 2**20
        verdicts["server grew by at most 16 MiB"] = case["rss_grew_mib"] <= 16
        verdicts["cut within 30 s"] = bool(case["cut_after_seconds"]) and case["cut_after_seconds"] <= 30
    if case := found.get("deep"):
        verdicts["within 1.5 of an empty log"] = max(case["ratio"].values()) <= 1.5
    return verdicts


async def measure(bench: Bench, cases: Sequence[str], rows: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for case in cases:
        figures.say(f"measuring {case}")
        if case == "deep":
            found[case] = await deep(bench, rows)
        else:
            found[case] = await {"joining": joining, "returning": returning, "slow": slow}[case](bench)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", default="joining,returning,slow,deep")
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    before = figures.machine()
    with installation() as place, web_server(place) as (url, pid):
        found = asyncio.run(measure(Bench(place, url, pid), options.cases.split(","), options.rows))
    figures.report("recovery", before, found, reached(found))


if __name__ == "__main__":
    main()
