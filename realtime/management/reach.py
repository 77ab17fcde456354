"""What commands say in place of a traceback when there is no database."""

from django.core.management.base import CommandError
from django.db import OperationalError, connection

AWAY = 3


def need_database() -> None:
    """Connects. Raises CommandError, with the exit code AWAY, when nobody answers."""
    try:
        connection.ensure_connection()
    except OperationalError as away:
        sentence = "The database does not answer: start script/server, or set DATABASE_URL."
        raise CommandError(sentence, returncode=AWAY) from away
