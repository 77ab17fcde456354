"""Tells dispatchers at once that a webhook was made, changed, or asked for something (LISTEN and NOTIFY).

While there is no webhook they ask the database nothing; this wakes them.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from django.db import connection

CHANNEL = "assay_webhooks"


def ring() -> None:
    """Wakes every dispatcher when the transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


@asynccontextmanager
async def listening(parameters: dict[str, Any]) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """A connection that only listens."""
    heard = await psycopg.AsyncConnection.connect(**parameters, autocommit=True)
    async with heard:
        await heard.execute(f"LISTEN {CHANNEL}")
        yield heard


async def hear(parameters: dict[str, Any], wake: Callable[[], None]) -> None:
    """Calls `wake` whenever the bell rings, until the connection breaks (psycopg.Error)."""
    async with listening(parameters) as heard:
        wake()  # what was rung before we listened
        async for _ in heard.notifies():
            wake()
