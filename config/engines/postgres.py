"""The embedded PostgreSQL: started or adopted, waited for, stopped fast. Listens on a private Unix socket only."""

import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import psutil
import psycopg
from psycopg import sql

from config.engines.cluster import DATABASE, NAME, ROLE, plain_environment, prepare_cluster, renew_password
from config.engines.errors import EngineFailed
from config.engines.logfiles import last_lines, open_log
from config.engines.paths import POSTGRES_SOCKET
from config.engines.placement import Placement
from config.engines.processes import Pause, Record, keep_record, record_of, spawn, working_in
from config.secrets import kept_secret

RECOVERY_SECONDS = 120.0
OLD_BACKENDS_SECONDS = 10.0
SETTINGS = ("listen_addresses=", "unix_socket_permissions=0700", "max_connections=200", "log_timezone=UTC")
# Data that is thrown away after the tests may as well be lost in a power cut.
CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def address(home: Path, sockets: Path, database: str = DATABASE) -> str:
    """The URL by which everything of this installation reaches its database."""
    return f"postgresql://{ROLE}:{kept_secret(home, NAME)}@/{database}?host={quote(str(sockets), safe='')}"


def with_database(url: str, name: str) -> str:
    """`url` with another database of the same server."""
    return urlsplit(url)._replace(path=f"/{quote(name)}").geturl()


@dataclass(frozen=True)
class Postgres:
    """One data folder and how to run it."""

    home: Path
    place: Placement
    durable: bool = True

    def start(self, pause: Pause) -> Record:
        """A running, ready server with our database in it; raises EngineFailed, OlderData."""
        prepare_cluster(self.home, self.place, durable=self.durable)
        record = self.running() or self._launch(pause)
        keep_record(self.home, record)  # before the wait: who stops us meanwhile must find it
        self._wait_until_ready(record, pause)
        self._make_database()
        return record

    def running(self) -> Record | None:
        """The postmaster of *our* data folder, whoever started it."""
        try:
            pid = int(self._pid_file().read_text(encoding="utf-8").split("\n", 1)[0])
            # A postmaster works inside its data folder; a stranger that inherited the number does not.
            ours = Path(psutil.Process(pid).cwd()).samefile(self.place.data)
            return record_of(NAME, pid) if ours else None
        except (OSError, ValueError, psutil.Error):
            return None

    def _launch(self, pause: Pause) -> Record:
        self._wait_for_old_backends(pause)
        self._pid_file().unlink(missing_ok=True)
        for leftover in (POSTGRES_SOCKET, f"{POSTGRES_SOCKET}.lock"):
            (self.place.sockets / leftover).unlink(missing_ok=True)
        renew_password(self.home, self.place)
        options = [*SETTINGS, f"unix_socket_directories={self.place.sockets}"]
        options += [] if self.durable else CARELESS
        flags = [part for option in options for part in ("-c", option)]
        with open_log(self.home, NAME) as log:
            return spawn(
                NAME,
                [self.place.install / "bin" / "postgres", "-D", self.place.data, *flags],
                log=log,
                cwd=Path("/"),
                env=plain_environment(),
                identity=self.place.identity(),
            )

    def _wait_for_old_backends(self, pause: Pause) -> None:
        # Backends of a killed postmaster notice within moments; two servers on one folder would ruin it.
        until = time.monotonic() + OLD_BACKENDS_SECONDS
        while left := working_in(self.place.data):
            if time.monotonic() > until:
                raise EngineFailed(
                    f"Processes {left} still use {self.place.data}. Stop them and start again."
                )
            pause(0.1)

    def _wait_until_ready(self, record: Record, pause: Pause) -> None:
        until = time.monotonic() + RECOVERY_SECONDS
        while (problem := self._problem()) is not None:
            if not record.alive():
                raise EngineFailed(f"PostgreSQL ended at once:\n{last_lines(self.home, NAME)}")
            if time.monotonic() > until:
                raise EngineFailed(f"PostgreSQL is not ready after {RECOVERY_SECONDS:.0f} s: {problem}")
            pause(0.05)

    def _problem(self) -> str | None:
        try:
            psycopg.connect(address(self.home, self.place.sockets, "postgres"), connect_timeout=2).close()
        except psycopg.OperationalError as error:
            return str(error)
        return None

    def _make_database(self) -> None:
        there = address(self.home, self.place.sockets, "postgres")
        create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE))
        known = "SELECT 1 FROM pg_database WHERE datname = %s"
        with psycopg.connect(there, autocommit=True) as connection:
            if not connection.execute(known, [DATABASE]).fetchone():
                connection.execute(create)

    def _pid_file(self) -> Path:
        return self.place.data / "postmaster.pid"
