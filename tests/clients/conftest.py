"""The deployed server, and programs that use `assay_client` on it."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from assay_client import AsyncClient, ProgressReporter

from accounts.credentials import issue_api_key
from accounts.models import User
from realtime.readers import ask
from tests.clients.relay import Relay
from tests.factories import make_user
from tests.product import Server
from tests.realtime.conftest import _shared_server, own_redis, server, server_on_own_redis, watch

__all__ = ["_shared_server", "own_redis", "server", "server_on_own_redis", "watch"]
PATIENCE_SECONDS = 30.0


@pytest.fixture
async def user(transactional_db: None) -> User:
    """Who the client is."""
    return await ask(make_user)


@pytest.fixture
async def key(user: User) -> str:
    """Their API key."""
    return (await ask(issue_api_key, user, name="a program"))[1]


@pytest.fixture
async def relay(server: Server) -> AsyncIterator[Relay]:
    """Something between the client and the shared server."""
    async with Relay(server) as between:
        yield between


@pytest.fixture
async def client(key: str) -> AsyncIterator[Callable[..., AsyncClient]]:
    """`client(url)`: one of the user's; closed after the test."""
    made: list[AsyncClient] = []

    def make(url: str, token: Any = None, **options: Any) -> AsyncClient:
        options = {"patience_seconds": PATIENCE_SECONDS, "trust_env": False} | options
        made.append(AsyncClient(url, token or key, **options))
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.fixture
async def reporter(key: str) -> AsyncIterator[Callable[..., ProgressReporter]]:
    """`reporter(url)`: one of the user's; closed after the test unless it was."""
    made: list[ProgressReporter] = []

    def make(url: str, **options: Any) -> ProgressReporter:
        options = {"patience_seconds": PATIENCE_SECONDS, "trust_env": False} | options
        made.append(ProgressReporter(url, key, **options))
        return made[-1]

    yield make
    for one in made:
        await one.close()
