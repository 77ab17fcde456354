"""The publisher of `bench/fanout.py` inside the load rig: messages become events by `manage.py appendevents`."""

import asyncio
import json
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60


class Appending:
    """Writes into one `manage.py appendevents`; open returns when that is up and its first event stands in the log."""

    def __init__(self, options: Any) -> None:
        self._body = options.body
        self._place = json.loads(Path(options.pub_cmd).read_text())

    async def open(self) -> None:
        command = [self._place["python"], str(ROOT / "manage.py"), "appendevents"]
        self._appender = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT)  # noqa: ASYNC220 - before the clock starts
        assert self._appender.stdin  # noqa: S101  # opened as a pipe
        self._pipe = self._appender.stdin
        self._write(self._place["warm"], "warm")
        until = time.monotonic() + READY_SECONDS
        while self._head(self._place["warm"]) < 2:
            if time.monotonic() > until:
                raise RuntimeError("appendevents does not append")
            await asyncio.sleep(0.05)

    async def send(self, group: int, seq: int, values: dict[str, Any]) -> None:
        body = self._body
        for name, value in values.items():
            body = body.replace("{" + name + "}", str(value))
        self._write(self._place["topics"][int(group)], body.replace("{group}", str(group)))

    async def close(self) -> None:
        self._pipe.close()
        self._appender.wait(120)

    def _write(self, topic: str, marker: str) -> None:
        data = {"job_id": "benchmark", "stage": "benchmark", "progress": 0.5, "marker": marker}
        event = {"topic": topic, "type": "job.reported", "message": "benchmark", "data": data}
        self._pipe.write(json.dumps(event).encode() + b"\n")
        self._pipe.flush()

    def _head(self, topic: str) -> int:
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{self._place['url']}/api/v1/topics/{topic}/events/?limit=1",
            headers={"Authorization": f"Bearer {self._place['key']}"},
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            head: int = json.load(answer)["head"]
        return head


def sink(options: Any) -> Appending:
    """What the rig calls."""
    return Appending(options)
