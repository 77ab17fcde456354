"""An Assay of its own, run from outside by `script/server`, as a person would."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import urllib.error
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from config.engines.paths import home_digest, recorded_sockets
from tests.engines import FOREIGN, KEPT, new_home
from tests.product import ROOT, fetch, free_port
from tests.waiting import wait_until

NOT_OURS = ("DATABASE_URL", "REDIS_URL", *FOREIGN)


def bare_environment() -> dict[str, str]:
    """The environment of somebody who never heard of our settings."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in NOT_OURS and (name in KEPT or not name.startswith("ASSAY_"))
    }


@dataclass
class Installation:
    """One ASSAY_HOME with its port; `start` runs script/server on it."""

    home: Path = field(default_factory=new_home)
    port: int = field(default_factory=free_port)
    env: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a command of this installation is run with."""
        own = {"ASSAY_HOME": str(self.home), "PORT": str(self.port), "PYTHONUNBUFFERED": "1"}
        return bare_environment() | own | self.env

    @property
    def output_path(self) -> Path:
        return self.home.parent / f"{home_digest(self.home)}.out"

    def output(self) -> str:
        """Everything `script/server` printed so far."""
        return self.output_path.read_text(encoding="utf-8") if self.output_path.exists() else ""

    def launch(self, *, sample: bool = False) -> subprocess.Popen[bytes]:
        """`script/server` without a terminal, not waited for."""
        with self.output_path.open("ab") as output:
            self.process = subprocess.Popen(
                [ROOT / "script" / "server", *([] if sample else ["--no-sample"])],
                cwd="/",
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        return self.process

    def start(self, *, limit: float = 60.0) -> None:
        """`script/server`, until its web server answers."""
        before = self.recorded("web")
        process = self.launch()

        def answers_anew() -> bool:
            return self.recorded("web") not in (None, before) and self.answers()

        wait_until(
            lambda: answers_anew() or process.poll() is not None, limit=limit, what="script/server answers"
        )
        assert process.poll() is None, self.output()

    def stop(self, number: signal.Signals = signal.SIGTERM, *, limit: float = 30.0) -> int:
        """Signals the script's own process alone; its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(limit)

    def command(self, *arguments: str, limit: float = 60.0) -> subprocess.CompletedProcess[str]:
        """A program of the installation, run to its end."""
        return subprocess.run(
            [str(ROOT / ".venv" / "bin" / "python"), *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )

    def answers(self) -> bool:
        """Whether the web server answers."""
        try:
            return bool(fetch(f"{self.url}/health/live", timeout=5).status == 200)
        except OSError:
            return False

    def checks(self) -> dict[str, str]:
        """What `/health/ready` says of each part."""
        try:
            answer = fetch(f"{self.url}/health/ready", timeout=10).read()
        except urllib.error.HTTPError as error:
            answer = error.read()
        except OSError:
            return {}
        return dict(json.loads(answer)["checks"])

    def pid(self, name: str) -> int:
        """The process number on record for `web`, `worker-1`, `redis`, `postgres`."""
        found = self.recorded(name)
        assert found is not None, f"no record of {name}"
        return found

    def recorded(self, name: str) -> int | None:
        """Like `pid`, but None while there is no record."""
        try:
            return int(json.loads((self.home / "run" / f"{name}.pid").read_text())["pid"])
        except FileNotFoundError:
            return None

    def processes(self) -> list[psutil.Process]:
        """Everything on this machine that runs for this installation."""
        return [process for process in psutil.process_iter() if self._owns(process)]

    def command_lines(self) -> dict[int, str]:
        """The command line of each of `processes` by number, less what ended while this looked."""
        found: dict[int, str] = {}
        for process in self.processes():
            # a backend of the database comes and goes with its connection
            with contextlib.suppress(psutil.NoSuchProcess):
                found[process.pid] = " ".join(process.cmdline())
        return found

    def remove(self) -> None:
        """Ends whatever is left and deletes all files."""
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        wait_until(lambda: not self.processes(), limit=20, what="every process is gone")
        sockets = recorded_sockets(self.home)
        for folder in (sockets.postgres, sockets.redis) if sockets else ():
            shutil.rmtree(folder, ignore_errors=True)
        self.output_path.unlink(missing_ok=True)
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(f"/var/lib/assay-{home_digest(self.home)}", ignore_errors=True)

    def _owns(self, process: psutil.Process) -> bool:
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                return False
            if any(str(self.home) in word for word in process.cmdline()):
                return True
            # Redis writes its title over its command line and its environment
            if Path(process.cwd()).is_relative_to(self.home):
                return True
            return process.environ().get("ASSAY_HOME") == str(self.home)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False
