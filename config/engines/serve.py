"""`python -m config.engines.serve`: everything of one installation, in the foreground (see script/server)."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pydantic import ValidationError

from config.engines import children, readiness
from config.engines.embedded import plan_engines
from config.engines.ending import leave_no_folder, stop_everything
from config.engines.errors import EngineFailed
from config.engines.guard import Guard
from config.engines.paths import UnsafeFolder
from config.engines.processes import Pause
from config.engines.stopping import Stopping, StopRequested
from config.engines.supervisor import Supervisor
from config.env import Environment, UnknownSetting, environment
from config.open_files import raise_limit

READY_SECONDS = 90.0


def main(arguments: Sequence[str]) -> int:
    """Serves until asked to stop: 0 then, 1 with a sentence when something cannot start."""
    parser = argparse.ArgumentParser(prog="script/server", description="Runs Assay on this machine.")
    parser.add_argument("--no-sample", action="store_true", help="do not examine the bundled sample first")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        _serve(environment(), sample=not options.no_sample)
    except (EngineFailed, UnsafeFolder, UnknownSetting, ValidationError) as problem:
        sys.stderr.write(f"\n{problem}\n")
        return 1
    return 0


def _serve(env: Environment, *, sample: bool) -> None:
    stopping = Stopping()
    _prepare_process()
    guard = None
    try:
        guard = Guard(env.home, stopping.pause)
        _run(env, guard, stopping.pause, sample=sample)
    except StopRequested:
        _say("stopping")
    finally:
        if guard:
            stop_everything(env.home)
            leave_no_folder(env.home)
            guard.close()


def _run(env: Environment, guard: Guard, pause: Pause, *, sample: bool) -> None:
    stop_everything(env.home, except_names=() if env.database_url else ("postgres",))
    readiness.refuse_taken_port(env.host, env.port)
    supervisor = Supervisor(pause)
    _start_engines(env, supervisor)
    if children.run_once(env.home, "prepare", ["-m", "config.engines.prepare"], pause):
        raise EngineFailed("The database could not be brought up to date; the reason stands above.")
    supervisor.add("web", children.web(env))
    for number in range(1, env.workers + 1):
        supervisor.add(f"worker-{number}", children.worker(env, number))
    if env.camera_slots:
        supervisor.add("worker-cameras", children.camera_worker(env))

    def tend(seconds: float) -> None:
        guard.keep()
        supervisor.look()
        pause(seconds)

    _greet(env, tend, sample=sample)
    while True:
        tend(0.25)


def _start_engines(env: Environment, supervisor: Supervisor) -> None:
    engines = plan_engines(
        env.home,
        with_postgres=not env.database_url,
        with_redis=not env.redis_url,
        redis_port=env.redis_port,
    )
    for name, starter in engines.starters.items():
        _say(f"starting {name}")
        supervisor.add(name, starter)


def _greet(env: Environment, tend: Pause, *, sample: bool) -> None:
    base = readiness.address(env.host, env.port)
    _say("starting web and worker")
    missing = _wait_until_ready(base, tend)
    if missing:
        _say(f"not ready yet, still missing: {missing}; see {env.home}/*.log")
    elif sample and children.run_once(env.home, "sample", ["manage.py", "sample"], tend):
        _say("the sample was not examined; the reason stands above")
    _say(f"Assay is at {env.public_url or base}   (Ctrl-C stops it)")


def _wait_until_ready(base: str, tend: Pause) -> str:
    """What is still missing after READY_SECONDS. Asked in a thread: an answer may take long, tending may not."""
    until = time.monotonic() + READY_SECONDS
    with ThreadPoolExecutor(max_workers=1) as asking:
        while True:
            answer = asking.submit(readiness.missing, base)
            while not answer.done():
                tend(0.1)
            if not answer.result() or time.monotonic() > until:
                return answer.result()
            tend(0.1)


def _prepare_process() -> None:
    os.umask(0o077)
    raise_limit()


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
