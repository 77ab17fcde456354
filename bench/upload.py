"""What a large upload costs a running desk: memory of the web process, and how late its sockets answer.

    python bench/upload.py --key API_KEY [--url http://127.0.0.1:8000] [--megabytes 2048] [--sockets 50] [--way both]

Sends silence as a WAV (no run is started), first in one request, then in pieces (tus), while SOCKETS sockets are
pinged every 50 ms each. Prints, beside a baseline of the same pings without an upload: seconds and MB/s, beside
those of hashing and writing the same bytes alone; the growth of the web process's peak memory; the pings. What was
sent is deleted again. The web process must run on this machine.
"""

import argparse
import asyncio
import hashlib
import http.client
import json
import os
import re
import statistics
import struct
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect

MEGABYTE = 2**20
PIECE_MEGABYTES = 8
PING_EVERY_SECONDS = 0.05
BASELINE_SECONDS = 10.0


@dataclass(frozen=True)
class Desk:
    """Where the desk is and who asks."""

    url: str
    key: str

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return parts.hostname or "127.0.0.1", parts.port or 80

    def ask(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(*self.address, timeout=600)
        connection.request(method, path, body, {"X-API-Key": self.key} | headers)  # type: ignore[arg-type]
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read()


def require(true: bool, said: bytes) -> None:
    if not true:
        raise SystemExit(f"The desk refused: {said.decode()}")


def wav_head(data_bytes: int) -> bytes:
    shape = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, 192_000, 1_536_000, 8, 32)
    riff = struct.pack("<4sI4s", b"RIFF", min(36 + data_bytes, 2**32 - 1), b"WAVE")
    return riff + shape + struct.pack("<4sI", b"data", min(data_bytes, 2**32 - 1))


def content(megabytes: int) -> Iterator[bytes]:
    """A WAV of exactly so many megabytes; another one every time, so that it is never recognised."""
    head = wav_head(megabytes * MEGABYTE - 44) + os.urandom(16)
    yield head + bytes(MEGABYTE - len(head))
    for _ in range(megabytes - 1):
        yield bytes(MEGABYTE)


def send_whole(desk: Desk, megabytes: int) -> tuple[float, str]:
    """One multipart request; (seconds, id of the media)."""
    field = '--b\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n'
    before = (
        field.format("analyze", "") + "false\r\n" + field.format("file", '; filename="bench.wav"')
    ).encode()
    after = b"\r\n--b--\r\n"

    def body() -> Iterator[bytes]:
        yield before
        yield from content(megabytes)
        yield after

    length = str(len(before) + megabytes * MEGABYTE + len(after))
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": length}
    started = time.perf_counter()
    status, _, answer = desk.ask("POST", "/api/v1/media/", body(), **headers)
    require(status == 201, answer)
    return time.perf_counter() - started, json.loads(answer)["id"]


def send_pieces(desk: Desk, megabytes: int) -> tuple[float, str]:
    """tus; (seconds, id of the media)."""
    started = time.perf_counter()
    tus = {"Tus-Resumable": "1.0.0"}
    said = {
        "Upload-Length": str(megabytes * MEGABYTE),
        "Upload-Metadata": "filename YmVuY2gud2F2,analyze ZmFsc2U=",
    }
    _, headers, _ = desk.ask("POST", "/api/v1/uploads/", **tus, **said)
    chunks = content(megabytes)
    for at in range(0, megabytes, PIECE_MEGABYTES):
        piece = b"".join(next(chunks) for _ in range(min(PIECE_MEGABYTES, megabytes - at)))
        kind = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(at * MEGABYTE)}
        status, answered, body = desk.ask("PATCH", headers["location"], piece, **tus, **kind)
        require(status == 204, body)
    return time.perf_counter() - started, answered["assay-media"]


def hash_and_write(megabytes: int) -> float:
    """The same bytes hashed and written by one thread, flushed at the end: the least an upload can cost."""
    started = time.perf_counter()
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=Path.cwd()) as file:
        for chunk in content(megabytes):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return time.perf_counter() - started


def web_process(port: int) -> int:
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        words = status.read_bytes().split(b"\0") if status.exists() else []
        if b"uvicorn" in words and str(port).encode() in words:
            return int(status.parent.name)
    raise SystemExit(f"No uvicorn on port {port} of this machine.")


def memory_bytes(pid: int, name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def forget_peak(pid: int) -> None:
    """Sets the peak of the memory back to what is used now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


async def ping_for_ever(socket: ClientConnection, pings: list[float]) -> None:
    while True:
        started = time.perf_counter()
        await (await socket.ping())
        pings.append(time.perf_counter() - started)
        await asyncio.sleep(PING_EVERY_SECONDS)


async def drain(socket: ClientConnection) -> None:
    async for _ in socket:
        pass


def described(pings: list[float]) -> str:
    ordered = sorted(pings)
    p99 = ordered[int(len(ordered) * 0.99)]
    return (
        f"ping p50 {statistics.median(ordered) * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms, "
        f"worst {ordered[-1] * 1000:.0f} ms of {len(ordered)}"
    )


async def measure(desk: Desk, megabytes: int, sockets: int, ways: list[str]) -> None:
    pid = web_process(desk.address[1])
    pings: list[float] = []
    where = desk.url.replace("http", "ws", 1) + "/ws/user/"
    who = {"Authorization": f"Bearer {desk.key}"}
    opened = [await connect(where, additional_headers=who, max_size=None) for _ in range(sockets)]
    tasks = [asyncio.create_task(act) for one in opened for act in (ping_for_ever(one, pings), drain(one))]
    await asyncio.sleep(BASELINE_SECONDS)
    print(f"baseline, {sockets} sockets, no upload: {described(pings)}")
    with ProcessPoolExecutor(1) as pool:
        loop = asyncio.get_running_loop()
        alone = await loop.run_in_executor(pool, hash_and_write, megabytes)
        print(f"hashing and writing {megabytes} MB alone: {alone:.1f} s")
        for way in ways:
            pings.clear()
            before = memory_bytes(pid, "VmRSS")
            forget_peak(pid)
            send = send_whole if way == "multipart" else send_pieces
            seconds, media = await loop.run_in_executor(pool, send, desk, megabytes)
            grown = memory_bytes(pid, "VmHWM") - before
            print(
                f"{way}: {seconds:.1f} s, {megabytes / seconds:.0f} MB/s, {seconds / alone:.2f} × alone; "
                f"web process + {grown / MEGABYTE:.0f} MB; {described(pings)}"
            )
            desk.ask("DELETE", f"/api/v1/media/{media}/")
    for task in tasks:
        task.cancel()
    for one in opened:
        await one.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--key", required=True, help="an API key, or an access token")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--megabytes", type=int, default=2048)
    parser.add_argument("--sockets", type=int, default=50)
    parser.add_argument("--way", choices=("multipart", "tus", "both"), default="both")
    given = parser.parse_args()
    ways = ["multipart", "tus"] if given.way == "both" else [given.way]
    asyncio.run(measure(Desk(given.url, given.key), given.megabytes, given.sockets, ways))


if __name__ == "__main__":
    main()
