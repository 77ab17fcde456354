"""Verifies a topic's hash chain and names the first line that was edited, removed or added."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, TextField
from django.db.models.functions import Cast

from realtime.envelope import GENESIS, EventRefused, canonical, digest_of, link, rfc3339
from realtime.errors import UnknownTopic
from realtime.models import Event, Topic

_COLUMNS = ("seq", "type", "subject", "message", "time", "body", "data_text", "digest", "hash")


@dataclass(frozen=True)
class Verification:
    """`broken` is the first seq that does not fit, None when all do; `emptied` counts lines without content.

    hash: of the last line that fits, in hex; of a chain that holds, of the last line there is.
    """

    ok: bool
    head: int
    checked: int
    emptied: int = 0
    broken: int | None = None
    reason: str = ""
    hash: str = GENESIS.hex()


@dataclass
class _Walk:
    prev: bytes = GENESIS
    checked: int = 0
    emptied: int = 0


def verify(topic_id: UUID) -> Verification:
    """Reads the whole topic and recomputes every digest and hash. Raises UnknownTopic."""
    topic = Topic.objects.filter(pk=topic_id).first()
    if topic is None:
        raise UnknownTopic(f"There is no topic {topic_id}.")
    walk = _Walk()
    for row in _rows(topic):
        if reason := _fault(topic_id, row, walk):
            return _broken(topic, walk, reason)
        walk.prev, walk.checked = bytes(row["hash"]), walk.checked + 1
        walk.emptied += not row["body"]
    return _end(topic, walk)


def _rows(topic: Topic) -> Iterator[dict[str, Any]]:
    # What is appended while we read lies beyond this head and is not looked at.
    lines = Event.objects.filter(topic=topic, seq__lte=topic.head).order_by("seq")
    lines = lines.annotate(data_text=Cast("data", TextField()))
    return lines.values(*_COLUMNS).iterator(chunk_size=1000)


def _fault(topic_id: UUID, row: dict[str, Any], walk: _Walk) -> str:
    if row["seq"] != walk.checked + 1:
        return "The line is missing."
    if link(walk.prev, bytes(row["digest"])) != bytes(row["hash"]):
        return "The stored hash does not follow from the line before it and the stored digest."
    if not row["body"]:
        return "" if row["data_text"] is None else "The line was emptied, but its data is there."
    return _content_fault(topic_id, row, walk.prev)


def _content_fault(topic_id: UUID, row: dict[str, Any], prev: bytes) -> str:
    try:
        event = json.loads(row["body"])
        canonical_text = canonical(event)
    except (ValueError, EventRefused, RecursionError):
        return "The stored text is not canonical JSON."
    if not isinstance(event, dict):
        return "The stored text is no event."
    if canonical_text != row["body"] or digest_of(event) != bytes(row["digest"]):
        return "The stored text was changed."
    # Who can write a text with its digest can leave out any part of it.
    if (event.get("prev"), event.get("hash")) != (prev.hex(), bytes(row["hash"]).hex()):
        return "The hashes in the text are not those of the line."
    if (event.get("topic"), event.get("seq")) != (str(topic_id), row["seq"]):
        return "The text belongs to another line."
    return _column_fault(event, row)


def _column_fault(event: dict[str, Any], row: dict[str, Any]) -> str:
    said = (event.get("type"), event.get("subject", ""), event.get("message"), event.get("time"))
    if said != (row["type"], row["subject"], row["message"], rfc3339(row["time"])):
        return "A column beside the text was changed."
    if _floats(row["data_text"] or "null") != _floats(canonical(event.get("data"))):
        return "The query copy of the data was changed."
    return ""


def _floats(text: str) -> Any:
    # jsonb writes 1e300 as an integer of 301 digits; as floats both read the same.
    return json.loads(text, parse_int=float)


def _end(topic: Topic, walk: _Walk) -> Verification:
    if walk.checked < topic.head:
        return _broken(topic, walk, "The line is missing.")
    if walk.prev != bytes(topic.head_hash):
        return _broken(topic, walk, "The topic's last hash is not that of its last line.", at=topic.head)
    # Against the head of now: lines appended since we began are no fault.
    beyond = Event.objects.filter(topic=topic, seq__gt=F("topic__head")).order_by("seq").first()
    if beyond is not None:
        return _broken(topic, walk, "The line lies beyond the topic's head.", at=beyond.seq)
    return Verification(True, topic.head, walk.checked, walk.emptied, hash=walk.prev.hex())


def _broken(topic: Topic, walk: _Walk, reason: str, *, at: int | None = None) -> Verification:
    broken = walk.checked + 1 if at is None else at
    return Verification(False, topic.head, walk.checked, walk.emptied, broken, reason, walk.prev.hex())
