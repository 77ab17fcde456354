"""The embedded Redis: the doorbell. Keeps nothing on disk, listens on a private Unix socket."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis

from config.engines.errors import EngineFailed
from config.engines.logfiles import last_lines, open_log
from config.engines.paths import REDIS_SOCKET, make_home
from config.engines.processes import Pause, Record, keep_record, spawn
from config.engines.programs import redis_program
from config.secrets import kept_secret

NAME = "redis"
START_SECONDS = 10.0


def address(home: Path, sockets: Path) -> str:
    """The URL by which everything of this installation reaches its Redis."""
    return f"unix://:{kept_secret(home, NAME)}@{quote(str(sockets / REDIS_SOCKET))}?db=0"


@dataclass(frozen=True)
class Redis:
    """One Redis and where it listens; `port` also opens 127.0.0.1 for programs outside."""

    home: Path
    sockets: Path
    port: int | None = None

    def start(self, pause: Pause) -> Record:
        """A running server that answers; raises EngineFailed, NotInstalled."""
        (self.sockets / REDIS_SOCKET).unlink(missing_ok=True)
        with open_log(self.home, NAME) as log:
            record = spawn(NAME, [redis_program(), self._configuration()], log=log, cwd=self._folder())
        keep_record(self.home, record)
        self._wait_until_ready(record, pause)
        return record

    def _folder(self) -> Path:
        folder = make_home(self.home) / "redis"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def _configuration(self) -> Path:
        """A file, because a password on the command line is everybody's to read."""
        path = self._folder() / "redis.conf"
        lines = [
            f"port {self.port or 0}",
            "bind 127.0.0.1",
            f'unixsocket "{self.sockets / REDIS_SOCKET}"',
            "unixsocketperm 700",
            f"requirepass {kept_secret(self.home, NAME)}",
            'save ""',
            "appendonly no",
            "daemonize no",
            "maxclients 2000",
        ]
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("\n".join(lines) + "\n")
        return path

    def _wait_until_ready(self, record: Record, pause: Pause) -> None:
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if not record.alive():
                raise EngineFailed(f"Redis ended at once:\n{last_lines(self.home, NAME)}")
            if time.monotonic() > until:
                raise EngineFailed(f"Redis does not answer after {START_SECONDS:.0f} s.")
            pause(0.05)

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(address(self.home, self.sockets)) as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False
