"""A Redis of a test's own."""

import contextlib
import subprocess
from pathlib import Path

from redis import Redis

from config.engines.programs import redis_program
from tests.waiting import wait_until


class OwnRedis:
    """A Redis that may be stopped and started without hurting anybody else."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}"

    def start(self) -> None:
        """Starts it, empty, and waits until it answers."""
        command = [str(redis_program()), "--port", "0", "--unixsocket", str(self._socket), "--save", ""]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._answers, what="redis answers")

    def stop(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def _answers(self) -> bool:
        with contextlib.suppress(OSError, Exception), Redis.from_url(self.url) as client:
            return bool(client.ping())
        return False
