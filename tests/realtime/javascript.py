"""The real JavaScript client of Socket.IO, installed from npm into a cache outside of the repository."""

import asyncio
import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import pytest

from tests.product import Server

PACKAGE = "socket.io-client@4"
SCRIPT = Path(__file__).parent / "scripts" / "socketio_client.mjs"


def installed_client() -> Path:
    """The folder with its node_modules; skips the test where there is no node, no npm or no registry."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "assay-tests" / "socketio-client"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (cache / "node_modules" / "socket.io-client").is_dir():
            _install(cache)
    return cache


def _install(folder: Path) -> None:
    command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", PACKAGE]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm could not install {PACKAGE} in 90 s")
    if done.returncode:
        pytest.skip(f"npm cannot install {PACKAGE}: {done.stderr.strip().splitlines()[-1:]}")


class JavaScriptClient:
    """One client in a process of its own; `async with`."""

    def __init__(self, folder: Path, server: Server, options: Mapping[str, Any]) -> None:
        self._command = ["node", str(SCRIPT), str(folder), server.url, json.dumps(options)]
        self.told: list[tuple[str, Any]] = []
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=pipe, stdout=pipe, limit=2**22
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def until(self, event: str, *, limit: float = 20.0) -> Any:
        """Reads until that event came; its data."""
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(limit):
            while line := await self._process.stdout.readline():
                said = json.loads(line)
                self.told.append((said["event"], said["data"]))
                if said["event"] == event:
                    return said["data"]
        raise AssertionError(f"the client left without {event}; it was told {self.told}")

    async def emit(self, *arguments: Any) -> None:
        """Sends an event to the server."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(arguments).encode() + b"\n")
        await self._process.stdin.drain()
