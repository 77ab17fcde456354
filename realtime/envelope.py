"""The event on the wire: a CloudEvents 1.0 object in canonical JSON (RFC 8785), linked by hashes.

What cannot be written canonically is refused before anything is stored: NaN and infinities,
`\\u0000` (PostgreSQL's jsonb cannot hold it), integers a JSON number cannot carry, too much data.
"""

import hashlib
import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from realtime.canonical import (
    LARGEST_INTEGER,
    EventRefused,
    HoldsNul,
    IntegerTooLarge,
    NotCanonical,
    NotFinite,
    NotPlain,
    by_the_book,
    canonical,
    plain,
)

__all__ = [
    "GENESIS",
    "BadType",
    "Draft",
    "EventRefused",
    "HoldsNul",
    "IntegerTooLarge",
    "NotCanonical",
    "NotFinite",
    "Prepared",
    "Sealed",
    "TooLarge",
    "canonical",
    "digest_of",
    "fitting",
    "link",
    "prepare",
    "rfc3339",
    "seal",
]

GENESIS = bytes(32)
DATA_LIMIT_BYTES = 64 * 1024
MESSAGE_LIMIT_BYTES = 8 * 1024
SUBJECT_LIMIT = 200
TYPE_LIMIT = 64
DEPTH_LIMIT = 64

_TYPE = re.compile(r"[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*)+")


class TooLarge(EventRefused):
    """More data or text than one event may carry."""

    code = "too_large"


class BadType(EventRefused):
    """A type that is not dotted lower-case words."""

    code = "bad_type"


@dataclass(frozen=True)
class Draft:
    """An event before it has a number. `ending` makes the log add `last_seq`, its own seq, to the data."""

    type: str
    message: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    subject: str = ""
    time: datetime | None = None
    ending: bool = False


@dataclass(frozen=True)
class Sealed:
    """An event as it is stored: its canonical text, the text of its data, its digest and its hash."""

    body: str
    data: str
    digest: bytes
    hash: bytes


@dataclass(frozen=True)
class Prepared:
    """A draft whose parts are canonical text already; only number and hashes are missing."""

    draft: Draft
    data: str
    message: str
    subject: str
    time: datetime


def prepare(draft: Draft) -> Prepared:
    """Canonicalises a draft, once. Raises EventRefused (one of its kinds) and stores nothing."""
    if len(draft.type) > TYPE_LIMIT or not _is_type(draft.type):
        raise BadType(f"{draft.type[:80]!r} is no event type; they look like run.started.")
    if len(draft.subject) > SUBJECT_LIMIT:
        raise TooLarge(
            f"The subject of {draft.type} has {len(draft.subject)} characters, not {SUBJECT_LIMIT}."
        )
    time = draft.time or datetime.now(UTC)
    if time.tzinfo is None:
        raise NotCanonical(f"The time of {draft.type} has no zone; events are in UTC.")
    message = _bounded(canonical(draft.message), MESSAGE_LIMIT_BYTES, f"message of {draft.type}")
    data = _bounded(_canonical_data(draft), DATA_LIMIT_BYTES, f"data of {draft.type}")
    return Prepared(draft, data, message, canonical(draft.subject), time.astimezone(UTC))


def fitting(message: str) -> str:
    """The message, or as much of its beginning as an event takes. Raises EventRefused for what is no text."""

    def too_long(count: int) -> bool:
        return len(canonical(message[:count]).encode()) > MESSAGE_LIMIT_BYTES

    if not too_long(len(message)):
        return message
    return message[: bisect_left(range(len(message)), True, key=too_long) - 1]


def seal(prepared: Prepared, *, topic: UUID, seq: int, prev: bytes) -> Sealed:
    """Numbers and links a prepared draft: its final text and hashes."""
    data = prepared.data
    if prepared.draft.ending:
        data = canonical({**prepared.draft.data, "last_seq": seq})
    subject = f'"subject":{prepared.subject},' if prepared.draft.subject else ""
    name = str(topic)
    # Keys in the order RFC 8785 sorts them; hash and prev are left out of what is digested.
    head = f'{{"data":{data},"datacontenttype":"application/json",'
    middle = f'"id":"{name}/{seq}","message":{prepared.message},'
    tail = (
        f'"seq":{seq},"source":"/topics/{name}","specversion":"1.0",{subject}'
        f'"time":"{rfc3339(prepared.time)}","topic":"{name}","type":"{prepared.draft.type}"}}'
    )
    digest = hashlib.sha256(f"{head}{middle}{tail}".encode()).digest()
    linked = link(prev, digest)
    body = f'{head}"hash":"{linked.hex()}",{middle}"prev":"{prev.hex()}",{tail}'
    return Sealed(body, data, digest, linked)


def link(prev: bytes, digest: bytes) -> bytes:
    """The hash of an event: over the hash before it and its own digest, raw bytes both."""
    return hashlib.sha256(prev + digest).digest()


def digest_of(event: Mapping[str, Any]) -> bytes:
    """The digest of an event read back: over its canonical text without prev and hash."""
    bare = {key: value for key, value in event.items() if key not in ("prev", "hash")}
    return hashlib.sha256(canonical(bare).encode()).digest()


def rfc3339(time: datetime) -> str:
    """UTC with microseconds and Z."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@lru_cache(maxsize=256)
def _is_type(text: str) -> bool:
    return _TYPE.fullmatch(text) is not None


def _canonical_data(draft: Draft) -> str:
    data = dict(draft.data)
    if draft.ending:
        data["last_seq"] = LARGEST_INTEGER
    try:
        return plain(data)
    except NotPlain:
        _look_through(data)
        return by_the_book(data)


def _bounded(text: str, limit_bytes: int, what: str) -> str:
    size_bytes = len(text) if text.isascii() else len(text.encode())
    if size_bytes > limit_bytes:
        raise TooLarge(f"The {what} has {size_bytes} bytes; at most {limit_bytes} fit into one event.")
    return text


def _look_through(value: Any, depth: int = 0) -> None:
    """What the canonical form would let pass and readers would stumble over."""
    if depth > DEPTH_LIMIT:
        raise NotCanonical(f"Nested deeper than {DEPTH_LIMIT} levels.")
    if isinstance(value, float):
        # 1e20 is written as 100000000000000000000: an integer, for whoever reads it back.
        if LARGEST_INTEGER < abs(value) < 1e21:
            raise IntegerTooLarge(f"{value!r} is an integer beyond 2^53; send it as text.")
    elif isinstance(value, Mapping):
        for inner in value.values():
            _look_through(inner, depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            _look_through(inner, depth + 1)
