"""Database connections are few; slow clients are many."""

from django.db import connection


def let_go() -> None:
    """Gives this thread's connection back while a client sends or reads at its own pace; the next query reopens it.

    Does nothing inside a transaction.
    """
    if not connection.in_atomic_block:
        connection.close()
