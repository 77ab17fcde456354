"""An installation to measure on: embedded PostgreSQL and Redis as deployed, in a folder that is thrown away.

Nothing is made careless for the sake of speed: commits wait for the disk. Run as a program it starts a web server,
prints its address and an API key, runs the command that follows `--` with {url} and {key} filled in, and stops:

    python bench/installation.py -- python bench/upload.py --url {url} --key {key}
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.scenes import WEIGHTS
from config.engines.embedded import plan_engines
from config.engines.guard import Guard
from config.engines.paths import home_digest
from config.engines.placement import SPARE

ROOT = Path(__file__).resolve().parent.parent
FOREIGN = (
    "DATABASE_URL",
    "REDIS_URL",
    "PORT",
    "JWT_SECRET_KEY",
    "REDIS_HOST",
    "REDIS_PORT",
    "OMP_NUM_THREADS",
)
KEPT = ("ASSAY_TEST_MEDIA", "ASSAY_TEST_WEIGHTS")


@dataclass(frozen=True)
class Installation:
    """Its folder; `env` is for processes that belong to it."""

    home: Path
    env: dict[str, str]


@contextlib.contextmanager
def installation() -> Iterator[Installation]:
    """Engines are up, the database is migrated, and this process is set up to use them."""
    # so that what was started is stopped, too, when a time limit ends the benchmark
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    home = Path(tempfile.mkdtemp(prefix="assay-bench-"))
    home.chmod(0o711)
    _own_environment(home)
    guard = Guard(home)
    try:
        engines = plan_engines(home, with_postgres=True, with_redis=True)
        for start in engines.starters.values():
            start(time.sleep)
        os.environ.update(engines.urls)
        _set_up()
        yield Installation(home, os.environ | {"PYTHONUNBUFFERED": "1"})
    finally:
        _leave()
        guard.close()
        shutil.rmtree(home, ignore_errors=True)
        # as root the database may lie there instead
        shutil.rmtree(SPARE / f"assay-{home_digest(home)}", ignore_errors=True)


def _own_environment(home: Path) -> None:
    for name in [name for name in os.environ if name.startswith("ASSAY_") and name not in KEPT]:
        del os.environ[name]
    for name in FOREIGN:
        os.environ.pop(name, None)
    os.environ["ASSAY_HOME"] = str(home)
    if WEIGHTS.is_dir():
        os.environ["ASSAY_WEIGHTS"] = str(WEIGHTS)


def _set_up() -> None:
    import django
    from django.core.management import call_command

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)


def _leave() -> None:
    from django.db import connections

    from realtime import publisher, readers

    publisher.flush()
    publisher.stop()
    readers.close()
    connections.close_all()


def api_key() -> str:
    """A key of a new analyst."""
    from accounts.credentials import issue_api_key
    from tests.factories import make_user

    return issue_api_key(make_user())[1]


@contextlib.contextmanager
def web_server(place: Installation) -> Iterator[tuple[str, int]]:
    """The deployed web server; its address and its process."""
    from tests.product import make_server

    server = make_server(place.env, place.home)
    server.start()
    try:
        yield server.url, server.pid
    finally:
        server.stop()


@contextlib.contextmanager
def worker(place: Installation, *, limit: float = 120.0) -> Iterator[int]:
    """`manage.py runworker` with one slot, once that is up; the process of the slot."""
    from analysis.models import Worker
    from tests.product import make_worker
    from tests.waiting import wait_until

    program = make_worker(place.env, place.home)
    program.start()
    try:
        rows = Worker.objects.filter(pid=program.pid, stopped=None)
        wait_until(lambda: any(row.slots for row in rows.all()), limit=limit, what=program.log())
        slots = [p for p in psutil.Process(program.pid).children() if "--slot" in p.cmdline()]
        yield slots[0].pid
    finally:
        program.stop()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", nargs="+", help="what to run, with {url} and {key}")
    command = parser.parse_args().command
    with installation() as place, web_server(place) as (url, _):
        key = api_key()
        subprocess.run([word.format(url=url, key=key) for word in command], check=True, cwd=ROOT)


if __name__ == "__main__":
    main()
