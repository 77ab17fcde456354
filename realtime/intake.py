"""Events that programs on this machine send as JSON lines: understood strictly, stored in the lots they come in."""

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connection

from realtime import log
from realtime.envelope import Draft, EventRefused, Prepared, prepare
from realtime.models import Event

logger = logging.getLogger(__name__)
LINE_LIMIT_BYTES = 512 * 1024
PATIENCE_SECONDS = 60.0
RETRY_SECONDS = 0.5
# Where a lot is looked for after a connection was lost on the way: others may have written meanwhile.
RECENT_LINES = 5000
_NEEDED = {"topic": str, "type": str, "message": str, "data": dict}
_OPTIONAL = {"subject": str, "ending": bool}
_KNOWN = _NEEDED | _OPTIONAL
_WORDS = {str: "text", dict: "an object", bool: "true or false"}


class LineRefused(ValueError):
    """A line that is no event of ours; `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class DatabaseAway(Exception):
    """The database has not answered for PATIENCE_SECONDS; the lot at hand is not stored."""


@dataclass(frozen=True)
class Sent:
    """A line that was understood, with its number."""

    number: int
    topic: UUID
    prepared: Prepared


Refuse = Callable[[int, str, str], None]


def understand(line: bytes) -> tuple[UUID, Prepared]:
    """The topic and the event of one line. Raises LineRefused or EventRefused."""
    if len(line) > LINE_LIMIT_BYTES:
        raise LineRefused("too_large", f"A line may have {LINE_LIMIT_BYTES} bytes.")
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise LineRefused("malformed", "This line is not JSON, or nested too deeply.") from error
    if not isinstance(fields, dict):
        raise LineRefused("malformed", "A line is a JSON object.")
    _compare(fields)
    try:
        topic = UUID(fields.pop("topic"))
    except ValueError as error:
        raise LineRefused("unknown_topic", "The topic is not the id of one.") from error
    return topic, prepare(Draft(**fields))


def _compare(fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if name not in _KNOWN:
            known = ", ".join(_KNOWN)
            raise LineRefused("unknown_field", f"There is no field {name[:64]!r}. Known: {known}.")
        if not isinstance(value, _KNOWN[name]):
            raise LineRefused("bad_value", f"{name} is {_WORDS[_KNOWN[name]]}.")
    for name in _NEEDED:
        if name not in fields:
            raise LineRefused("missing_field", f"The field {name!r} is missing.")


def store(
    lot: Sequence[tuple[int, bytes]], refuse: Refuse, *, hurried: Callable[[], bool] = lambda: False
) -> int:
    """Appends numbered lines in one transaction, per topic in their order; how many were stored.

    refuse: told the number, the code and a sentence for each line that was not. Raises DatabaseAway, at once
    when the database is away while `hurried` says so.
    """
    sent = []
    for number, line in lot:
        try:
            sent.append(Sent(number, *understand(line)))
        except (LineRefused, EventRefused) as refused:
            refuse(number, refused.code, str(refused))
    missing = _appended(sent, hurried) if sent else set()
    for one in sent:
        if one.topic in missing:
            refuse(one.number, "unknown_topic", f"There is no topic {one.topic}.")
    return sum(one.topic not in missing for one in sent)


def _appended(sent: Sequence[Sent], hurried: Callable[[], bool]) -> set[UUID]:
    """Appends, once, however often the database goes away meanwhile; the topics there are not."""
    batches: dict[UUID, list[Prepared]] = {}
    for one in sent:
        batches.setdefault(one.topic, []).append(one.prepared)
    until, unsure = time.monotonic() + PATIENCE_SECONDS, False
    while True:
        try:
            # The answer to a COMMIT can be lost while the commit is not.
            if unsure and _is_stored(batches):
                return set()
            return log.append_all(batches)
        except (OperationalError, InterfaceError) as error:
            unsure = True
            _wait_for_database(error, 0.0 if hurried() else until)


def _is_stored(batches: dict[UUID, list[Prepared]]) -> bool:
    """Whether this lot is there already: all of it is, or nothing."""
    for topic, prepared in batches.items():
        first = prepared[0]
        recent = Event.objects.filter(topic_id=topic).order_by("-seq").values_list("time", "type", "message")
        if (first.time, first.draft.type, first.draft.message) in set(recent[:RECENT_LINES]):
            return True
    return False


def _wait_for_database(error: DatabaseError, until: float) -> None:
    if time.monotonic() > until:
        raise DatabaseAway(f"The database cannot be reached: {error}") from error
    logger.warning("the database is away, trying again: %s", error)
    connection.close()
    time.sleep(RETRY_SECONDS)
