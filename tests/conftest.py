"""Fixtures every test may use."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import flush
from django.db import connection
from hypothesis import HealthCheck

from config.engines.postgres import with_database
from realtime import publisher, readers
from tests.product import Program, Server, make_server, make_worker

# The cores belong to the servers under test, too: how long an example takes says nothing about the code.
hypothesis.settings.register_profile(
    "shared cores", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis.settings.load_profile("shared cores")
SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


EMPTYING_TRIES = 6


@pytest.fixture(scope="session", autouse=True)
def _empty_tables_under_live_servers() -> Iterator[None]:
    """Some tests share a server, which goes on asking for heads while the tables between two tests are emptied.

    PostgreSQL ends one of both when they block each other; if that was us, the tables are emptied again.
    """
    handle = flush.Command.handle

    def patiently(command: flush.Command, **options: Any) -> None:
        for left in reversed(range(EMPTYING_TRIES)):
            try:
                return handle(command, **options)
            except CommandError as error:
                if not left or "deadlock" not in str(error.__cause__):
                    raise
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush.Command, "handle", patiently)
        yield


def _folder(variable: str, default: Path) -> Path:
    folder = Path(os.environ.get(variable, default))
    if not folder.is_dir():
        pytest.skip(f"{variable} names no folder ({folder} is not there)")
    return folder


@pytest.fixture(scope="session")
def media_dir() -> Path:
    """Real media, where they are installed."""
    return _folder("ASSAY_TEST_MEDIA", SHARED / "media")


@pytest.fixture(scope="session")
def weights_dir() -> Path:
    """Published weights, where they are installed."""
    return _folder("ASSAY_TEST_WEIGHTS", SHARED / "weights")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """The test database; reading threads leave it before it is dropped."""
    yield
    publisher.flush()
    publisher.stop()
    readers.close()


@pytest.fixture
def product_env(transactional_db: None) -> dict[str, str]:
    """The environment in which child processes meet this test's database, Redis names and ASSAY_HOME."""
    return product_environment()


def product_environment() -> dict[str, str]:
    """The same for whoever has set up the test database in another way."""
    name = str(connection.settings_dict["NAME"])
    return os.environ | {
        "DATABASE_URL": with_database(settings.ENV.database_url, name),
        "REDIS_URL": settings.REDIS_URL,
        "ASSAY_REDIS_PREFIX": settings.REDIS_PREFIX,
        "ASSAY_HOME": str(settings.ASSAY_HOME),
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture
def start_server(product_env: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts deployed web servers: `start_server(ASSAY_PUBLIC_URL=…)`; all are stopped after the test."""
    started: list[Server] = []

    def start(*, port: int | None = None, **env: str) -> Server:
        server = make_server(product_env | env, tmp_path, port=port)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def live_server_process(start_server: Callable[..., Server]) -> Server:
    """One deployed web server against the test database."""
    return start_server()


@pytest.fixture
def start_worker(product_env: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Starts workers: `start_worker("--slots", "2", ASSAY_WEIGHTS=…)`; all are stopped after the test."""
    started: list[Program] = []

    def start(*arguments: str, **env: str) -> Program:
        worker = make_worker(product_env | env, tmp_path, *arguments)
        started.append(worker)
        worker.start()
        return worker

    yield start
    for worker in started:
        worker.stop()


@pytest.fixture
def worker_process(start_worker: Callable[..., Program]) -> Program:
    """One `manage.py runworker` against the test database; it may still be starting."""
    return start_worker()
