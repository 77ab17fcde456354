"""Deleting what a topic holds, in chunks."""

from typing import Any

from django.db.models import QuerySet

_CHUNK = 2000


def erase(rows: QuerySet[Any]) -> None:
    """Deletes rows of a topic, which the caller has locked, by their `seq`, in the caller's transaction.

    In chunks: one statement over a camera's year of events would hold memory and locks for minutes.
    """
    while chunk := list(rows.order_by("seq").values_list("pk", flat=True)[:_CHUNK]):
        rows.filter(pk__in=chunk).delete()
