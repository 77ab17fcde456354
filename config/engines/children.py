"""The product's own processes under the supervisor: web, workers, and those that run once."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from config.engines.logfiles import open_log
from config.engines.processes import Pause, Record, keep_record, launch, record_of, spawn
from config.engines.web import web_command
from config.env import ROOT, Environment


def web(env: Environment) -> Callable[[Pause], Record]:
    """Starts the web server; logs to ASSAY_HOME/web.log."""
    return partial(_logged, env.home, "web", web_command(env.host, env.port))


def worker(env: Environment, number: int) -> Callable[[Pause], Record]:
    """Starts one worker; logs to ASSAY_HOME/worker-N.log."""
    return partial(_logged, env.home, f"worker-{number}", [sys.executable, "manage.py", "runworker"])


def camera_worker(env: Environment) -> Callable[[Pause], Record]:
    """Starts the worker that watches cameras; logs to ASSAY_HOME/worker-cameras.log."""
    return partial(
        _logged, env.home, "worker-cameras", [sys.executable, "manage.py", "runworker", "--queue", "camera"]
    )


def run_once(home: Path, name: str, command: Sequence[str], pause: Pause) -> int:
    """Runs a child with our own output to its end; its exit code."""
    child = launch([sys.executable, *command], log=None, cwd=ROOT)
    keep_record(home, record_of(name, child.pid))
    # The child itself is asked: it keeps its exit code whoever else learns of its end during a pause.
    while (status := child.poll()) is None:
        pause(0.05)
    return status


def _logged(home: Path, name: str, command: Sequence[str], _pause: Pause) -> Record:
    with open_log(home, name) as log:
        record = spawn(name, command, log=log, cwd=ROOT)
    keep_record(home, record)
    return record
