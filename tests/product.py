"""The product's own processes, run by tests: the deployed web server and `manage.py runworker`."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.engines.web import web_command
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parent.parent
# Asks servers of this machine: no proxy of the environment stands in between.
fetch = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def free_port() -> int:
    """A TCP port of 127.0.0.1 nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Program:
    """A child process with its output in a file; `stop`, `kill` and `restart` as a test needs."""

    command: Sequence[str]
    env: Mapping[str, str]
    log_path: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """Starts it, in a session of its own."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.command),
                cwd=ROOT,
                env=dict(self.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def log(self) -> str:
        """What it printed so far."""
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to the process alone."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9 of the process alone, and waits for its end."""
        self.process.kill()
        self.process.wait(10)

    def stop(self, *, limit: float = 15.0) -> int:
        """SIGTERM, then what is left of its session is killed; the exit code."""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(limit)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait(10)


@dataclass
class Server(Program):
    """The deployed web server on a port of its own."""

    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it and waits until it answers."""
        super().start()
        wait_until(self._answers, limit=40, what=f"the web server answers; it said:\n{self.log()}")

    def restart(self) -> None:
        """Stops it and starts it on the same port."""
        self.stop()
        self.start()

    def _answers(self) -> bool:
        assert self.alive(), self.log()
        try:
            fetch(f"{self.url}/health/live", timeout=5)
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True


def make_server(env: Mapping[str, str], folder: Path, *, port: int | None = None) -> Server:
    """A web server that is not started yet."""
    port = port or free_port()
    command = web_command("127.0.0.1", port)
    return Server(command, {**env, "PORT": str(port)}, folder / f"web-{port}.log", port=port)


def make_worker(env: Mapping[str, str], folder: Path, *arguments: str) -> Program:
    """A worker that is not started yet; `arguments` go to `manage.py runworker`."""
    number = len(list(folder.glob("worker-*.log")))
    command = [sys.executable, "manage.py", "runworker", *arguments]
    return Program(command, env, folder / f"worker-{number}.log")
